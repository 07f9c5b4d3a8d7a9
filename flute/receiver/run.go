package receiver

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// A session outlives the program that sends it, and one that was started again often uses FDT Instance IDs and TOIs a
// second time. A run is what one start of that program sends; within a run a TOI has one meaning. Where packets come
// again after silence or after an A flag, or from another UDP port, nobody can tell at first whether they are of the
// run before: there is a seam, and they get a run of their own. An FDT Instance tells: if its first symbol is that of
// one which is known, the two runs are one. Until then packets of known objects are held apart (see apart.go).
type run uint64

// newRun returns a number for what may be a run of its own.
func (l *Ledger) newRun() run {
	l.runs++
	return l.runs
}

// recognise tells that the packets on ln are of the run known: the runs of ln that were in doubt are the same, and so
// are those that have come between.
func (s *Session) recognise(ln *line, known run) {
	if ln.run == known {
		if ln.told {
			s.startMixedAnew(known)
		}
		ln.told = true
		return
	}
	if ln.told {
		ln.past, ln.doubts = push(ln.past, ln.run), ln.doubts[:0]
	}
	between := false
	if at := slices.Index(ln.past, known); at >= 0 {
		between = at+1 < len(ln.past)
		for _, r := range ln.past[at+1:] {
			ln.doubts = push(ln.doubts, r)
		}
		ln.past = ln.past[:at]
	}
	s.unite(ln, 0, known, between)
	s.startMixedAnew(known)
}

// recogniseFrom tells that the seams on ln since the run first have been none.
func (s *Session) recogniseFrom(ln *line, first run) { s.unite(ln, first, first, false) }

// mend tells that the seams on ln since the run first, which is in doubt, have been none. It stays in doubt.
func (s *Session) mend(ln *line, first run) {
	if ln.run == first {
		return
	}
	s.rename(ln, first, first, false)
	ln.run = first
	ln.doubts = slices.DeleteFunc(ln.doubts, func(r run) bool { return r > first })
}

// unite gives those runs of ln that were in doubt, from first on, the name known. told: an FDT Instance of one of them
// was read.
func (s *Session) unite(ln *line, first, known run, told bool) {
	s.rename(ln, first, known, told)
	ln.run, ln.told, ln.doubts = known, true, ln.doubts[:0]
	s.l.pruneDoubtful()
}

// rename is unite as far as it concerns what is known of these runs.
func (s *Session) rename(ln *line, first, known run, told bool) {
	l := s.l
	same := func(r run) bool { return r != 0 && r >= first && ln.isDoubt(r) }
	for _, in := range l.instances {
		if same(in.run) {
			in.run = known
		}
	}
	rename := func(e *entry) {
		if e == nil || e.gone || !same(e.run) {
			return
		}
		e.run = known
		if e.mixed {
			e.mixed = false
			l.effects.Described = append(l.effects.Described, e.toi)
		}
	}
	if told {
		for _, e := range l.entries {
			rename(e)
		}
	} else {
		for _, e := range l.doubtful {
			rename(e)
		}
	}
	if r := &l.rival; known != r.against && same(r.run) {
		r.run, r.in.run = known, known
	}
	for toi, h := range l.apart {
		h.rename(same, known)
		if e := l.entries[toi]; e != nil && e.run == known {
			s.rejoin(e)
		}
	}
}

// give makes e an object of the run r.
func (l *Ledger) give(e *entry, r run) {
	e.run = r
	if e.gone || e.doubt > 0 || !l.isDoubtful(r) {
		return
	}
	if len(l.doubtful) > 2*len(l.entries)+maxDoubts {
		l.pruneDoubtful()
	}
	l.doubtful = append(l.doubtful, e)
	e.doubt = int32(len(l.doubtful))
}

// leaveDoubtful takes e out of the list at once: a flood of TOIs would leave as many forgotten entries there as there
// are others.
func (l *Ledger) leaveDoubtful(e *entry) {
	if e.doubt > 0 {
		l.doubtful[e.doubt-1], e.doubt = nil, 0
	}
}

// pruneDoubtful leaves those objects in the list whose run may turn out to be another one.
func (l *Ledger) pruneDoubtful() {
	kept := l.doubtful[:0]
	for _, e := range l.doubtful {
		switch {
		case e == nil:
		case l.isDoubtful(e.run):
			kept = append(kept, e)
			e.doubt = int32(len(kept))
		default:
			e.doubt = 0
		}
	}
	clear(l.doubtful[len(kept):])
	l.doubtful = kept
}

// isDoubtful reports whether nothing has told yet which run r is.
func (l *Ledger) isDoubtful(r run) bool {
	ln := l.lineOf(r)
	return ln != nil && !ln.told
}

// nextInstances is how far ahead an FDT Instance ID may be to be taken for the next of the same run: its sender numbers
// them one by one (RFC 6726, section 3.4.1), and some may be lost.
const nextInstances = 8

// place finds out of which run in is, whose document is f. It reports whether in follows the known FDT Instances of
// that run.
func (s *Session) place(in *instance, f *fdt.Instance, now time.Time) (next bool) {
	l := s.l
	ln := l.lineOf(in.run)
	if ln == nil {
		return false
	}
	contradicts, own, agrees := s.compare(in, f, ln.before, now)
	ahead := (in.id - ln.newest) & flute.MaxInstanceID
	next = (ln.told || ln.before != 0) && ahead > 0 && ahead <= nextInstances
	switch {
	case !ln.told && l.rival.in != nil && !l.rival.partial && ln.isDoubt(l.rival.run): // its fate tells
	case !ln.told && next && !contradicts && ln.before != 0:
		s.recognise(ln, ln.before)
		if ln.newest = in.id; !agrees {
			in.presumed = now
		}
	case contradicts && !ln.told: // perhaps this is no run at all
	case own && !next: // what follows may be of either
		s.seam(ln)
		in.run = ln.run
	case !ln.told || in.id.NewerThan(ln.newest):
		ln.told, ln.newest = true, in.id
	}
	return next
}

// compare reports whether f, the document of in, contradicts what is known; whether that is of the run of in; and
// whether it describes a file as the run r does.
func (s *Session) compare(in *instance, f *fdt.Instance, r run, now time.Time) (contradicts, own, agrees bool) {
	for i := range f.Files {
		e := s.l.entries[f.Files[i].TOI]
		switch {
		case e == nil || e.file == nil || due(e.expires, now):
		case changed(e.file, &f.Files[i]) != "":
			contradicts, own = true, own || e.run == in.run
		case e.run == r:
			agrees = true
		}
	}
	return contradicts, own, agrees
}

// isUntouched reports whether e is a description and nothing more.
func (e *entry) isUntouched() bool {
	return e.phase <= resting && e.held == nil && e.pending.bytes == 0
}

// follow gives e, which is described, to the run whose FDT Instance describes it as the one before did. If a digest
// tells that the file is the same, so it was in between: packets of that time are taken, too.
func (s *Session) follow(e *entry, to run) {
	if ln := s.l.lineOf(to); ln != nil && e.run != to && hasDigest(e.file) {
		s.l.apart[e.toi].rename(ln.isDoubt, to)
	}
	s.l.give(e, to)
}
