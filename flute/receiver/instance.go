package receiver

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/store"
)

// instance is one FDT Instance, being received or known: its record, and what is live.
type instance struct {
	instanceRecord
	object  *Object  // nil once it was decoded or refused; that of a repetition, if it was read before
	receipt *receipt // what object lies in; nil likewise
	packets uint32   // of object, without those that came again
	charged bool     // instanceOverhead is
	costly  bool     // its document is not paid for by what was received of it, see readers
	queued  bool     // it is being read, or waits for its turn

	serial uint32 // of this session; its ID may name another one later

	// presumed is when it was taken for one of its run because of its ID alone, after a seam; zero: it was not.
	presumed time.Time
}

// instanceOverhead is charged for each FDT Instance besides its packets, while it is known.
const instanceOverhead = 512

// refusalTime is how long an FDT Instance that could not be used is not tried again: a forged packet may have spoilt
// it, and then its next transmission is good.
const refusalTime = 10 * time.Second

// fdtPacket takes a packet with TOI 0.
func (s *Session) fdtPacket(now time.Time, ln *line, p *alc.Packet) error {
	l := s.l
	if v := p.FLUTEVersion; v != 1 && v != 2 || l.cfg.Profile != AnyVersion && v != uint8(l.cfg.Profile) {
		return errVersion
	}
	in, err := s.instance(now, ln, p)
	if in == nil {
		return err
	}
	in.touched = now
	if in.object == nil {
		in.fingerprint(p)
	}
	s.readClock(now, in, p)
	isNew := in.object != nil || s.repeats(now, in)
	l.completion.heard(now, in.id, isNew)
	if !isNew {
		if in.read {
			l.fdtLatest = now
		}
		return errDuplicate
	}
	if p.HasCENC {
		if in.cenc >= 0 && in.cenc != int(p.CENC) {
			s.refuse(now, in, errors.New("EXT_CENC differs between its packets"))
			return flute.ErrOTI
		}
		in.cenc = int(p.CENC)
	}
	ended, err := in.handle(now, p)
	if !isMisfit(err) {
		in.fingerprint(p)
	}
	switch {
	case ended && errors.Is(err, errBudget):
		l.shed()
		s.refuse(now, in, store.ErrBudget)
		return err
	case ended:
		s.refuse(now, in, errors.New(in.object.e.detail))
		return err
	}
	if err != nil && !errors.Is(err, errDuplicate) {
		return err
	}
	l.effects.Events = l.opening(l.effects.Events)
	if in.isWhole() {
		if err := s.read(now, in); errors.Is(err, errExpired) {
			return errExpired
		}
	}
	return err
}

// handle hands p to the object that carries the FDT Instance. ended reports that nothing will come of it; err is why p
// was dropped.
func (in *instance) handle(now time.Time, p *alc.Packet) (ended bool, err error) {
	if err = in.object.handle(now, p, noFeed); err == nil {
		in.packets++
	}
	e := in.object.e
	switch ended = e.phase == failed || e.phase == resting; {
	case !ended && errors.Is(err, errUnknownObject): // no memory to begin
		return false, errBudget
	case !ended:
		return false, err
	case e.reason == event.FailBudget:
		return true, errBudget
	case e.reason == event.FailOTI:
		return true, flute.ErrOTI
	}
	return true, errStore
}

// instance returns the FDT Instance that p belongs to, made if there is none; nil if p was dealt with, for the reason
// err.
func (s *Session) instance(now time.Time, ln *line, p *alc.Packet) (in *instance, err error) {
	l := s.l
	in = l.instances[p.InstanceID]
	switch {
	case in == nil:
		if known := l.otherVersion(p.FLUTEVersion); known != nil {
			if err = s.challenge(now, ln, known, p); errors.Is(err, errConflict) {
				err = errVersion
			}
			return nil, err
		}
		if s.isStranger(now, ln, "an FDT Instance") {
			return nil, errConflict
		}
		return s.openInstance(now, ln, p)
	case in.version != p.FLUTEVersion && !in.read:
		return nil, errVersion
	case in.version != p.FLUTEVersion || in.conflicts(p):
		return nil, s.challenge(now, ln, in, p)
	case in.isHead(p):
		if in.read {
			l.measureInterval(now)
		}
		switch {
		case in == l.rival.in && !l.rival.partial: // it is not settled whether that is a run at all
		case in.isPresumed(now) && l.rival.in != nil && l.lineOf(l.rival.run) == ln: // its fate tells of both
		case !in.read && !ln.told && ln.isDoubt(in.run): // nor, here, which one it is
			s.mend(ln, in.run)
		case !in.read && in.run != ln.run && l.isDoubtful(in.run): // nor on the other port, or feed, that began it
			if ln.isKnown() || !l.lineOf(in.run).isKnown() {
				in.run = ln.run
			}
		default:
			if in.run != ln.run && in.run != ln.before {
				ln.newest = in.id
			}
			s.recognise(ln, in.run)
		}
		s.support(now, ln, in)
		s.joinLines(now, ln)
		if l.instances[p.InstanceID] != in { // what it supported has won
			return nil, errDuplicate
		}
		return in, nil
	case in.run == ln.run || in.object != nil && !in.read:
		in.run = ln.run // its document may be mixed of two now; when it is not well-formed it is received again
		return in, nil
	case l.rival.in != nil && l.rival.in.id == in.id && l.rival.in != in && !l.rival.in.conflicts(p):
		return nil, s.challenge(now, ln, in, p)
	}
	return nil, errDuplicate // until its first symbol tells whose it is
}

