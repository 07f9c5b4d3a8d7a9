package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// noTime is the zero time: none.
var noTime time.Time

// Packet is one of an object, as Session.Route hands it to Object.Handle: views into the datagram.
type Packet struct {
	alc    alc.Packet
	origin Origin
	entry  *entry // whose it is; its TOI may name another one when it is handled
	alike  bool   // its header is that of the packet routed before it, which is of entry as well, and has no flag
	// of ROUTE: the alc.Packet has 0, the FEC Encoding ID of what ROUTE is a special case of
	codepoint uint8
}

// TOI returns the object of the packet.
func (p *Packet) TOI() flute.TOI { return p.alc.TOI }

// Feed returns the index of the feed that the packet came on.
func (p *Packet) Feed() uint8 { return p.origin.Feed }

// Session works on one receiving transport session: it takes FDT Instances, decides which object a packet belongs to,
// and keeps the deadlines. What it knows lies in the Ledger, so a Session may be thrown away and made again.
type Session struct {
	l      *Ledger
	latest latest
}

// Effects is what a Session or an Object wants done, drained by Effects. Do it in the order of the fields. An Object
// has Events and Works only; its Works are to be handed back to itself.
type Effects struct {
	Events    []event.Event
	Detached  []flute.TOI // objects that finish while their TOI names another: keep their Object apart
	Ended     []flute.TOI // objects that the session ended: drop their Object
	Described []flute.TOI // objects that a description has come for: call Object.Describe
	// Works are to be run elsewhere. Hand each back to Done of the Session, if its TOI is 0; else to Done of the Object
	// of its TOI, if Ledger.Awaits it.
	Works []*Work
}

// NewSession returns the worker for the session that l remembers. Objects that were detached end here: the Object that
// would have heard of their publication is gone, and nobody else can find them.
func (l *Ledger) NewSession() *Session {
	s := &Session{l: l}
	s.QuarantineDetached("its session crashed while it was being published")
	s.readAnew()
	return s
}

// Ledger returns the session's memory.
func (s *Session) Ledger() *Ledger { return s.l }

// Ended reports whether the session is over; nothing follows.
func (s *Session) Ended() bool { return s.l.ended }

// Effects drains what is to be done since the last call. What a lost Session has not drained, the next one does.
func (s *Session) Effects() Effects {
	f := s.l.effects
	s.l.effects = Effects{}
	return f
}

// HasEffects reports whether Effects has something. If so, carry it out before the packet that Route has just returned
// is handled: its TOI may name another object since.
func (s *Session) HasEffects() bool {
	f := &s.l.effects
	return len(f.Events)+len(f.Detached)+len(f.Ended)+len(f.Described)+len(f.Works) > 0
}

// Quarantine ends an object whose handling crashed too often.
func (s *Session) Quarantine(toi flute.TOI, detail string) {
	if e := s.l.entries[toi]; e != nil && !e.ended() {
		s.fail(e, event.FailQuarantined, detail)
	}
}

// QuarantineDetached ends the objects that were detached, one of which crashed too often.
func (s *Session) QuarantineDetached(detail string) { s.endDetached(event.FailQuarantined, detail) }

func (s *Session) endDetached(reason event.FailReason, detail string) {
	for e := range s.l.leaving {
		if !e.ended() {
			s.emit(s.l.fail(e, reason, detail))
		}
		delete(s.l.leaving, e)
	}
}

// fail ends an object and tells its Object to go.
func (s *Session) fail(e *entry, reason event.FailReason, detail string) {
	s.l.takeEvents(e)
	s.emit(s.l.fail(e, reason, detail))
	s.l.effects.Ended = append(s.l.effects.Ended, e.toi)
}

// emit announces e, unless it is nil.
func (s *Session) emit(e event.Event) {
	if e != nil {
		s.l.effects.Events = append(s.l.opening(s.l.effects.Events), e)
	}
}
