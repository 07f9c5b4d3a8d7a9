package receiver

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/internal/drop"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// An FDT Instance that contradicts what is known is an error, or forged, or of a sender that was started again:
// "Receipt of an FDT Instance that reuses an FDT Instance ID value that is currently used by a non-expired FDT Instance
// MUST be considered an error case", and what a receiver does then is left to it (RFC 6726, section 3.4.1). One such
// Instance, the rival, is received beside the known ones. It takes their place when it is heard again and again while
// the sender before is not; a packet or two do not throw away a session that goes on.

// rivalFileCost is charged for each file that a rival describes.
const rivalFileCost = 1 << 10

// rival is the FDT Instance that contradicts, and the evidence for it.
type rival struct {
	in *instance // nil: there is none
	// document is what in says, until it takes the place of a known one; nil: it was not read, or did so before.
	document *fdt.Instance
	listing  *fdt.Instance // of files
	files    map[flute.TOI]*fdt.File
	cost     uint64 // charged for document and files
	run      run    // the first of its packets
	against  run    // what it contradicts
	partial  bool   // it is the next FDT Instance of the known ones: only the TOIs that it changes are in doubt

	evidence
}

// dropRival forgets the rival.
func (l *Ledger) dropRival() {
	r := &l.rival
	if r.in == nil {
		return
	}
	if l.instances[r.in.id] != r.in {
		r.in.release()
	}
	l.share.Small.Release(r.cost)
	l.rival = rival{}
}

// challenge takes a packet under the ID of the known instance that contradicts it.
func (s *Session) challenge(now time.Time, ln *line, known *instance, p *alc.Packet) error {
	l := s.l
	r := &l.rival
	if r.in == nil || r.in.id != p.InstanceID || r.in.conflicts(p) || r.in.version != p.FLUTEVersion {
		against, before := known.run, *r
		l.dropRival()
		sameSender := before.in != nil && before.run == ln.run
		if known.read && (ln.run == known.run || sameSender) { // what follows may be of either
			s.seam(ln)
		}
		in := newInstance(p, ln.run)
		if !l.prepare(in) {
			return errBudget
		}
		*r = rival{in: in, run: ln.run, against: against}
		if sameSender { // perhaps it publishes anew, quickly
			r.evidence = before.evidence
		} else if before.in != nil && before.in.id != in.id && !ln.told && l.lineOf(before.run) == ln {
			r.evidence = before.evidence // it has several, with pauses between them
		}
		if !ln.quiet && ln.ended.IsZero() { // else it is what one expects
			s.alarm(known)
			s.isStranger(now, ln, "an FDT Instance")
		}
	}
	if r.run != ln.run && known.run == ln.run { // the sender before was heard meanwhile
		s.seam(ln)
		r.run, r.in.run = ln.run, ln.run
	}
	r.in.touched = now
	if r.in.fingerprint(p); r.in.isHead(p) {
		r.add(now, &r.seen)
	}
	if r.in.object != nil && r.files == nil {
		if err := s.feedRival(now, known, p); err != nil {
			return err
		}
	}
	if s.judge(now) {
		return nil
	}
	return errConflict
}

// feedRival takes a packet of the rival. Where it contradicts only an FDT Instance that was never whole, it takes its
// place at once.
func (s *Session) feedRival(now time.Time, known *instance, p *alc.Packet) error {
	l := s.l
	in := l.rival.in
	if p.HasCENC {
		in.cenc = int(p.CENC)
	}
	if _, err := in.handle(now, p); err != nil && !errors.Is(err, errDuplicate) {
		l.dropRival()
		return err
	}
	switch {
	case !in.isWhole():
		return nil
	case !known.read:
		l.rival = rival{}
		s.install(now, in, nil)
		return nil
	}
	err := s.read(now, in)
	if drop.Of(err) == drop.Fault { // it says what is wrong with the document
		return errConflict
	}
	return err
}

// isRival reports whether in is a rival that was not read: it is beside the known FDT Instances.
func (s *Session) isRival(in *instance) bool { return s.l.rival.in == in && s.l.instances[in.id] != in }

// concludeRival takes the document of the rival, or why it cannot be read.
func (s *Session) concludeRival(in *instance, f *fdt.Instance, err error) error {
	l := s.l
	if err == nil && !l.share.Small.TryReserve(uint64(len(f.Files))*rivalFileCost) {
		err = errBudget
	}
	if err != nil {
		l.dropRival()
		return err
	}
	l.rival.document = f
	l.rival.describe(f)
	return nil
}

// describe remembers what the rival describes. It was paid.
func (r *rival) describe(f *fdt.Instance) {
	r.listing, r.cost = f, uint64(len(f.Files))*rivalFileCost
	r.files = make(map[flute.TOI]*fdt.File, len(f.Files))
	for i := range f.Files {
		r.files[f.Files[i].TOI] = &f.Files[i]
	}
}

// alarm tells, once for each known instance, that another has its ID.
func (s *Session) alarm(in *instance) {
	if in.alarmed || !in.read {
		return
	}
	in.alarmed = true
	s.emit(event.FDTRejected{Session: s.l.key, ID: in.id, Reason: "other content under an FDT Instance ID in use"})
}

// contest makes in, which was read and changes the meaning of TOIs that are known, the rival.
func (s *Session) contest(now time.Time, in *instance, f *fdt.Instance, against run, next bool) {
	l := s.l
	if !l.share.Small.TryReserve(uint64(len(f.Files)) * rivalFileCost) {
		in.later(now)
		return
	}
	before := l.rival
	l.dropRival()
	l.rival = rival{in: in, run: in.run, against: against, partial: next}
	sameBefore := before.against == against || l.lineOf(before.against) == l.lineOf(against)
	if before.in != nil && sameBefore && before.partial == next && l.lineOf(before.run) == l.lineOf(in.run) {
		l.rival.run = min(before.run, in.run)
		l.rival.evidence = before.evidence // its sender has several FDT Instances, or renews them quickly
		l.reread(before.in.id, now)
	}
	l.rival.describe(f)
	l.rival.add(now, &l.rival.seen)
	for toi, file := range l.rival.files {
		e := l.entries[toi]
		if e != nil && e.file != nil && !hasDigest(e.file) && changed(e.file, file) != "" {
			e.contested = true // a digest tells at the end whose packets they were
		}
	}
}

// sweepRival forgets a rival that is not heard any more.
func (s *Session) sweepRival(now time.Time) {
	r := &s.l.rival
	if r.in == nil {
		return
	}
	if at := r.in.touched.Add(refusalTime); !due(at, now) {
		s.l.schedule(at)
		s.judge(now)
		return
	}
	s.oldHeard()
	s.l.dropRival()
}
