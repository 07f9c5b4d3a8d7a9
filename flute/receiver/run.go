package receiver

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
)

// A session outlives the program that sends it, and one that was started again often uses FDT Instance IDs and TOIs a
// second time. A run is what one start of that program sends; within a run a TOI has one meaning. Where packets come
// again after silence or after an A flag, or from another UDP port, nobody can tell at first whether they are of the run
// before: there is a seam, and they get a run of their own. An FDT Instance tells: if its first symbol is that of one
// which is known, the two runs are one. Until then packets of known objects are held apart (see apart.go).
type run uint64

const (
	// seamSilence is the least silence that makes a seam: a program is not started again in less, if systemd does it, by
	// far, and even an idle sender repeats its FDT Instance about every second.
	seamSilence = 400 * time.Millisecond
	// seamPace is how many times the usual time between two packets a silence must last: a slow sender has no seams.
	seamPace = 8
	// maxSeamSilence is a silence that always makes a seam.
	maxSeamSilence = 30 * time.Second
	// maxDoubts bounds the runs of a line that nothing has told apart yet, and those that are over.
	maxDoubts = 64
	// portShare is how long a port must send nothing but packets of files, beside another with FDT Instances, until they
	// are taken for two sockets of one sender.
	portShare = 3 * time.Second
)

// line is what comes from one UDP source port.
type line struct {
	port   uint16           // 0: not known
	run    run              // of its packets now
	told   bool             // an FDT Instance of run was read, or has shown which one it is
	before run              // if told is false: the latest run that was told; 0: none
	newest flute.InstanceID // of run, or of before
	past   []run            // the runs before that were told, oldest first
	doubts []run            // run and those before it that may be the same, if told is false
	since  time.Time
	last   time.Time
	fdt    time.Time     // latest packet of an FDT Instance; zero: none
	closed time.Time     // latest packet, if it had the A flag; zero: it had not
	pace   time.Duration // usual time between two packets
	quiet  bool          // run began after Config.EpochSilence without a packet from anywhere
	ended  time.Time     // the A flag that run began after; zero: it did not
}

// newRun returns a number for what may be a run of its own.
func (l *Ledger) newRun() run {
	l.runs++
	return l.runs
}

// line returns the line of a packet from this port. A third port takes the place of the one that was silent for longer.
func (s *Session) line(now time.Time, port uint16, p *alc.Packet) *line {
	l := s.l
	ln := &l.lines[0]
	switch {
	case ln.run == 0: // the first packet of the session
		*ln = line{port: port, run: l.newRun(), since: now, last: now}
		ln.doubts = append(ln.doubts, ln.run)
	case port == 0 || ln.port == port:
	case ln.port == 0:
		ln.port = port
	case l.lines[1].port == port:
		ln = &l.lines[1]
	default:
		if l.lines[1].last.Before(ln.last) {
			ln = &l.lines[1]
		}
		*ln = line{
			port: port, run: l.newRun(), since: now, last: now,
			quiet: now.Sub(l.last) >= l.cfg.EpochSilence, ended: l.closedAt(),
		}
		ln.doubts = append(ln.doubts, ln.run)
	}
	s.listen(now, ln, p)
	return ln
}

// closedAt returns when the latest packet of the session came, if it had the A flag; else the zero time.
func (l *Ledger) closedAt() time.Time {
	if l.closed {
		return l.last
	}
	return noTime
}

// listen notes that p came on ln, and makes a seam where there is one.
func (s *Session) listen(now time.Time, ln *line, p *alc.Packet) {
	silence := now.Sub(ln.last)
	least := max(min(seamSilence, s.l.cfg.EpochSilence), min(seamPace*ln.pace, maxSeamSilence))
	// One pause among many packets does not make a sender slow.
	ln.pace += (min(silence, max(seamSilence, 4*ln.pace)) - ln.pace) / 16
	switch {
	case silence >= least:
		s.seam(ln)
		ln.quiet, ln.ended = now.Sub(s.l.last) >= s.l.cfg.EpochSilence, ln.closed
	case !ln.closed.IsZero() && !p.CloseSession:
		closed := ln.closed
		s.seam(ln)
		ln.ended = closed
	}
	ln.last, ln.closed = now, noTime
	if p.CloseSession {
		ln.closed = now
	}
	if p.HasTOI && p.TOI.IsFDT() && len(p.Body) > 0 {
		ln.fdt = now
	}
}

// seam gives what follows on ln a run of its own.
func (s *Session) seam(ln *line) {
	if ln.told {
		ln.before, ln.past, ln.doubts = ln.run, push(ln.past, ln.run), ln.doubts[:0]
	}
	ln.run, ln.told, ln.quiet, ln.ended = s.l.newRun(), false, false, noTime
	ln.doubts = push(ln.doubts, ln.run)
}

// push appends r to runs, of which it keeps the latest.
func push(runs []run, r run) []run {
	if len(runs) == maxDoubts {
		runs = slices.Delete(runs, 0, 1)
	}
	return append(runs, r)
}

// recognise tells that the packets on ln are of the run known: the runs of ln that were in doubt are the same, and so are
// those that have come between.
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
}

// recogniseFrom tells that the seams on ln since the run first have been none.
func (s *Session) recogniseFrom(ln *line, first run) { s.unite(ln, first, first, false) }

