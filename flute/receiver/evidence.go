package receiver

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

const (
	// rivalTime is how long the sender before must not be heard, at least, where nothing tells the two apart but their
	// FDT Instances; and rivalIntervals how many times its usual interval between FDT Instances.
	rivalTime      = 2 * time.Second
	rivalIntervals = 3
	// endedTime is the same after an A flag, or twice the interval; and portSilence where the sender before has another
	// port: it sends nothing at all there.
	endedTime   = time.Second
	portSilence = 500 * time.Millisecond
	// maxRivalTime bounds what an interval between FDT Instances makes of rivalTime.
	maxRivalTime = 15 * time.Second
)

// evidence is what speaks for a rival since the run that it contradicts was heard last.
type evidence struct {
	seen   int       // its first symbol
	data   int       // packets of files that may be of its sender
	proofs int       // packets of files that can only be of its sender
	since  time.Time // when it was more than one packet
}

// add counts evidence.
func (v *evidence) add(now time.Time, counter *int) {
	*counter++
	if v.since.IsZero() && v.seen+v.data >= 2 {
		v.since = now
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
	case in.read && (in.run == r.against || in.run != r.run) && !in.isPresumed(now):
		s.oldHeard()
	}
}

// oldHeard notes that the sender which the rival contradicts goes on. Nothing that the rival says counts so far.
func (s *Session) oldHeard() {
	l := s.l
	r := &l.rival
	r.evidence = evidence{}
	for _, e := range l.entries { // also those of FDT Instances that were the rival before
		if e.contested {
			e.contested = false
			s.rejoin(e)
		}
	}
}

// weigh takes a packet on ln, of the object e or of one that is not known, as evidence. It reports whether the rival
// has won by it: then the packet means something else than before.
func (s *Session) weigh(now time.Time, ln *line, e *entry, p *alc.Packet) bool {
	r := &s.l.rival
	switch {
	case r.in == nil:
		return false
	case ln == s.l.lineOf(r.against) && ln != s.l.lineOf(r.run):
		r.evidence = evidence{} // the sender before goes on, from its own port
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
	case e.held != nil:
		return !equivalent(oti, e.held.OTI)
	}
	return e.file.HasOTI && !equivalent(oti, e.file.OTI)
}

// isHeard reports whether it is known what the rival describes, and more than one packet speaks for it.
func (r *rival) isHeard() bool { return r.files != nil && r.seen+r.data >= 2 }

// judge reports whether the rival has won, and lets it take the place of what it contradicts then.
func (s *Session) judge(now time.Time) bool {
	l := s.l
	r := &l.rival
	if !r.isHeard() {
		return false
	}
	strong := r.seen >= 2 || r.proofs > 0
	ln := l.lineOf(r.run)
	old := l.lineOf(r.against)
	switch {
	case strong && ln != nil && ln.quiet && !r.partial:
	case strong && ln != nil && !ln.ended.IsZero() && now.Sub(ln.ended) >= max(endedTime, 2*l.fdtInterval):
	case strong && ln != nil && old != ln && l.otherPort(ln) && silentFor(old, now) >= portSilence:
	case now.Sub(r.since) >= l.rivalTime() && (old == nil || old == ln || silentFor(old, now) >= portSilence):
	default:
		l.schedule(now.Add(portSilence))
		return false
	}
	s.adopt(now)
	return true
}

// rivalTime returns how long the sender before must not be heard.
func (l *Ledger) rivalTime() time.Duration {
	return min(max(rivalTime, rivalIntervals*l.fdtInterval), maxRivalTime)
}
