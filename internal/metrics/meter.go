package metrics

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
)

// Meter counts events. It is safe for concurrent use.
type Meter struct {
	durations *prometheus.HistogramVec
	handing   *prometheus.HistogramVec // to sinks
	pace      *prometheus.HistogramVec // how late sessions woke to send
	decoding  prometheus.Histogram     // steps of it

	mu       sync.Mutex
	units    map[string]*unit
	restarts map[string]uint64 // by kind of actor
	drops    map[socket]uint64 // of the system
	missed   uint64            // events
	warnings uint64
}

// socket is what drops are counted for: a group and an interface of the configuration.
type socket struct{ group, iface string }

// NewMeter returns a Meter that has counted nothing.
func NewMeter() *Meter {
	m := &Meter{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "flute_object_duration_seconds",
			Help:    "Time from the first packet of a file to its publication.",
			Buckets: []float64{.01, .1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600},
		}, []string{"session"}),
		handing: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "flute_sink_duration_seconds",
			Help:    "Time that a sink took for a file that it has taken.",
			Buckets: []float64{.01, .1, 1, 10, 60, 600},
		}, []string{"sink"}),
		pace: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "flute_tx_pacing_error_seconds",
			Help:    "How much later than planned a session woke to send a burst.",
			Buckets: []float64{.0001, .001, .01, .1, 1},
		}, []string{"session"}),
		decoding: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "flute_fec_decode_seconds",
			Help:    "Time of a step of decoding a large source block: whether its symbols suffice, or what is lost.",
			Buckets: []float64{.0001, .001, .01, .1, 1, 10},
		}),
		units: map[string]*unit{}, restarts: map[string]uint64{}, drops: map[socket]uint64{},
	}
	for _, kind := range kinds {
		m.restarts[kind] = 0 // there before it counts
	}
	return m
}

// Know has a unit counted from now on, from zero.
func (m *Meter) Know(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unit(name)
}

// Forget removes a unit, which the configuration no longer has.
func (m *Meter) Forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.units, name)
	m.durations.DeleteLabelValues(name)
	m.pace.DeleteLabelValues(name)
}

// Files is what has become of the files of a unit.
type Files struct {
	Whole   uint64 // have come whole, or were sent to the end
	Failed  uint64 // have failed for good
	Lacking uint64 // have failed, and may come yet

	LastFailed   time.Time // for good
	LackingMore  bool      // perhaps more files lack than are told apart
	LackingSince time.Time // of the file that lacks longest
	Unstored     string    // why the store did not take one last
	LastUnstored time.Time // when
}

// Files returns what has become of the files of a unit.
func (m *Meter) Files(name string) (f Files) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.units[name]
	if u == nil {
		return f
	}
	for _, state := range []string{"delivered", "kept", "sent"} {
		f.Whole += u.objects[state]
	}
	f.Whole += u.streams["ok"]
	f.Failed = u.objects["failed"] + u.objects["quarantined"] + u.streams["failed"]
	f.Lacking, f.LackingSince = uint64(u.lacking.count), u.lacking.since()
	f.LackingMore = u.lacking.count >= maxLacking
	f.LastFailed, f.Unstored, f.LastUnstored = u.lost, u.refusal, u.refused
	return f
}

// unit returns what is counted for a name. The caller holds mu.
func (m *Meter) unit(name string) *unit {
	u := m.units[name]
	if u == nil {
		u = &unit{
			live: map[flute.SessionKey]*session{}, objects: map[string]uint64{}, damaged: map[string]uint64{},
			fdt: map[string]uint64{}, programs: map[string]uint64{}, streams: map[string]uint64{},
		}
		m.units[name] = u
	}
	return u
}

// Left counts the datagrams of receptions that have ended which belonged to no session. Meanwhile it calls forget,
// after which [Source] does not count them any more.
func (m *Meter) Left(name string, dropped [drop.NumReasons]uint64, forget func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	forget()
	if u := m.units[name]; u != nil {
		for i, n := range dropped {
			u.outside[i] += n
		}
	}
}

// Handed counts a file that a sink has taken.
func (m *Meter) Handed(sink string, seconds float64) {
	m.handing.WithLabelValues(sink).Observe(seconds)
}

