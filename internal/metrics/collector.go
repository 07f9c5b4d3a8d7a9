package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/node"
)

// scrapePatience is how long a scrape may wait for sessions.
const scrapePatience = 2 * time.Second

// Source is what a scrape asks for. All fields are required.
type Source struct {
	Snapshot func(ctx context.Context) (*node.Snapshot, error)
	// UnitOf returns the units of the sessions of a snapshot, in their order; empty: none.
	UnitOf func(*node.Snapshot) []string
	// Outside returns the datagrams of a running unit that belonged to no session.
	Outside func(unit string) [drop.NumReasons]uint64
	Units   func() []Unit // may ask the Meter
	Reload  func() (ok bool, success time.Time)
	Clients func() int    // of the event stream
	LogLost func() uint64 // lines of the log
	// Sinks returns the sinks, and how many items and bytes the outbox holds.
	Sinks   func() (sinks []Sink, items int, bytes int64)
	Version string
}

// Unit is a section of the configuration.
type Unit struct {
	Kind, Name string
	Up         bool // it runs, or is finished
	Failures   uint64
}

// Sink is what files are handed to.
type Sink struct {
	Name          string
	Tries         map[string]uint64 // by result
	Refused       uint64
	Waiting, Dead int
	Oldest        time.Duration // 0: nothing waits
}

// Collector shows a Meter and a Source. It implements prometheus.Collector.
type Collector struct {
	meter  *Meter
	source Source
}

// NewCollector returns a Collector.
func NewCollector(m *Meter, s Source) *Collector { return &Collector{m, s} }

// Describe implements prometheus.Collector. What is collected is not the same each time, and not described.
func (*Collector) Describe(chan<- *prometheus.Desc) {}

// emitter sends metrics.
type emitter chan<- prometheus.Metric

