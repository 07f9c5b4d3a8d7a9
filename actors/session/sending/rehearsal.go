package sending

import (
	"context"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

// Rehearsal is what a session would do.
type Rehearsal struct {
	Stats sender.Stats  // close-session flags and padding included
	Bytes uint64        // of all datagrams, as the pace counts them
	Takes time.Duration // from the first packet to the last of a file
	Then  uint64        // of Bytes: until the last packet of a file
	Late  time.Duration // by how much the target is missed; 0: it is not
}

// lookEach is after how many packets the context is looked at.
const lookEach = 4096

// Rehearse has the Core of cfg do all that it has to do, from start on, at the Pace of cfg. Nothing is sent and nobody
// waits: the time is made up. The core is complete, and made of StandIns. The error is that of ctx, or one of the core.
func Rehearse(ctx context.Context, cfg Config, start time.Time) (r Rehearsal, err error) {
	core, p := cfg.Core, newPacer(cfg.Pace)
	if p.end.IsZero() && p.Within > 0 {
		p.end = start.Add(p.Within)
	}
	now, first, last := start, time.Time{}, start
	var packet []byte
	for i := 0; ; i++ {
		if i%lookEach == 0 && ctx.Err() != nil {
			return r, ctx.Err()
		}
		r.Late = max(r.Late, p.adjust(core, now))
		before := core.Stats().FDTPackets
		pads := p.warms(now)
		ok := pads
		if !pads {
			if packet, ok, err = core.AppendNext(packet[:0], now); err != nil {
				return r, err
			}
		}
		if !ok {
			pads = p.pads(core.Done(), now)
		}
		if pads {
			packet, ok = core.AppendPadding(packet[:0]), true
		}
		failed := failure(core.Events())
		switch {
		case failed != nil:
			return r, failed
		case !ok && core.Done():
			r.Stats = core.Stats()
			for range cfg.closePackets() {
				n := len(core.AppendClose(packet[:0]))
				r.Bytes += uint64(p.Frames.Bytes(n))
			}
			r.Stats = core.Stats()
			if !first.IsZero() {
				r.Takes = last.Sub(first)
			}
			return r, nil
		case !ok:
			next := core.Deadline()
			if next.IsZero() {
				return r, fmt.Errorf("session: nothing follows, and files are left")
			}
			now = latest(next, now.Add(pacing.Quantum))
			continue
		}
		for p.bucket != nil && !p.bucket.Take(now, len(packet)) {
			now = p.bucket.Deadline(now)
		}
		if first.IsZero() {
			first = now
		}
		r.Bytes += uint64(p.Frames.Bytes(len(packet)))
		if !pads && core.Stats().FDTPackets == before {
			last, r.Then = now, r.Bytes
		}
	}
}

// CheckTarget returns an error that wraps sender.ErrTarget if pace cannot meet the target of o, which is to be added to
// core, or, if o is nil, its own with all that core has to send from start on.
func CheckTarget(core *sender.Session, pace Pace, o *sender.Object, start time.Time) error {
	p := newPacer(pace)
	if o != nil {
		return p.admitFile(core, o, start)
	}
	return p.admit(core, sender.Load{}, start)
}

// failure returns why an object was not sent; nil: all were.
func failure(events []event.Event) error {
	for _, e := range events {
		if f, ok := e.(event.ObjectFailed); ok {
			return fmt.Errorf("session: %s: %s: %s", f.ContentLocation, f.Reason, f.Detail)
		}
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
