package sender

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// Add takes o into the session and returns its TOI. The file is described in the next FDT Instance and then sent. The
// errors tell that the session cannot send it: ErrClosed or ErrComplete, or a *FileError: of the Field TOI, if
// it cannot be used; of ContentLocation, if it is that of another file; or one that wraps ErrProfile, or flute.ErrOTI
// when its FEC cannot code it.
func (s *Session) Add(o *Object) (flute.TOI, error) {
	err := s.take(o)
	if err == nil && !s.closed && s.plan.complete {
		err = ErrComplete
	}
	if err == nil {
		var n *object
		if n, err = s.admit(o, nil); err == nil {
			if n.held = s.cfg.FDTManual; n.held {
				s.held = append(s.held, n)
			}
			s.enlist(n, false)
			return n.toi, nil
		}
	}
	return flute.TOI{}, s.Refuse(o, err)
}

// Refuse ends o, which is not added after all because of err, and returns that with the name of the file. Add and
// Update do so themselves.
func (s *Session) Refuse(o *Object, err error) error {
	if s.take(o) == nil {
		s.closeOwned(o)
	}
	if _, ok := errors.AsType[*FileError](err); ok {
		return err
	}
	return fmt.Errorf("%w (%s)", err, o.file.ContentLocation)
}

// codingOf returns how o is coded in this session.
func (s *Session) codingOf(o *Object) (coding, error) {
	oti, variant := s.cfg.OTI, s.cfg.Variant
	f := &o.file
	more := redundancy{
		symbols: cmp.Or(f.Repair, s.cfg.Repair), ratio: cmp.Or(f.Redundancy, s.cfg.Redundancy), share: s.cfg.share,
		least: s.cfg.LeastRepair,
	}
	if f.OTI != nil {
		oti, variant, more.share = *f.OTI, f.Variant, 0
	}
	if f.Redundancy > 0 {
		more.share, more.least = f.Redundancy, 0
	}
	return newCoding(s.cfg, oti, variant, more, o.transferLength)
}

// admit makes o an object of the session, in the place of before if that is not nil. It is to be enlisted then.
func (s *Session) admit(o *Object, before *object) (*object, error) {
	f := &o.file
	switch {
	case s.closed:
		return nil, ErrClosed
	case !s.cfg.encodes(f.CENC):
		return nil, f.fault("CENC", s.unfit(fmt.Sprintf("content encoding %v", f.CENC)))
	}
	if len(f.ownGroups(s.cfg)) > 0 && (s.cfg.Profile == fdt.MBMSDownload || s.cfg.Profile == fdt.DVBMABR) {
		return nil, f.fault("Groups", s.unfit("a group"))
	}
	if err := f.checkTarget(cmp.Or(f.TransferCount, s.cfg.TransferCount) == 1); err != nil {
		return nil, err
	}
	old := s.names.locations[f.ContentLocation]
	if old != nil && old != before && old.live() {
		return nil, f.fault("ContentLocation", fmt.Errorf("%w: TOI %v; remove it first", errLocation, old.toi))
	}
	c, err := s.codingOf(o)
	if err != nil {
		return nil, f.fault("OTI", err)
	}
	// TS 26.346, section L.4.7: Compact No-Code and Raptor are what the receivers of these profiles have.
	if id := c.oti.EncodingID; s.cfg.mbms() && id != fec.CompactNoCode && id != fec.Raptor {
		return nil, f.fault("OTI", s.unfit(fmt.Sprintf("FEC Encoding ID %d", uint8(id))))
	}
	toi, err := s.names.assign(f.TOI)
	if err != nil {
		return nil, f.fault("TOI", err)
	}
	n := &object{
		Object: o, coding: &c, toi: toi, location: f.ContentLocation, carousel: newCarousel(s.cfg, f),
		priority: f.Priority, interleave: cmp.Or(f.Interleave, s.cfg.Interleave),
		order: cmp.Or(f.Order, s.cfg.Order), seed: mix(uint64(s.cfg.Session.TSI)) + s.admitted,
	}
	if n.headers, err = newHeaders(s.cfg, toi, &n.coding.oti); err != nil {
		return nil, err
	}
	if err = n.describe(s.cfg); err != nil {
		return nil, err
	}
	if old != nil && old != before { // finished: the newer version of the file stands for it from now on
		s.plan.bury(old)
	}
	s.maxPayload = max(s.maxPayload, c.payload())
	s.names.add(n)
	s.admitted++
	return n, nil
}

// unfit returns the error of what the profile cannot express, and says what can: a profile is that of all FDT Instances
// and packets of a session.
func (s *Session) unfit(what string) error {
	return fmt.Errorf("%w: %s in %v; a session of another profile, beside this one, can send it",
		ErrProfile, what, s.cfg.Profile)
}

// enlist has n described and sent. It comes first if it takes the place of another one: it has waited, and it may
// change again before its next turn.
func (s *Session) enlist(n *object, first bool) {
	s.stats.counts.Added++
	s.plan.add(n)
	s.schedule.queue(n.priority).live++
	if !n.held {
		s.start(n, first)
	}
}

// start has n sent.
func (s *Session) start(n *object, first bool) {
	at := n.file.StartAt
	switch {
	case at.After(s.clock.now):
		n.due = at
		s.schedule.delay(n, at)
	case first:
		s.schedule.pushFront(n)
	default:
		s.schedule.push(n)
	}
}
