package receiver

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/internal/drop"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// Route examines one datagram, which came from origin. It reports true when the packet is for the Object of its TOI, to
// whom it must be handed at once or with the bytes of datagram kept unchanged until then.
// Everything else is dealt with and counted.
func (s *Session) Route(now time.Time, origin Origin, datagram []byte) (p Packet, object bool) {
	object = s.RouteTo(now, origin, &p, datagram)
	return p, object
}

// RouteTo is Route into p, whatever that holds: a Packet is large, and this copies none.
func (s *Session) RouteTo(now time.Time, origin Origin, p *Packet, datagram []byte) (object bool) {
	if !s.l.cfg.ROUTE && s.routeAlike(now, origin, p, datagram) {
		return true
	}
	s.l.now = now
	if s.l.last.IsZero() {
		s.l.last = now // silence counts from here, even if nothing valid ever comes
		if s.l.restore(now) {
			s.l.last = now.Add(-s.l.cfg.RestartSilence) // nobody knows how long nothing has come
		}
	}
	s.hear(now, origin, datagram)
	p.origin, p.entry, p.alike = origin, nil, false
	var err error
	if s.l.cfg.ROUTE {
		err = s.parseROUTE(p, datagram)
	} else {
		err = s.parse(&p.alc, datagram)
	}
	var ln *line
	if err == nil {
		s.hearPort(now, origin)
		ln, object, err = s.route(now, origin, p)
	}
	if object && p.entry != nil && !s.l.cfg.ROUTE {
		s.remember(p, ln, datagram)
	} else {
		s.latest.entry = nil
	}
	switch {
	case object:
	case err == nil:
		s.l.accept(origin.Feed)
	case isDuplicate(err):
		s.l.repeat(origin.Feed)
	default:
		if drop.Of(err) == drop.NoInstanceID {
			s.suspectROUTE(datagram)
		}
		s.l.dropped(origin.Feed, drop.Of(err), 1)
	}
	return object
}

// latest is the packet that Session.Route returned last, if it was an ordinary one of an object in reception. The next
// packet of the same read mostly goes the same way, and changes nothing else of the session.
type latest struct {
	model  model
	entry  *entry // nil: Route has to look at everything
	line   *line
	origin Origin
}

// routeAlike routes datagram like the packet before, if all that Route looks at is the same. It reports false if it is
// not, and has done nothing then.
func (s *Session) routeAlike(now time.Time, origin Origin, p *Packet, datagram []byte) bool {
	r, l := &s.latest, s.l
	e, ln := r.entry, r.line
	switch {
	case e == nil || origin != r.origin || now != l.last || now != ln.last:
		return false
	case l.ended || l.ending != "" || l.closed || !ln.closed.IsZero():
		return false
	case e.gone || e.file == nil || e.phase != receiving || e.run != ln.run || e.contested || !e.outdated.IsZero():
		return false
	case !r.model.parse(&p.alc, datagram):
		return false
	}
	p.origin, p.entry, p.alike = origin, e, true
	l.now = now
	ln.hearAtOnce()
	return true
}

// remember notes how a packet was routed that came on ln and is for an object. The model is made for the second one
// in a row: where packets of several objects come in turn, it would never be used.
func (s *Session) remember(p *Packet, ln *line, datagram []byte) {
	r, e := &s.latest, p.entry
	if r.line = ln; r.entry != e || r.origin != p.origin || len(s.l.feeds.list) > 0 {
		r.model.length, r.entry, r.origin = 0, e, p.origin
		return
	}
	r.model.set(&p.alc, datagram)
}

// timeFlags are T and R of RFC 3451, which are reserved in RFC 5651, in the second byte of an LCT header.
const timeFlags = 0x0c

// parse reads the packet. In a session of FLUTE version 1 the two bits that RFC 5651 reserves are T and R of RFC 3451,
// each of which adds a word to the header.
func (s *Session) parse(p *alc.Packet, datagram []byte) error {
	l := s.l
	err := p.Parse(datagram, lct.RFC5651)
	if len(datagram) < 2 || datagram[1]&timeFlags == 0 || l.version == 2 || l.cfg.Profile == Version2 {
		return err
	}
	old, oldErr := alc.ParseLayout(datagram, lct.RFC3451)
	if oldErr != nil || old.HasFDT && old.FLUTEVersion != 1 {
		return err
	}
	if err != nil || old.HasFDT || l.version == 1 || l.cfg.Profile == Version1 {
		*p = old
		return nil
	}
	return nil // the version is not known yet
}

