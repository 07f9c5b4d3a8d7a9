package receiver

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// An FDT Instance that contradicts what is known is an error, or forged, or of a sender that was started again: "Receipt
// of an FDT Instance that reuses an FDT Instance ID value that is currently used by a non-expired FDT Instance MUST be
// considered an error case", and what a receiver does then is left to it (RFC 6726, section 3.4.1). One such Instance, the
// rival, is received beside the known ones. It takes their place when it is heard again and again while the sender before
// is not; a packet or two do not throw away a session that goes on.

const (
	// rivalTime is how long the sender before must not be heard, at least, where nothing tells the two apart but their FDT
	// Instances; and rivalIntervals how many times its usual interval between FDT Instances.
	rivalTime      = 2 * time.Second
	rivalIntervals = 3
	// endedTime is the same after an A flag, or twice the interval; and portSilence where the sender before has another
	// port: it sends nothing at all there.
	endedTime   = time.Second
	portSilence = 500 * time.Millisecond
	// maxRivalTime bounds what an interval between FDT Instances makes of rivalTime.
	maxRivalTime = 15 * time.Second
	// rivalFileCost is charged for each file that a rival describes.
	rivalFileCost = 1 << 10
)

// rival is the FDT Instance that contradicts, and the evidence for it.
type rival struct {
	in      *instance // nil: there is none
	files   map[flute.TOI]*fdt.File
	cost    uint64 // charged for files
	run     run    // the first of its packets
	against run    // what it contradicts
	partial bool   // it is the next FDT Instance of the known ones: only the TOIs that it changes are in doubt

	// Evidence since the run against was heard last.
	seen   int       // its first symbol
	data   int       // packets of files that may be of its sender
	proofs int       // packets of files that can only be of its sender
	since  time.Time // when it was more than one packet
}

// clear forgets the evidence: the sender before was heard.
func (r *rival) clear() { r.seen, r.data, r.proofs, r.since = 0, 0, 0, noTime }

// inherit takes over the evidence for another FDT Instance of the same sender.
func (r *rival) inherit(other *rival) {
	r.seen, r.data, r.proofs, r.since = other.seen, other.data, other.proofs, other.since
}

