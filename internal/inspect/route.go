package inspect

import (
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/drop"
)

// isROUTE reports whether the first packet of a session is one of ROUTE (RFC 9223, section 2.1): PSI says source
// symbols, CCI and TSI have 32 bits, the TOI has 32. FLUTE leaves PSI 0, and has EXT_FDT where the TOI is 0.
func isROUTE(b []byte) bool {
	const fixed, variable = 0xff, 0xf0
	return len(b) >= 16 && b[0]&fixed == 0x12 && b[1]&variable == 0xa0
}

// routePacket takes a packet of a session of ROUTE. What it carries is judged by the receiver alone.
func (s *session) routePacket(d *capture.Datagram, b []byte, length int) {
	p := &s.parsed
	if err := p.ParseROUTE(b); err != nil {
		if len(b) < length {
			s.cut++
		} else if reason := drop.Of(err); reason != drop.Refused { // of a repair flow
			s.breaks(ruleOfHeader(reason), d.Number, "%s", headerFault(reason))
		}
		return
	}
	if p.PSI&1 != 0 || p.Reserved != 0 || p.CCILen != 4 || p.TSILen != 4 || p.TOILen != 4 && p.HasTOI {
		s.breaks("G01", d.Number, "PSI %d, Res %d, CCI of %d bytes, TSI of %d, TOI of %d", p.PSI, p.Reserved, p.CCILen,
			p.TSILen, p.TOILen)
	}
	s.closed = s.closed || p.CloseSession
	if len(p.Body) == 0 {
		s.dataless++
	} else if !p.TOI.IsFDT() {
		s.routeObject(d, p)
	}
	if len(b) < length {
		s.cut++
		return
	}
	s.in.handleROUTE(s, d, b)
}

// routeObject counts a packet of an object.
func (s *session) routeObject(d *capture.Datagram, p *alc.Packet) {
	o := s.object(d, p.TOI)
	if o == nil {
		return
	}
	o.packets++
	o.bytes += uint64(len(p.Body))
	o.last, o.lastNo = d.Time, d.Number
	o.closed = o.closed || p.CloseObject
	if p.HasLength {
		o.length = p.Length
	}
}

// handleROUTE hands a datagram to the receiver of all sessions of ROUTE: those of one source share their signalling.
func (in *Inspector) handleROUTE(s *session, d *capture.Datagram, b []byte) {
	v := in.route
	if v == nil {
		v = &verdicts{s: s}
		if v.open() != nil {
			return
		}
		in.route = v
	}
	v.s, v.packet = s, d
	v.last = maxTime(v.last, d.Time)
	v.rx.HandleFrom(v.last, s.key, receiver.Origin{Port: d.Src.Port()}, b)
	in.drainROUTE()
}

// drainROUTE hands the events to the sessions that they are about.
func (in *Inspector) drainROUTE() {
	for _, e := range in.route.rx.Events() {
		key, ok := sessionOf(e)
		s := in.sessions[key]
		if !ok || s == nil {
			continue
		}
		s.heard.packet, s.heard.memory = in.route.packet, in.route.memory
		s.heard.take(e)
	}
}

// sessionOf returns the session that an event is about, if it is one that is told.
func sessionOf(e event.Event) (flute.SessionKey, bool) {
	if e, ok := e.(event.ObjectCompleted); ok {
		return e.Session, true
	}
	if e, ok := e.(event.ObjectFailed); ok {
		return e.Session, true
	}
	if e, ok := e.(event.ObjectRefused); ok {
		return e.Session, true
	}
	if e, ok := e.(event.FDTRejected); ok {
		return e.Session, true
	}
	if e, ok := e.(event.SessionClosed); ok {
		return e.Session, true
	}
	return flute.SessionKey{}, false
}

// closeROUTE ends the sessions of ROUTE.
func (in *Inspector) closeROUTE() {
	if in.route == nil {
		return
	}
	in.route.rx.Advance(in.route.last)
	in.drainROUTE()
	in.route.rx.Close(in.route.last)
	in.drainROUTE()
	in.route = nil
}
