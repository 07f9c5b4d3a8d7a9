package inspect

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/store/mem"
)

// maxWarnings is how many warnings of the receiver a report tells of a session.
const maxWarnings = 16

// verdicts is what the receiver finds out of a session: documents, decoded objects, digests.
type verdicts struct {
	s        *session
	rx       *receiver.Receiver
	memory   *mem.Store // of the files that nobody wants to keep
	packet   *capture.Datagram
	advanced time.Time
	last     time.Time
	behind   bool             // it is in Inspector.behind
	first    []byte           // the first datagram, until another one comes: sessions of one packet need no receiver
	firstAs  capture.Datagram // where it came from

	ends     map[flute.TOI]end
	warnings []string
	more     int // warnings beyond maxWarnings
	account  event.Account
	counters flute.Counters
	complete bool
}

// end is what became of an object.
type end struct {
	location string
	state    string // "verified", "complete", "failed", "refused"
	detail   string
	path     string
	size     uint64
	verified []string
	digests  map[string]string
	repaired uint64
}

// verifyPart is the part of Config.Memory up to which an object is verified in memory.
const verifyPart = 8

// newVerdicts returns those of s. The receiver begins with the first packet of an FDT Instance that may be one.
func newVerdicts(s *session) *verdicts { return &verdicts{s: s, ends: map[flute.TOI]end{}} }

// open makes the receiver.
func (v *verdicts) open() error {
	in := v.s.in
	cfg := receiver.Config{
		Registry: in.registry, Store: in.cfg.Store, Budget: in.budget, NoNotes: true, Redeliver: true,
		Layout: in.cfg.Layout, Spawn: in.cfg.Spawn, Behind: behind,
		Instances: func(_ flute.SessionKey, doc *fdt.Instance) { v.s.document(v.packet, doc) },
		// What a capture shows is what is judged, however long ago it was, and however long the sender was silent.
		ROUTE:  v.s.route,
		Expiry: receiver.ExpiryIgnore, NoSessionTimeout: true, NoObjectTimeout: true,
	}
	if cfg.Store == nil {
		v.memory = mem.NewWithBudget(in.budget)
		cfg.Store = v.memory
		limit := in.cfg.Memory / verifyPart
		cfg.Choose = func(o receiver.Offer) receiver.Choice {
			if in.cfg.Unverified || o.Size > limit {
				return receiver.Choice{Refuse: notVerified}
			}
			return receiver.Choice{}
		}
	} else if cfg.Layout == "" {
		cfg.Layout = "session"
	}
	if v.s.route {
		cfg.Behind = 0 // nothing but the end of an object tells at which packet it was whole
	}
	rx, err := receiver.New(cfg)
	v.rx = rx
	return err
}

// notVerified is why an object is not decoded; its state is told from its symbols.
const notVerified = "not verified"

// handle takes a datagram.
func (v *verdicts) handle(d *capture.Datagram, b []byte) {
	if v.rx == nil {
		if v.s.packets == 1 && len(v.s.fdt.instances) == 0 {
			v.first, v.firstAs = bytes.Clone(b), *d
			return
		}
		if v.open() != nil {
			return
		}
		v.advanced = d.Time
		if first := v.first; first != nil {
			v.first = nil
			v.handle(&v.firstAs, first)
		}
	}
	v.packet = d
	v.s.in.catchUp()
	now := maxTime(v.last, d.Time) // a capture of several interfaces may step back a little; a clock does not
	v.last = now
	v.rx.HandleFrom(now, v.s.key, receiver.Origin{Port: d.Src.Port()}, b)
	if now.Sub(v.advanced) >= time.Second {
		v.advanced = now
		v.rx.Advance(now)
	}
	v.drain()
	if !v.behind && v.rx.Verifying() > 0 {
		v.behind = true
		v.s.in.behind = append(v.s.in.behind, v)
	}
}

