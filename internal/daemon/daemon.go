package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/metrics"
	"github.com/flute-node/flute-node/internal/outbox"
	"github.com/flute-node/flute-node/internal/sink"
	"github.com/flute-node/flute-node/internal/spool"
	"github.com/flute-node/flute-node/internal/tracing"
	"github.com/flute-node/flute-node/node"
)

// Options configure a Daemon. Path, Env and Log are required.
type Options struct {
	Path    string        // file of configuration
	Env     config.Lookup // of its values
	Log     io.Writer
	Notify  Notifier
	Version string

	starting func() // called before the first configuration is put into effect; nil: nothing is. For tests.
}

// Daemon is a running daemon. Its methods are safe for concurrent use.
type Daemon struct {
	options  Options
	started  time.Time
	node     *node.Node
	first    started                   // what cannot change while it runs
	fleet    atomic.Pointer[reporting] // nil: there is none
	lines    *spool.Writer             // of the log
	log      *slog.Logger
	level    slog.LevelVar
	events   *eventLog
	journal  *journal
	kept     *eventFile // nil: the journal does not outlive the process
	meter    *metrics.Meter
	tracer   *tracing.Tracer // nil: spans are not wanted
	routes   routes
	restarts restarts
	server   *api.Server
	clients  atomic.Int64                  // of events
	counted  chan struct{}                 // closed after the last event
	outbox   atomic.Pointer[outbox.Outbox] // nil: no sink was configured yet
	markers  atomic.Pointer[[]sink.Marker] // whose names no file may have

	applying sync.Mutex              // held while a configuration is put into effect
	sinks    map[string]*config.Sink // that take files; guarded by applying

	mu       sync.Mutex
	cfg      *config.Config
	units    map[string]*unit
	kinds    map[string]string // of sinks; it is replaced, and not changed
	loaded   time.Time         // when the configuration in use was read
	fault    string            // why the latest reload changed nothing; empty: it did
	stopping bool

	judging atomic.Bool // of a configuration, perhaps by a disk that hangs

	statusMu   sync.Mutex
	lastStatus string // that systemd was told
}

// started is what the daemon was started with.
type started struct {
	config.Node
	fleet config.Fleet
}

// Start reads the configuration and starts what it asks for. It returns once each unit has begun to start: one that
// cannot, as an interface is missing, is tried again. An error says why nothing could be started.
func Start(o Options) (_ *Daemon, err error) {
	cfg, err := config.Load(o.Path, o.Env)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	d := &Daemon{
		options: o, started: now, first: started{cfg.Node, cfg.Fleet}, cfg: cfg, loaded: now, units: map[string]*unit{},
		sinks: map[string]*config.Sink{},
		meter: metrics.NewMeter(), counted: make(chan struct{}),
	}
	if err := d.setLevel(cfg.Node.LogLevel); err != nil {
		return nil, err
	}
	d.lines = newSpool(o.Log, cfg.Node.LogFormat)
	d.log = newLogger(d.lines, cfg.Node.LogFormat, &d.level)
	defer func() {
		if err != nil {
			d.flushLog(logPatience)
		}
	}()
	d.events = newEventLog(d.log)
	if d.tracer, err = d.newTracer(&cfg.Node); err != nil {
		return nil, err
	}
	before := d.openJournal(&cfg.Node, now)
	if d.node, err = node.Start(node.Config{
		Budget: uint64(cfg.Node.Memory), Rate: uint64(cfg.Node.Rate), OnDecode: d.meter.Decoded,
	}); err != nil {
		return nil, err
	}
	if err = d.openOutbox(cfg); err != nil {
		close(d.counted)
		return nil, errors.Join(err, d.stopNode())
	}
	d.tellStart(before)
	sub := d.node.Subscribe(node.SubscribeOptions{Queue: defaults.EventQueue})
	go func() {
		defer close(d.counted)
		for e := range sub.Events() {
			d.journal.add(e)
		}
	}()
	if err = d.joinFleet(&cfg.Fleet); err != nil {
		return nil, errors.Join(fmt.Errorf("fleet: %w", err), d.closeOutbox(), d.stopNode())
	}
	d.applying.Lock() // a reload that the API is asked for comes after what was read here, and not before it
	defer d.applying.Unlock()
	if d.server, err = d.serveAPI(&cfg.Node); err != nil {
		d.leaveFleet()
		return nil, errors.Join(err, d.closeOutbox(), d.stopNode())
	}
	d.keepJournal(before) // not before: one that cannot start leaves the file as it is
	d.log.Info("starting", "version", o.Version, "files", strings.Join(cfg.Files, " "), "receive", len(cfg.Receive),
		"send", len(cfg.Send), "utp", len(cfg.UTP))
	if o.starting != nil {
		o.starting()
	}
	d.apply(cfg)
	d.judge(cfg, Warnings)
	return d, nil
}