// isPresumed reports whether in may well be of the sender after the one that it was taken for: it says nothing of the
// files of that one, and what contradicts those comes soon.
func (in *instance) isPresumed(now time.Time) bool {
	return !in.presumed.IsZero() && !due(in.presumed.Add(maxRivalTime), now)
}

// otherVersion returns an FDT Instance that was read, of another FLUTE version than v: all of a sender have the same.
func (l *Ledger) otherVersion(v uint8) *instance {
	if l.version == 0 || l.version == v {
		return nil
	}
	for _, in := range l.instances {
		if in.read && in.version != v {
			return in
		}
	}
	return nil
}

// measureInterval notes that a sender repeats an FDT Instance.
func (l *Ledger) measureInterval(now time.Time) {
	if !l.fdtHeard.IsZero() {
		l.fdtInterval = max(now.Sub(l.fdtHeard), l.fdtInterval-l.fdtInterval/8)
	}
	l.fdtHeard = now
}

// newInstance returns the FDT Instance of p, a packet of the run r, before anything of it is received.
func newInstance(p *alc.Packet, r run) *instance {
	return &instance{instanceRecord: instanceRecord{id: p.InstanceID, version: p.FLUTEVersion, cenc: -1, run: r}}
}

// openInstance begins to receive an FDT Instance; the one with the least claim gives way when there are too many.
func (s *Session) openInstance(now time.Time, ln *line, p *alc.Packet) (*instance, error) {
	l := s.l
	l.makeRoomForInstance(now)
	in := newInstance(p, ln.run)
	if !l.charge(in) || !l.receive(in) {
		if l.forgetKnown(); !l.charge(in) || !l.receive(in) {
			l.forgetInstance(in.id, in)
			return nil, errBudget
		}
	}
	l.number(in)
	return in, nil
}

// number makes in the FDT Instance of its ID.
func (l *Ledger) number(in *instance) {
	l.serials++
	in.serial = l.serials
	l.instances[in.id] = in
}

// charge reserves memory for what is kept of in while it is known, once.
func (l *Ledger) charge(in *instance) bool {
	in.charged = in.charged || l.listings.TryReserve(instanceOverhead)
	return in.charged
}

// fdtLimit returns the largest FDT Instance in bytes, encoded or not.
func (c *Config) fdtLimit() int {
	if c.FDTLimits.Bytes > 0 {
		return c.FDTLimits.Bytes
	}
	return defaults.FDTBytes
}

// forgetInstance frees an FDT Instance and its ID.
func (l *Ledger) forgetInstance(id flute.InstanceID, in *instance) {
	in.release()
	if l.instances[id] == in {
		delete(l.instances, id)
	}
	if in.charged {
		l.listings.Release(instanceOverhead)
		in.charged = false
	}
}

// release frees what is held of it and keeps the fingerprint.
func (in *instance) release() {
	in.queued = false
	if in.object != nil {
		in.receipt.end()
		in.object, in.receipt = nil, nil
	}
}

// refuse ends an FDT Instance that cannot be used.
func (s *Session) refuse(now time.Time, in *instance, err error) {
	in.release()
	if in.read { // only the repetition
		in.later(now)
		return
	}
	in.forget = now.Add(refusalTime)
	if errors.Is(err, store.ErrBudget) { // it is good, and soon there may be memory
		in.forget = now.Add(restFirst)
	}
	s.l.schedule(in.forget)
	s.emit(event.FDTRejected{Session: s.l.key, ID: in.id, Reason: brief(err)})
}
