package receiver

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

const (
	// seamSilence is the least silence that makes a seam: a program is not started again in less, if systemd does it,
	// by far, and even an idle sender repeats its FDT Instance about every second.
	seamSilence = 400 * time.Millisecond
	// seamPace is how many times the usual time between two packets a silence must last: a slow sender has no seams.
	seamPace = 8
	// maxSeamSilence is a silence that always makes a seam.
	maxSeamSilence = 30 * time.Second
	// maxDoubts bounds the runs of a line that nothing has told apart yet, and those that are over.
	maxDoubts = 64
	// linesPerFeed is how many source ports are told apart on one feed.
	linesPerFeed = 2
	// portShare is how long a port must send nothing but packets of files, beside another with FDT Instances, until
	// they are taken for two sockets of one sender.
	portShare = 3 * time.Second
)

// line is what comes from one UDP source port on one feed.
type line struct {
	feed   uint8
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
	quiet  bool          // run began after Config.RestartSilence without a packet from anywhere
	ended  time.Time     // the A flag that run began after; zero: it did not
}

// line returns the line of a packet from this origin. A third port of a feed takes the place of the one that was silent
// for longer.
func (s *Session) line(now time.Time, origin Origin, p *alc.Packet) *line {
	l := s.l
	feed, port := origin.Feed, origin.Port
	if l.cfg.ROUTE {
		port = 0
	}
	if int(feed)*linesPerFeed >= len(l.lines) {
		feed = 0
	}
	lines := l.lines[linesPerFeed*int(feed):][:linesPerFeed]
	ln := &lines[0]
	switch {
	case ln.run == 0:
		*ln = l.firstLine(now, feed, port)
	case port == 0 || ln.port == port:
	case ln.port == 0:
		ln.port = port
	case lines[1].port == port:
		ln = &lines[1]
	default:
		if replaceable(&lines[1], ln, now) {
			ln = &lines[1]
		}
		*ln = line{
			feed: feed, port: port, run: l.newRun(), since: now, last: now,
			quiet: now.Sub(l.last) >= l.cfg.RestartSilence, ended: l.closedAt(),
		}
		ln.doubts = append(ln.doubts, ln.run)
	}
	s.listen(now, ln, p)
	return ln
}

// firstLine returns the line of the first packet of a feed: it brings what other feeds do, if there are any.
func (l *Ledger) firstLine(now time.Time, feed uint8, port uint16) line {
	known := l.latestLine()
	if known == nil { // the first packet of the session
		ln := line{feed: feed, port: port, run: l.newRun(), since: now, last: now}
		ln.doubts = append(ln.doubts, ln.run)
		return ln
	}
	return line{
		feed: feed, port: port, run: known.run, told: known.told, before: known.before, newest: known.newest,
		past: slices.Clone(known.past), doubts: slices.Clone(known.doubts), since: now, last: now,
	}
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
	if s.l.cfg.ROUTE { // nothing but its TOIs tells which run a packet is of, see efdt.go
		ln.last = now
		return
	}
	silence := now.Sub(ln.last)
	least := max(min(seamSilence, s.l.cfg.RestartSilence), min(seamPace*ln.pace, maxSeamSilence))
	// One pause among many packets does not make a sender slow.
	ln.pace += (min(silence, max(seamSilence, 4*ln.pace)) - ln.pace) / 16
	switch {
	case silence >= least:
		s.seam(ln)
		ln.quiet, ln.ended = now.Sub(s.l.last) >= s.l.cfg.RestartSilence, ln.closed
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

// hearAtOnce is listen for a packet without flags that came in the same read as the one before, and on the same line.
func (ln *line) hearAtOnce() { ln.pace -= ln.pace / 16 }

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

// isDoubt reports whether r is one of the runs of ln that nothing has told apart.
func (ln *line) isDoubt(r run) bool { return slices.Contains(ln.doubts, r) }

// replaceable reports whether a third port takes the place of a, not that of b. A sender that is known keeps its place
// beside any number of ports; so does the one that was there first, if the other sends its FDT Instances, too.
func replaceable(a, b *line, now time.Time) bool {
	if a.run == 0 || !a.isKnown() && !b.isKnown() {
		return a.last.Before(b.last)
	}
	first := a
	if !a.isKnown() || b.isKnown() && b.since.Before(a.since) {
		first = b
	}
	return (first == b) == (now.Sub(first.last) < maxRivalTime)
}

// isKnown reports whether FDT Instances that came on ln were read.
func (ln *line) isKnown() bool { return ln.told || ln.before != 0 }

// latestLine returns the line that was heard last; nil: there is none yet.
func (l *Ledger) latestLine() (latest *line) {
	for i := range l.lines {
		if ln := &l.lines[i]; ln.run != 0 && (latest == nil || ln.last.After(latest.last)) {
			latest = ln
		}
	}
	return latest
}

// lineOf returns the line on which packets of r come, as far as is known: one that sends r now before one that may, or
// that did before; of several the one that was heard last. nil if there is none.
func (l *Ledger) lineOf(r run) (found *line) {
	if r == 0 { // of no run, as a line is that was not heard yet
		return nil
	}
	for i := range l.lines {
		ln := &l.lines[i]
		if ln.run != r && (ln.told || ln.before != r && !ln.isDoubt(r)) {
			continue
		}
		switch {
		case found == nil:
			found = ln
		case ln.feed == found.feed && (ln.run == r) != (found.run == r):
			if ln.run == r {
				found = ln
			}
		case ln.last.After(found.last):
			found = ln
		}
	}
	return found
}

// joinLines takes a line without FDT Instances for another socket of the sender on ln, which has them, after some time.
func (s *Session) joinLines(now time.Time, ln *line) {
	for i := range s.l.lines {
		other := &s.l.lines[i]
		if other != ln && other.run != 0 && !other.told && other.fdt.IsZero() && now.Sub(other.since) >= portShare {
			s.recognise(other, ln.run)
		}
	}
}

// otherPort reports whether packets came from another port than that of ln.
func (l *Ledger) otherPort(ln *line) bool {
	for i := range l.lines {
		if other := &l.lines[i]; other != ln && other.run != 0 {
			return true
		}
	}
	return false
}

// silentFor returns how long nothing has come on ln.
func silentFor(ln *line, now time.Time) time.Duration {
	if ln == nil {
		return portSilence
	}
	return now.Sub(ln.last)
}