// unite gives those runs of ln that were in doubt, from first on, the name known. told: an FDT Instance of one of them was
// read.
func (s *Session) unite(ln *line, first, known run, told bool) {
	l := s.l
	same := func(r run) bool { return r != 0 && r >= first && ln.isDoubt(r) }
	for _, in := range l.instances {
		if same(in.run) {
			in.run = known
		}
	}
	rename := func(e *entry) {
		if e.gone || !same(e.run) {
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
	ln.run, ln.told, ln.doubts = known, true, ln.doubts[:0]
	l.pruneDoubtful()
}

// give makes e an object of the run r.
func (l *Ledger) give(e *entry, r run) {
	e.run = r
	if e.doubtful || !l.isDoubtful(r) {
		return
	}
	if len(l.doubtful) > 2*len(l.entries)+maxDoubts {
		l.pruneDoubtful()
	}
	e.doubtful = true
	l.doubtful = append(l.doubtful, e)
}

// pruneDoubtful leaves those objects in the list whose run may turn out to be another one.
func (l *Ledger) pruneDoubtful() {
	l.doubtful = slices.DeleteFunc(l.doubtful, func(e *entry) bool {
		e.doubtful = !e.gone && l.isDoubtful(e.run)
		return !e.doubtful
	})
}

// isDoubtful reports whether nothing has told yet which run r is.
func (l *Ledger) isDoubtful(r run) bool {
	ln := l.lineOf(r)
	return ln != nil && !ln.told
}

// share takes a line without FDT Instances for another socket of the sender on ln, which has them, after some time.
func (s *Session) share(now time.Time, ln *line) {
	for i := range s.l.lines {
		other := &s.l.lines[i]
		if other != ln && other.run != 0 && !other.told && other.fdt.IsZero() && now.Sub(other.since) >= portShare {
			s.recognise(other, ln.run)
		}
	}
}

// isDoubt reports whether r is one of the runs of ln that nothing has told apart.
func (ln *line) isDoubt(r run) bool { return slices.Contains(ln.doubts, r) }

// lineOf returns the line on which packets of r come, as far as is known; nil if there is none.
func (l *Ledger) lineOf(r run) *line {
	for i := range l.lines {
		ln := &l.lines[i]
		if ln.run == r || !ln.told && r != 0 && (ln.before == r || ln.isDoubt(r)) {
			return ln
		}
	}
	return nil
}

// nextInstances is how far ahead an FDT Instance ID may be to be taken for the next of the same run: its sender numbers
// them one by one (RFC 6726, section 3.4.1), and some may be lost.
const nextInstances = 8

// place finds out of which run in is, whose document is f. It reports whether in follows the known FDT Instances of that
// run.
func (s *Session) place(in *instance, f *fdt.Instance, now time.Time) (next bool) {
	l := s.l
	ln := l.lineOf(in.run)
	contradicts := false
	for i := range f.Files {
		e := l.entries[f.Files[i].TOI]
		if e != nil && e.file != nil && !due(e.expires, now) && changed(e.file, &f.Files[i]) != "" {
			contradicts = true
			break
		}
	}
	if ln == nil {
		return false
	}
	ahead := (in.id - ln.newest) & flute.MaxInstanceID
	next = (ln.told || ln.before != 0) && ahead > 0 && ahead <= nextInstances
	switch {
	case !ln.told && l.rival.in != nil && !l.rival.partial && ln.isDoubt(l.rival.run): // its fate tells
	case !ln.told && next && !contradicts && ln.before != 0:
		s.recognise(ln, ln.before)
		ln.newest = in.id
	case contradicts && !ln.told: // perhaps this is no run at all
	case contradicts && !next: // what follows may be of either
		s.seam(ln)
		in.run = ln.run
	case !ln.told || in.id.NewerThan(ln.newest):
		ln.told, ln.newest = true, in.id
	}
	return next
}

// isUntouched reports whether e is a description and nothing more.
func (e *entry) isUntouched() bool {
	return e.phase <= resting && e.rec == nil && e.pending.bytes == 0
}

// claim gives e, which nothing has described so far, to the run whose FDT Instance describes it now. What came before that
// run is of another file perhaps: it is used if nothing is added to it, or if a digest will tell.
func (s *Session) claim(e *entry, file *fdt.File, to run) {
	switch ln := s.l.lineOf(to); {
	case hasDigest(file) && ln != nil:
		s.l.apart[e.toi].rename(ln.isDoubt, to)
	case !hasDigest(file) && e.phase <= receiving && !e.mayBeWhole(file):
		s.l.drop(e, true)
		e.phase = announced
	}
	s.l.give(e, to)
}

// mayBeWhole reports whether nothing needs to be added to what came of e, which file describes.
func (e *entry) mayBeWhole(file *fdt.File) bool {
	if e.rec != nil {
		return e.rec.isWhole()
	}
	symbols := uint64(0)
	if e := uint64(file.OTI.SymbolLength); file.HasOTI && e > 0 {
		symbols = (file.OTI.TransferLength + e - 1) / e
	}
	packets := uint64(len(e.pending.packets))
	return e.pending.whole() || symbols > 0 && packets*uint64(max(1, file.OTI.GroupSize)) >= symbols
}

// contradiction is why a File element is refused whose TOI means something else already. RFC 6726, section 3.3: a later
// FDT Instance may augment a description, it must not change it.
type contradiction string

func (c contradiction) Error() string {
	if c == "" {
		return "its sender may have started again"
	}
	return "its " + string(c) + " differs from an earlier FDT Instance"
}

func hasDigest(f *fdt.File) bool {
	return f != nil && (f.MD5 != nil || f.SHA256 != nil || f.SHA512 != nil)
}

// sharesDigest reports whether a and b, which contradict each other in nothing, have a digest in common: then they are of
// the same bytes.
func sharesDigest(a, b *fdt.File) bool {
	return a.MD5 != nil && b.MD5 != nil || a.SHA256 != nil && b.SHA256 != nil || a.SHA512 != nil && b.SHA512 != nil
}
