package daemon

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/tracing"
)

// tracePatience is how long a collector may take for the last spans.
const tracePatience = 3 * time.Second

// newTracer returns what makes spans; nil: they are not wanted.
func (d *Daemon) newTracer(n *config.Node) (*tracing.Tracer, error) {
	if n.Traces == "" {
		return nil, nil
	}
	host, _ := os.Hostname() // a node without a name has spans, too
	return tracing.New(tracing.Config{
		URL: n.Traces, Version: d.options.Version, Host: host,
		Failed: func(err error) { d.events.say(slog.LevelWarn, "traces", "traces", "error", err.Error()) },
	})
}

// closeTracer tells the collector what it has not heard. That this fails is no failure of the daemon.
func (d *Daemon) closeTracer() {
	if d.tracer == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tracePatience)
	defer cancel()
	if err := d.tracer.Close(ctx); err != nil {
		d.log.Warn("traces", "error", err.Error())
	}
}

// traced returns what begins the span of each file that is wanted, as it is described. next, which may be nil, decides
// on that.
func (d *Daemon) traced(unit string, next func(receiver.Offer) receiver.Choice) func(receiver.Offer) receiver.Choice {
	return func(o receiver.Offer) receiver.Choice {
		var c receiver.Choice
		if next != nil {
			c = next(o)
		}
		if c.Refuse == "" {
			d.tracer.Announced(unit, o.Session, &o.File, time.Now())
		}
		return c
	}
}