func (s *Session) route(now time.Time, origin Origin, packet *Packet) (ln *line, object bool, err error) {
	l, p := s.l, &packet.alc
	if l.ended || l.ending != "" {
		return nil, false, errClosed
	}
	if p.TSI != l.key.TSI {
		return nil, false, errForeignTSI
	}
	ln = s.line(now, origin, p)
	if l.cfg.ROUTE {
		s.adoptFlow(now, ln)
	}
	closes := p.CloseSession
	if closes {
		if first := l.beside(ln); first != nil {
			closes = false
			s.warnStranger(now, ln, first, "a close-session flag")
		}
	}
	if now != l.last {
		s.hearAgain(now)
	}
	l.last, l.closed = now, closes
	if closes {
		// RFC 5651, section 5.1: "the sender will immediately stop sending packets for the session". A hint that
		// anybody can forge, and that packets may overtake: the session has a grace time, and goes on if packets still
		// come then.
		l.closing = now.Add(l.cfg.CloseGrace)
		l.completion.look(now)
	}
	object, err = s.find(now, ln, packet)
	if !p.CloseSession && isOfUse(err) {
		l.open = now
	}
	return ln, object, err
}

// isDuplicate reports what errors.Is would of errDuplicate, at once where err is that itself, as for each packet of a
// complete object.
func isDuplicate(err error) bool {
	return err == errDuplicate || errors.Is(err, errDuplicate) //nolint:errorlint // see above
}

// isOfUse reports whether a packet that was dealt with by err belongs to the session, be it wanted or not.
func isOfUse(err error) bool {
	return err == nil || isDuplicate(err) || errors.Is(err, errFinished) || errors.Is(err, errRefused)
}

// find tells whose packet it is.
func (s *Session) find(now time.Time, ln *line, packet *Packet) (object bool, err error) {
	p := &packet.alc
	switch {
	case !p.HasTOI || (p.TOI.IsFDT() && len(p.Body) == 0):
		return false, nil // data-less: the flags were all it had to say
	case p.TOI.IsFDT() && s.l.cfg.ROUTE:
		return false, s.efdtPacket(now, ln, packet)
	case p.TOI.IsFDT():
		return false, s.fdtPacket(now, ln, p)
	}
	e := s.l.entries[p.TOI]
	if e != nil && !e.outdated.IsZero() {
		e.outdated = now
	}
	if (e == nil || e.run != ln.run || e.contested) && s.weigh(now, ln, e, p) {
		e = s.l.entries[p.TOI]
	}
	s.reclaim(ln, e)
	switch {
	case e == nil && !s.l.cfg.takes(p.TOI):
		return false, errRefused
	case e == nil:
		if e, err = s.l.entry(now, p.TOI); err != nil {
			return false, err
		}
		s.l.give(e, ln.run)
	case e.run != ln.run || e.contested:
		if e.file == nil {
			s.l.touch(now, e)
		}
		packet.entry = e
		if len(s.l.feeds.list) > 0 && e.run == ln.before && !ln.told {
			s.l.watch(now, e, p, packet.origin.Feed) // a feed that was dead brings the same again, it seems
		}
		return s.setApart(now, ln, e, p)
	}
	if !e.claimed.IsZero() {
		s.disclaim(e)
	}
	packet.entry = e
	if s.l.cfg.ROUTE {
		if e, err = s.addressed(now, ln, packet, e); err != nil {
			return false, err
		}
		packet.entry = e
	}
	if e.file == nil {
		if s.l.touch(now, e); s.l.keeps(e, p) {
			return false, s.keep(now, e, p)
		}
	}
	switch e.phase {
	case completed:
		if s.turns(now, e, p) {
			return true, nil
		}
		s.l.observe(now, e, p, packet.origin.Feed)
		return false, errDuplicate
	case failed:
		return false, errFinished
	case refused:
		return false, errRefused
	case resting:
		if err = e.mayBegin(now); errors.Is(err, errExpired) {
			err = s.hold(now, e, p)
			return false, err
		}
		return err == nil, err
	default:
		return true, nil
	}
}