// add counts evidence.
func (r *rival) add(now time.Time, counter *int) {
	*counter++
	if r.since.IsZero() && r.seen+r.data >= 2 {
		r.since = now
	}
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
		against, evidence := known.run, *r
		l.dropRival()
		sameSender := evidence.in != nil && evidence.run == ln.run
		if known.read && (ln.run == known.run || sameSender) { // what follows may be of either
			s.seam(ln)
		}
		in := &instance{id: p.InstanceID, version: p.FLUTEVersion, cenc: -1, run: ln.run}
		l.prepare(in)
		*r = rival{in: in, run: ln.run, against: against}
		if sameSender { // perhaps it publishes anew, quickly
			r.inherit(&evidence)
		}
		if !ln.quiet && ln.ended.IsZero() { // else it is what one expects
			s.alarm(known)
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

// feedRival takes a packet of the rival. Where it contradicts only an FDT Instance that was never whole, it takes its place
// at once.
func (s *Session) feedRival(now time.Time, known *instance, p *alc.Packet) error {
	l := s.l
	in := l.rival.in
	if p.HasCENC {
		in.cenc = int(p.CENC)
	}
	err := in.object.handle(now, p)
	if e := in.object.e; e.phase == failed || e.phase == resting {
		err = errStore
	}
	if err != nil && !errors.Is(err, errDuplicate) {
		l.dropRival()
		return err
	}
	switch {
	case !in.isWhole():
		return nil
	case !known.read:
		l.rival = rival{}
		s.install(now, in)
		return nil
	}
	f, err := s.parseInstance(now, in)
	if errors.Is(err, errBusy) { // with the next packet of it
		return nil
	}
	if err == nil && !l.share.Small.TryReserve(uint64(len(f.Files))*rivalFileCost) {
		err = errBudget
	}
	if err != nil {
		l.dropRival()
		return err
	}
	l.rival.describe(f)
	return nil
}

// install makes in, which is whole, the FDT Instance of its ID.
func (s *Session) install(now time.Time, in *instance) {
	l := s.l
	if known := l.instances[in.id]; known != nil && known != in {
		l.forgetInstance(known.id, known)
	}
	l.instances[in.id] = in
	l.arriving = append(l.arriving, in)
	l.effects.Events = l.opening(l.effects.Events)
	_ = s.read(now, in) // an error was told
}

// describe remembers what the rival describes. It was paid.
func (r *rival) describe(f *fdt.Instance) {
	r.cost = uint64(len(f.Files)) * rivalFileCost
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
	evidence := l.rival
	l.dropRival()
	l.rival = rival{in: in, run: in.run, against: against, partial: next}
	if evidence.in != nil && evidence.against == against && evidence.partial == next && l.lineOf(evidence.run) == l.lineOf(in.run) {
		l.rival.run = min(evidence.run, in.run)
		l.rival.inherit(&evidence) // its sender has several FDT Instances, or renews them quickly
		l.reread(evidence.in.id, now)
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

// support notes that the first symbol of in came again on ln.
func (s *Session) support(now time.Time, ln *line, in *instance) {
	r := &s.l.rival
	switch {
	case r.in == nil:
	case r.in == in:
		if s.l.lineOf(r.run) == nil && !r.partial { // the sender before was heard meanwhile
			s.seam(ln)
			r.run, in.run = ln.run, ln.run
		}
		r.add(now, &r.seen)
		s.judge(now)
	case in.read && in.run == r.against:
		s.oldHeard()
	}
}

// oldHeard notes that the sender which the rival contradicts goes on. Nothing that the rival says counts so far.
func (s *Session) oldHeard() {
	l := s.l
	r := &l.rival
	r.clear()
	for _, e := range l.entries { // also those of FDT Instances that were the rival before
		if e.contested {
			e.contested = false
			s.rejoin(e)
		}
	}
}

// weigh takes a packet on ln, of the object e or of one that is not known, as evidence. It reports whether the rival has
// won by it: then the packet means something else than before.
func (s *Session) weigh(now time.Time, ln *line, e *entry, p *alc.Packet) bool {
	r := &s.l.rival
	switch {
	case r.in == nil:
		return false
	case ln == s.l.lineOf(r.against) && ln != s.l.lineOf(r.run):
		r.clear() // the sender before goes on, from its own port
		return false
	case r.files == nil || ln != s.l.lineOf(r.run):
		return false
	}
	if s.proves(e, p) {
		r.proofs++
	}
	r.add(now, &r.data)
	return s.judge(now)
}

// proves reports whether p has the FEC OTI that the rival gives its object, and not what is known of it.
func (s *Session) proves(e *entry, p *alc.Packet) bool {
	file := s.l.rival.files[p.TOI]
	if file == nil || p.FTI == nil || !file.HasOTI {
		return false
	}
	oti, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
	if err != nil || !equivalent(oti, file.OTI) {
		return false
	}
	switch {
	case e == nil || e.file == nil:
		return true
	case e.rec != nil:
		return !equivalent(oti, e.rec.oti)
	}
	return e.file.HasOTI && !equivalent(oti, e.file.OTI)
}

// judge reports whether the rival has won, and lets it take the place of what it contradicts then.
func (s *Session) judge(now time.Time) bool {
	l := s.l
	r := &l.rival
	if r.in == nil || r.files == nil || r.seen+r.data < 2 {
		return false
	}
	strong := r.seen >= 2 || r.proofs > 0
	ln := l.lineOf(r.run)
	old := l.lineOf(r.against)
	switch {
	case strong && ln != nil && ln.quiet && !r.partial:
	case strong && ln != nil && !ln.ended.IsZero() && now.Sub(ln.ended) >= max(endedTime, 2*l.fdtInterval):
	case strong && ln != nil && old != ln && r.run != r.against && l.otherPort(ln) && silentFor(old, now) >= portSilence:
	case now.Sub(r.since) >= l.rivalTime() && (old == nil || old == ln || silentFor(old, now) >= portSilence):
	default:
		l.schedule(now.Add(portSilence))
		return false
	}
	s.adopt(now)
	return true
}

// otherPort reports whether packets came from another port than that of ln.
func (l *Ledger) otherPort(ln *line) bool {
	other := &l.lines[0]
	if ln == other {
		other = &l.lines[1]
	}
	return other.run != 0
}

// silentFor returns how long nothing has come on ln.
func silentFor(ln *line, now time.Time) time.Duration {
	if ln == nil {
		return portSilence
	}
	return now.Sub(ln.last)
}

// rivalTime returns how long the sender before must not be heard.
func (l *Ledger) rivalTime() time.Duration {
	return min(max(rivalTime, rivalIntervals*l.fdtInterval), maxRivalTime)
}

// adopt lets the rival take the place of what it contradicts.
func (s *Session) adopt(now time.Time) {
	l := s.l
	r := l.rival
	l.rival = rival{}
	l.share.Small.Release(r.cost)
	if ln := l.lineOf(r.run); ln != nil { // seams since it was first heard have been none
		s.recogniseFrom(ln, r.run)
	}
	r.in.run = r.run
	for id, in := range l.instances { // what they describe may have been refused
		if in.run == r.run && in != r.in {
			l.reread(id, now)
		}
	}
	if r.partial {
		s.adoptFiles(now, &r)
		return
	}
	s.newRun(&r)
	if r.in.object == nil { // it was read before, as far as it contradicts nothing
		s.adoptFiles(now, &r)
	} else {
		s.install(now, r.in)
	}
	for toi := range l.apart { // of files that it does not describe
		e := l.entries[toi]
		if e == nil {
			var err error
			if e, err = l.entry(now, toi); err != nil {
				continue
			}
			e.run = r.run
		}
		s.rejoin(e)
	}
	l.apartSince = noTime
}

// adoptFiles gives the TOIs that the rival changes their new meaning.
func (s *Session) adoptFiles(now time.Time, r *rival) {
	l := s.l
	for toi, file := range r.files {
		if e := l.entries[toi]; e != nil && e.file != nil && changed(e.file, file) != "" {
			s.dismiss(e, event.FailSuperseded, "another file has its TOI")
		} else if e != nil && e.run == r.run {
			continue
		}
		if err := s.mergeFile(now, r.in.id, file, r.in.forget); err != nil {
			l.completion.refuse(toi.String())
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
