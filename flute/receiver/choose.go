package receiver

import (
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/panicked"
)

// An object is chosen once, when an FDT Instance describes it for the first time: whatever it is then, a refused one
// costs no more than its description.

// Offer is an object of which Config.Choose decides.
type Offer struct {
	Session flute.SessionKey
	Size    uint64 // bytes of the file, or of the object in transfer where only that is known; zero: neither is
	// File is as the FDT Instance describes it, but for AlternateLocations1: these are all of both kinds, as absolute
	// URIs (fdt.Instance.Alternates). What it refers to is not to be changed.
	File fdt.File
}

// Choice is the decision on an Offer. The zero value receives the object into Config.Store.
type Choice struct {
	Refuse   string // why the object is not wanted; empty: it is
	Location string // the file is published as if this were its Content-Location; empty: it is not changed

	// Consumer takes the file in place of Config.Store; nil: nobody does. Keep: the Store publishes it too, once the
	// Consumer has taken it.
	Consumer Consumer
	Keep     bool

	// Publish is called, in the background, in place of publishing the file: it may wait, calls publish, once, and may
	// do something with the path, which is empty if an older file was kept (store.ErrKept). The object is complete when
	// it has returned nil. If it returns an error, or panics, the object fails for good, and what was published stays.
	// Until it has returned, no other version of the file is published, and the file is not noted as received: it is
	// received again after the death of the process. It is not called for a file that a Consumer takes without Keep.
	// Nil: the file is published.
	Publish func(publish func() (path string, err error)) error

	// Lane has files wait for each other whose Choices have an equal Lane: 32 at a time are with their Consumers, or
	// with Publish. It is a comparable value; its method String, if it has one, names it for people. Nil: the file
	// waits for none.
	Lane any
}

// choose decides whether e, which an FDT Instance describes with file, is received. It reports false if it is refused.
func (s *Session) choose(e *entry, file *fdt.File) bool {
	l := s.l
	if e.chosen {
		return true
	}
	e.chosen = true
	size, known := sizeOf(file)
	if !known && e.held != nil {
		size, known = e.held.OTI.TransferLength, true
	}
	e.unsized = !known
	why := l.cfg.refuses(file)
	if why == "" && known {
		why = l.cfg.Selection.refusesSize(size)
	}
	if why == "" && l.cfg.Selection.Again == AgainNever && l.hasReceived(e) {
		why = "another version of it was received"
	}
	if why == "" && l.cfg.Choose != nil {
		c := l.ask(Offer{Session: l.key, Size: size, File: *file})
		e.choice, why = &c, c.Refuse
	}
	if why != "" {
		s.refuseObject(e, why)
	}
	return why == ""
}

// ask calls Config.Choose. If that panics the object is refused: others shall not suffer, and asked again it would
// panic again.
func (l *Ledger) ask(o Offer) (c Choice) {
	defer func() {
		if v := recover(); v != nil {
			c = Choice{Refuse: "Config.Choose panicked: " + panicked.Of(v).Line()}
		}
	}()
	return l.cfg.Choose(o)
}

// hasReceived reports whether a version of the file of e was received.
func (l *Ledger) hasReceived(e *entry) bool {
	if l.cfg.delivered[l.key][e.location()] != nil {
		return true
	}
	old := l.entries[l.locations[e.location()]]
	return old != nil && old != e && (old.phase == completed || old.phase == finishing)
}

// refuseObject ends e, which is not wanted.
func (s *Session) refuseObject(e *entry, why string) {
	s.l.takeEvents(e)
	s.emit(s.l.refuse(e, why))
	s.l.effects.Ended = append(s.l.effects.Ended, e.toi)
}

// refuse ends e, which is not wanted, and returns the event that says so.
func (l *Ledger) refuse(e *entry, why string) event.Event {
	if e.started { // an earlier process began with it
		return l.fail(e, event.FailCancelled, "refused: "+why)
	}
	e.phase = refused
	l.drop(e, true)
	l.revoke(e)
	if l.locations[e.location()] == e.toi {
		delete(l.locations, e.location())
	}
	l.completion.refusedObject(e)
	l.retire(e)
	return event.ObjectRefused{Session: l.key, TOI: e.toi, ContentLocation: e.location(), Reason: why}
}

// refuseSize refuses e if its size, which no FDT Instance has told, is not wanted. It reports whether it has.
func (o *Object) refuseSize(size uint64) bool {
	e := o.e
	if !e.unsized || e.file == nil {
		return false
	}
	e.unsized = false
	why := o.l.cfg.Selection.refusesSize(size)
	if why != "" {
		o.emit(o.l.refuse(e, why))
	}
	return why != ""
}