// warn tells what an operator should mend.
func (d *Daemon) warn(text string) { d.journal.add(notice.Warning{Text: text}) }

// observe counts and logs an event.
func (d *Daemon) observe(e notice.Event, now time.Time) {
	name := d.routes.ofEvent(e)
	if r, ok := e.(notice.ActorRestarted); ok {
		d.restarts.add(r, now)
	}
	switch e := e.(type) {
	case ended:
		d.meter.Count(name, "program", e.Error == "")
	case upload:
		d.meter.Count(name, "stream", e.Error == "")
	case outbox.Tried, outbox.Refused: // the outbox counts them
	default:
		d.meter.Observe(name, e, now)
	}
	if d.tracer != nil {
		d.tracer.Observe(name, e, now)
	}
	d.tellFailure(e, name)
	d.events.add(e, name, now)
}

func (d *Daemon) setLevel(name string) error {
	level, err := parseLevel(name)
	if err == nil {
		d.level.Set(level)
	}
	return err
}

// statusTime is how old the status that systemd shows may be.
const statusTime = time.Second

// Run goes on until ctx ends, and stops the daemon in order. A value on reload has it read its configuration anew. The
// error says why the node gave up, or what could not be stopped.
func (d *Daemon) Run(ctx context.Context, reload <-chan os.Signal) error {
	d.tellStatus("READY=1")
	var statuses, watchdog <-chan time.Time
	if d.options.Notify.socket != "" {
		t := time.NewTicker(statusTime)
		defer t.Stop()
		statuses = t.C
	}
	if every := d.options.Notify.every; every > 0 {
		t := time.NewTicker(every / 3)
		defer t.Stop()
		watchdog = t.C
	}
	var failed error
	// A reload waits for programs that take a file, for minutes: the watchdog is fed meanwhile.
	var reloaded chan struct{} // nil: none is under way
	again := false             // another one is asked for
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case failed = <-d.node.Failed():
			failed = fmt.Errorf("the node gave up: %w", failed)
			running = false
		case <-reload:
			if again = reloaded != nil; !again {
				reloaded = d.reload()
			}
		case <-reloaded:
			reloaded = nil
			if again {
				again, reloaded = false, d.reload()
			}
		case <-statuses:
			d.tellStatus()
		case <-watchdog:
			if err := d.Alive(ctx); err != nil {
				d.log.Error("not alive: systemd will start the service again", "error", err.Error())
			} else {
				d.tell("WATCHDOG=1")
			}
		}
	}
	d.tell("STOPPING=1")
	d.log.Info("stopping")
	return errors.Join(failed, d.stop())
}

// reload is Reload on a goroutine of its own. The channel is closed when it has come to its end.
func (d *Daemon) reload() chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Reload()
	}()
	return done
}

// tell tells systemd.
func (d *Daemon) tell(lines ...string) {
	if err := d.options.Notify.tell(lines...); err != nil {
		d.log.Warn("systemd", "error", err.Error())
	}
}

// tellStatus tells systemd the status, with lines. Without lines it tells nothing that it has told last.
func (d *Daemon) tellStatus(lines ...string) {
	d.statusMu.Lock()
	defer d.statusMu.Unlock()
	text := d.status()
	if len(lines) == 0 && text == d.lastStatus {
		return
	}
	d.lastStatus = text
	d.tell(append(lines, "STATUS="+text)...)
}

// status is a line for people.
func (d *Daemon) status() string {
	d.mu.Lock()
	units, fault := d.units, d.fault
	d.mu.Unlock()
	phases := map[string]int{}
	for _, u := range units {
		phases[u.state().Phase]++
	}
	text := fmt.Sprintf("%d of %d units run", phases[phaseRunning], len(units))
	if n := phases[phaseWaiting]; n > 0 {
		text += fmt.Sprintf(", %d wait after a failure", n)
	}
	if fault != "" {
		text += "; the latest reload has changed nothing: the file cannot be used"
	}
	return text
}