func (e emitter) count(d *prometheus.Desc, v uint64, labels ...string) {
	e <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

func (e emitter) gauge(d *prometheus.Desc, v float64, labels ...string) {
	e <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (e emitter) is(d *prometheus.Desc, yes bool, labels ...string) {
	v := 0.0
	if yes {
		v = 1
	}
	e.gauge(d, v, labels...)
}

// now is the state of a unit at a scrape.
type now struct {
	sessions, silent, objects int
	held                      uint64
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	out := emitter(ch)
	c.self(out)
	states := map[string]now{}
	running := map[flute.SessionKey]bool{}
	snapshot, err := c.source.Snapshot(ctx)
	complete := err == nil && snapshot.SessionCount == len(snapshot.Sessions)
	if err == nil {
		out.gauge(descBudget, float64(snapshot.Budget), "node")
		out.gauge(descUsed, float64(snapshot.Used), "node")
		depth := map[string]int{"receiving": 0, "sending": 0}
		for i, name := range c.source.UnitOf(snapshot) {
			s := &snapshot.Sessions[i]
			running[s.Session] = true
			kind := "receiving"
			if s.Reception == 0 {
				kind = "sending"
			}
			depth[kind] = max(depth[kind], s.Waiting)
			if name == "" {
				continue
			}
			n := states[name]
			n.sessions++
			n.objects += s.ObjectCount
			n.held += s.Held
			if s.Silent {
				n.silent++
			}
			states[name] = n
			sent(out, name, s)
		}
		for kind, n := range depth {
			out.gauge(descDepth, float64(n), kind)
		}
	}
	c.sinks(out)
	units := c.source.Units() // before the lock: they are told with what the Meter knows
	c.meter.mu.Lock()
	defer c.meter.mu.Unlock()
	if complete {
		c.meter.settle(running, time.Now())
	}
	if err == nil {
		for i := range snapshot.Receptions {
			for _, f := range snapshot.Receptions[i].Feeds {
				c.meter.drops[socket{f.Group.String(), f.Interface}] += 0 // there before it counts
			}
		}
	}
	c.totals(out)
	for _, u := range units {
		out.is(descUnit, u.Up, u.Kind, u.Name)
		out.count(descFailures, u.Failures, u.Kind, u.Name)
		if counted := c.meter.units[u.Name]; counted != nil {
			c.unit(out, u, counted, states[u.Name])
		}
	}
	c.meter.durations.Collect(ch)
	c.meter.handing.Collect(ch)
	c.meter.pace.Collect(ch)
	c.meter.decoding.Collect(ch)
}

// self tells how the daemon is.
func (c *Collector) self(out emitter) {
	ok, success := c.source.Reload()
	out.is(descReload, ok)
	out.gauge(descReloaded, float64(success.UnixMilli())/1000)
	out.gauge(descClients, float64(c.source.Clients()))
	out.count(descLogLost, c.source.LogLost())
	out.gauge(descBuild, 1, c.source.Version)
}

// sinks tells what was handed on, and what waits for that.
func (c *Collector) sinks(out emitter) {
	list, items, bytes := c.source.Sinks()
	for _, s := range list {
		each(out, descHanded, s.Tries, s.Name)
		out.count(descRefused, s.Refused, s.Name)
		out.gauge(descWaiting, float64(s.Waiting), s.Name)
		out.gauge(descDead, float64(s.Dead), s.Name)
		out.gauge(descOldest, s.Oldest.Seconds(), s.Name)
	}
	out.gauge(descItems, float64(items))
	out.gauge(descRecords, float64(bytes))
}

// sent tells what a sending session has sent.
func sent(out emitter, name string, s *node.SessionState) {
	if s.Sent == nil {
		return
	}
	out.count(descTxPackets, s.Sent.Packets, name)
	out.count(descTxBytes, s.Sent.Bytes, name)
	out.gauge(descTxRate, float64(s.SentRate), name)
	out.gauge(descTxQueue, float64(s.Sent.Pending), name)
	out.count(descTxTurns, s.Sent.Transfers, name)
}

// totals tells what belongs to no unit.
func (c *Collector) totals(out emitter) {
	for kind, n := range c.meter.restarts {
		out.count(descRestarts, n, kind)
	}
	for at, n := range c.meter.drops {
		out.count(descSocket, n, at.group, at.iface)
	}
	var quarantined uint64
	for _, u := range c.meter.units {
		quarantined += u.objects[string(event.FailQuarantined)]
	}
	out.count(descSetAside, quarantined, "object")
	out.count(descMissed, c.meter.missed)
	out.count(descWarnings, c.meter.warnings)
}

// unit tells what was counted for one.
func (c *Collector) unit(out emitter, of Unit, u *unit, s now) {
	name := of.Name
	begin(of.Kind, u)
	out.is(descUp, s.sessions > 0, name)
	out.gauge(descSessions, float64(s.sessions), name)
	out.gauge(descSilent, float64(s.silent), name)
	out.gauge(descProgress, float64(s.objects), name)
	out.gauge(descHeld, float64(s.held), name)
	each(out, descObjects, u.objects, name)
	each(out, descFDT, u.fdt, name)
	out.count(descBytes, u.bytes, name)
	switch of.Kind {
	case "send":
		out.count(descTxLate, u.late, name)
		return
	case "utp":
		each(out, descStreams, u.streams, name)
		return
	}
	out.gauge(descLacking, float64(u.lacking.count), name)
	longest := 0.0
	if since := u.lacking.since(); !since.IsZero() {
		longest = time.Since(since).Seconds()
	}
	out.gauge(descLongest, longest, name)
	out.count(descUnstored, u.unstored, name)
	each(out, descDamaged, u.damaged, name)
	each(out, descPrograms, u.programs, name)
	total, account, received := u.ended, u.account, u.received
	var latest float64
	var age, offset time.Duration
	for _, one := range u.live {
		total.Add(one.counters)
		received += one.bytes
		account.Add(&one.account)
		latest = max(latest, one.account.LatestLoss)
		if one.account.FDTAge > 0 {
			age = max(age, one.account.FDTAge+time.Since(one.at))
		}
		if one.account.ClockOffset.Abs() > offset.Abs() {
			offset = one.account.ClockOffset
		}
	}
	account.Derive()
	c.packets(out, name, &total, u.outside)
	out.count(descReceivedBytes, received, name)
	if !u.heard.IsZero() {
		out.gauge(descHeard, float64(u.heard.UnixMilli())/1000, name)
	}
	quality(out, name, &account, latest)
	if age > 0 {
		out.gauge(descFDTAge, age.Seconds(), name)
	}
	out.gauge(descClock, offset.Seconds(), name)
}

// packets tells what became of the datagrams. Received = accepted + duplicate + dropped.
func (c *Collector) packets(out emitter, name string, total *flute.Counters, outside [drop.NumReasons]uint64) {
	out.count(descReceived, total.Received, name)
	out.count(descAccepted, total.Accepted, name)
	out.count(descDuplicate, total.Duplicate, name)
	for i, n := range c.source.Outside(name) {
		outside[i] += n
	}
	for i := range total.Dropped {
		if n := total.Dropped[i]; n > 0 {
			out.count(descDropped, n, name, drop.Reason(i).String())
		}
		if n := outside[i]; n > 0 {
			out.count(descOutside, n, name, drop.Reason(i).String())
		}
	}
}

// quality tells how well the sessions are received.
func quality(out emitter, name string, a *event.Account, latest float64) {
	out.gauge(descLoss, latest, name, "latest")
	out.gauge(descLoss, a.Loss, name, "all")
	if a.MarginBlocks > 0 {
		out.gauge(descMargin, a.Margin, name)
		out.gauge(descSurplus, float64(a.LeastSurplus), name, "0")
	}
}

// begin has the counters that alarms watch be there before they count: to Prometheus a counter that appears with 1 has
// not increased.
func begin(kind string, u *unit) {
	switch kind {
	case "receive":
		for _, state := range []string{"delivered", "failed", string(event.FailQuarantined)} {
			u.objects[state] += 0
		}
		for _, reason := range []event.FailReason{event.FailDigest, event.FailEncoding, event.FailOTI} {
			u.damaged[string(reason)] += 0
		}
	case "send":
		u.objects["sent"] += 0
		u.objects["failed"] += 0
	case "utp":
		u.streams["ok"] += 0
		u.streams["failed"] += 0
	}
}

func each(out emitter, d *prometheus.Desc, counts map[string]uint64, name string) {
	for value, n := range counts {
		out.count(d, n, name, value)
	}
}

// Handler returns what answers a scrape: the metrics of a Meter and a Source, of Go, and of the process.
func Handler(m *Meter, s Source) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(m, s), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

// maxScrapes bounds the scrapes at once.
const maxScrapes = 4