// catchUp has the receivers hand over what they verify behind the datagrams, if memory is short: those of sessions that
// are silent would keep it from the others.
func (in *Inspector) catchUp() {
	if len(in.behind) == 0 || in.budget.Used() <= in.budget.Limit()/2 {
		return
	}
	in.behind = slices.DeleteFunc(in.behind, func(v *verdicts) bool {
		if v.rx != nil {
			v.rx.Advance(v.last)
			v.drain()
		}
		v.behind = v.rx != nil && v.rx.Verifying() > 0
		return !v.behind
	})
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// close ends the receiver.
func (v *verdicts) close(now time.Time) {
	if v.first != nil && v.open() == nil {
		first := v.first
		v.first = nil
		v.handle(&v.firstAs, first)
	}
	if v.rx == nil {
		return
	}
	now = maxTime(v.last, now)
	v.rx.Advance(now)
	v.drain()
	v.rx.Close(now)
	v.drain()
	v.rx = nil
}

// drop ends the receiver of a session of which nothing is told.
func (v *verdicts) drop() {
	v.first = nil
	v.close(v.last)
}

// drain takes the events.
func (v *verdicts) drain() {
	for _, e := range v.rx.Events() {
		if notice := v.s.in.cfg.Notice; notice != nil {
			if text := noticeOf(e); text != "" {
				notice(text)
			}
		}
		v.take(e)
	}
}

// take takes an event.
func (v *verdicts) take(e event.Event) {
	switch e := e.(type) {
	case event.FDTRejected:
		v.rejected(e)
	case event.FDTReceived:
		for _, text := range e.Rejected {
			v.warn(text)
		}
	case event.ObjectCompleted:
		x := end{
			location: e.ContentLocation, state: "complete", path: e.Path, size: e.Size,
			verified: e.Verified, digests: e.Digests,
			repaired: e.Repaired,
		}
		if len(e.Verified) > 0 {
			x.state = "verified"
		}
		v.end(e.TOI, x)
		if v.memory != nil {
			_ = v.memory.Remove(e.Path)
		}
	case event.ObjectFailed:
		if e.Reason == event.FailDigest {
			v.s.breaks("E59", v.wholeAt(e.TOI), "TOI %v: %s", e.TOI, e.Detail)
		}
		detail := string(e.Reason) + ": " + brief(e.Detail)
		v.end(e.TOI, end{location: e.ContentLocation, state: "failed", detail: detail})
	case event.ObjectRefused:
		if e.Reason != notVerified {
			v.end(e.TOI, end{location: e.ContentLocation, state: "refused", detail: brief(e.Reason)})
		}
	case event.Warning:
		v.warn(e.Text)
	case event.SessionComplete:
		v.complete = true
	case event.SessionStats:
		v.account, v.counters = e.Account, e.Counters
	case event.SessionClosed:
		v.counters = e.Counters
		if e.Account != nil {
			v.account = *e.Account
		}
	case event.FDTPublished, event.FeedState, event.Late, event.MatrixDetected, event.ObjectProgress,
		event.ObjectStarted, event.QueueEmpty, event.SessionOpened, event.TransferDone, event.TransferStarted:
	}
}

// noticeOf returns what is told of an event by Config.Notice; empty: nothing.
func noticeOf(e event.Event) string {
	if e, ok := e.(event.ObjectCompleted); ok {
		return fmt.Sprintf("object_completed: TSI %d, TOI %v, %s, %d bytes", e.Session.TSI, e.TOI,
			brief(e.ContentLocation), e.Size)
	}
	if e, ok := e.(event.ObjectFailed); ok {
		return fmt.Sprintf("object_failed: TSI %d, TOI %v, %s, %s", e.Session.TSI, e.TOI, brief(e.ContentLocation),
			e.Reason)
	}
	if e, ok := e.(event.FDTReceived); ok {
		return fmt.Sprintf("fdt_received: TSI %d, FDT Instance %d, %d files", e.Session.TSI, e.ID, e.Files)
	}
	if e, ok := e.(event.FDTRejected); ok {
		return fmt.Sprintf("fdt_rejected: TSI %d, %s, %s", e.Session.TSI, e.What(), brief(e.Reason))
	}
	return ""
}

// behind is how many objects are verified while later packets are read.
const behind = 2

// wholeAt is the number of the packet with which an object has become whole, as far as its symbols tell; else that of
// the packet in hand.
func (v *verdicts) wholeAt(toi flute.TOI) uint64 {
	if o := v.s.objects[toi]; o != nil && o.wholeNo > 0 {
		return o.wholeNo
	}
	return v.number()
}

// number is that of the packet in hand; 0: there is none any more.
func (v *verdicts) number() uint64 {
	if v.packet == nil {
		return 0
	}
	return v.packet.Number
}

// end notes what became of an object. One that was whole once stays so.
func (v *verdicts) end(toi flute.TOI, x end) {
	old, ok := v.ends[toi]
	if ok && (old.state == "verified" || old.state == "complete") && x.state == "failed" || len(v.ends) == maxObjects {
		return
	}
	if isOwn(old.detail) && x.onlyOver() {
		return // why the try before it failed says more
	}
	v.ends[toi] = x
}

func (v *verdicts) warn(text string) {
	if len(v.warnings) == maxWarnings {
		v.more++
		return
	}
	v.warnings = append(v.warnings, brief(text))
}

// rejected takes an FDT Instance, or an S-TSID, that could not be used.
func (v *verdicts) rejected(e event.FDTRejected) {
	if v.s.route {
		v.warn(e.What() + " is not used: " + e.Reason)
		return
	}
	in := v.s.fdt.instances[e.ID]
	if in == nil {
		return
	}
	if in.failure == "" {
		in.failure = brief(e.Reason)
	}
	if !in.read {
		v.s.breaks("E62", v.number(), "FDT Instance %d: %s", e.ID, e.Reason)
	}
}
