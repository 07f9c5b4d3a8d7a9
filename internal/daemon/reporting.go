package daemon

import (
	"context"
	"slices"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/fleet"
)

// reporting tells the fleet what this node has. A nil one is of a node without a fleet.
type reporting struct {
	conn     *nats.Conn
	reporter *fleet.Reporter
	bucket   *fleet.Bucket
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// joinFleet begins to tell the fleet. Servers that are away are no error: they are tried again and again.
func (d *Daemon) joinFleet(f *config.Fleet) error {
	if !f.Given() {
		return nil
	}
	ca, err := f.CA()
	if err != nil {
		return err
	}
	conn, err := fleet.Dial(fleet.DialConfig{
		URL: f.NATS, Credentials: []byte(f.Access()), CA: ca, Name: "flute-node " + f.Site, Patient: true,
	})
	if err != nil {
		return err
	}
	names := fleet.Names{Fleet: f.Name}
	r := &reporting{conn: conn}
	r.reporter, err = fleet.NewReporter(fleet.ReporterConfig{
		Conn: conn, Names: names, Site: f.Site, Version: d.options.Version, Interval: f.Heartbeat, Health: d.health,
		Back: d.tellAgain, Warn: d.warn,
	})
	if err == nil {
		r.bucket, err = fleet.NewBucket(conn, names)
	}
	if err != nil {
		conn.Close()
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	d.fleet.Store(r)
	r.running.Go(func() { r.reporter.Run(ctx) })
	return nil
}

// leaveFleet ends what joinFleet has begun.
func (d *Daemon) leaveFleet() {
	if r := d.fleet.Swap(nil); r != nil {
		r.stop()
		r.running.Wait()
		r.conn.Close()
	}
}

// tellAgain has files that could not be told for longer than give_up wait again: JetStream is back.
func (d *Daemon) tellAgain() {
	if box := d.outbox.Load(); box != nil && box.Has(config.FleetSink) {
		if n, err := box.Replay(config.FleetSink, ""); err != nil || n > 0 {
			d.log.Info("the fleet is told again", "files", n, "error", err)
		}
	}
}

// health returns how the node is, for the fleet.
func (d *Daemon) health() fleet.Health {
	h := fleet.Health{Units: map[string]int{}}
	for _, u := range d.Units() {
		h.Units[u.Phase]++
		if u.Kind == "receive" {
			h.Receives++
		}
		if u.Error != "" && len(h.Faults) < fleet.MaxFaults {
			h.Faults = append(h.Faults, u.Name+": "+u.Error)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), alivePatience)
	defer cancel()
	if s, err := d.node.Snapshot(ctx); err == nil {
		h.Sessions = s.SessionCount
		for i := range s.Sessions {
			h.Objects += s.Sessions[i].ObjectCount
		}
	}
	for _, s := range d.Sinks().Sinks {
		if s.Name == config.FleetSink {
			h.Waiting, h.Dead = s.Waiting, s.Dead
		}
	}
	return h
}

// tellFailure tells the fleet of a file that has not come, and will not be tried again.
func (d *Daemon) tellFailure(e notice.Event, unit string) {
	f, ok := e.(event.ObjectFailed)
	r := d.fleet.Load()
	if !ok || r == nil || f.Sending || f.Retry || f.Received || unit == "" || f.ContentLocation == "" {
		return
	}
	// Another version comes, or nobody wants it any more.
	if slices.Contains([]event.FailReason{event.FailSuperseded, event.FailCancelled, event.FailClosed}, f.Reason) {
		return
	}
	r.reporter.Failed(f.ContentLocation, string(f.Reason), f.Detail, unit)
}