// Decoded counts a step of decoding.
func (m *Meter) Decoded(d time.Duration) { m.decoding.Observe(d.Seconds()) }

// Pace returns what is told how late a session of the unit woke to send.
func (m *Meter) Pace(name string) func(late time.Duration) {
	of := m.pace.WithLabelValues(name)
	return func(late time.Duration) { of.Observe(late.Seconds()) }
}

// ForgetSink removes a sink, which the configuration no longer has.
func (m *Meter) ForgetSink(sink string) { m.handing.DeleteLabelValues(sink) }

// Count counts what is no event of the node: a program or a file by uTP that has ended.
func (m *Meter) Count(name, what string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.units[name]
	if u == nil {
		return
	}
	result := "ok"
	if !ok {
		result = "failed"
	}
	switch what {
	case "program":
		u.programs[result]++
	case "stream":
		u.streams[result]++
	}
}

// Observe counts an event of a unit; empty: of none.
func (m *Meter) Observe(name string, e notice.Event, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch e := e.(type) {
	case notice.Missed:
		m.missed += e.Count
		return
	case notice.Warning, event.Warning:
		m.warnings++
		return
	case notice.KernelDrops:
		m.drops[socket{e.Group.String(), e.Interface}] += e.New
		return
	case notice.ActorRestarted:
		m.restarts[kindOf(e.Actor)]++
		return
	}
	u := m.units[name]
	if u == nil {
		return
	}
	switch e := e.(type) {
	case event.SessionOpened:
		if !e.Sending {
			u.heard = now
			u.session(e.Session).at = now
		}
	case event.SessionStats:
		s := u.session(e.Session)
		if e.Counters.Received > s.counters.Received {
			u.heard = now
		}
		s.counters, s.bytes, s.account, s.at = e.Counters, e.Bytes, e.Account, now
	case event.SessionClosed:
		if e.Sending {
			return
		}
		s := u.session(e.Session)
		s.counters, s.bytes = e.Counters, e.Bytes
		if e.Account != nil {
			s.account = *e.Account
		}
		u.fold(e.Session, now)
	case event.ObjectStarted:
		u.objects["started"]++
	case event.ObjectCompleted:
		u.completed(m, name, e)
	case event.ObjectFailed:
		u.failed(e, now)
	case event.ObjectRefused:
		u.lacking.remove(e.Session, e.TOI)
		u.objects["refused"]++
	case event.FDTReceived:
		u.fdt["accepted"]++
	case event.FDTRejected:
		if e.STSID {
			u.fdt["s_tsid_rejected"]++
		} else {
			u.fdt["rejected"]++
		}
	case event.FDTPublished:
		u.fdt["published"]++
	case event.Late:
		u.late++
	}
}

// overdue is how long after the last word of a session it may be forgotten, if the node does not have it.
const overdue = 10 * time.Second

// settle folds the sessions that the node does not have any more: the event of their end was missed.
func (m *Meter) settle(running map[flute.SessionKey]bool, now time.Time) {
	for _, u := range m.units {
		for key, s := range u.live {
			if !running[key] && now.Sub(s.at) > overdue {
				u.fold(key, now)
			}
		}
		for key := range u.lacking.of {
			if u.live[key] == nil && !running[key] {
				u.over(key, now)
			}
		}
	}
}

// kinds are the kinds of actors that restarts are counted for.
var kinds = []string{
	"channel", "utp", "receiving", "object", "sending", "sessions", "socket", "sockets", "hub", "other",
}

// kindOf returns the kind of an actor by its id, such as node/transfers/sessions/tsi-7-2.
func kindOf(id string) string {
	for _, k := range []struct{ part, kind string }{
		{"/utp/channels/", "channel"},
		{"/utp", "utp"},
		{"/sessions/tsi-", "receiving"},
		{"/sessions/send-", "sending"},
		{"/sessions", "sessions"},
		{"/sockets/", "socket"},
		{"/sockets", "sockets"},
		{"/hub", "hub"},
	} {
		if i := strings.Index(id, k.part); i >= 0 {
			if k.kind == "receiving" && strings.Contains(id[i+len(k.part):], "/") {
				return "object"
			}
			return k.kind
		}
	}
	return "other"
}
