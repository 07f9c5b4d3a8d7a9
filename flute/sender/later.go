package sender

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute/internal/content"
)

// An object may be sent before its digests are known. They are computed by Works from the beginning of its first
// transfer on, and announced by the next FDT Instance of its page. Receivers shall know them before they have the whole
// object, so its last source blocks wait for that: for the digests, where the rate is higher than theirs, and for the
// end of the first transmission of the FDT Instance.

// later is the digests of an object that come later.
type later struct {
	state laterState
	job   *digestJob
	work  *Work // that does job
	gate  *Work // that a transfer waits for where it waits for an FDT Instance: nobody runs it
}

type laterState uint8

const (
	laterUnread    laterState = iota // nothing was begun
	laterComputing                   // Works are at it
	laterKnown                       // the description has them; no FDT Instance was sent whole that has
	laterTold
)

// newLater returns the digests that are to come for o; nil: none.
func newLater(o *Object) *later {
	if o.later == 0 {
		return nil
	}
	return &later{}
}

// begin has the digests of o computed, by Works if somebody runs them. It returns these.
func (l *later) begin(o *Object, attended bool) (works []*Work) {
	if l == nil || l.state != laterUnread {
		return nil
	}
	l.state, l.gate = laterComputing, &Work{}
	l.job = newDigestJob(o)
	if o.blank {
		l.work = &Work{job: blankJob{}}
		l.work.Run(nil)
		return nil
	}
	l.work = &Work{job: l.job}
	if !attended {
		return nil // it is run when the transfer has come to its last blocks
	}
	// The job comes first: whoever runs only some Works at a time must not have helpers alone, which wait for it.
	works = append(works, l.work)
	for range l.job.pass.Helpers() {
		works = append(works, &Work{job: &digestHelp{l.job}})
	}
	return works
}

// isComputed reports whether the digests are there, or cannot be had, and the session does not know yet.
func (l *later) isComputed() bool {
	return l != nil && l.state == laterComputing && l.work.done()
}

// holds reports whether the last source blocks have to wait.
func (l *later) holds() bool { return l != nil && l.state < laterTold }

// isUntold reports whether the digests are known and wait for an FDT Instance.
func (l *later) isUntold() bool { return l != nil && l.state == laterKnown }

// told notes that an FDT Instance with the digests, if they are known, was sent whole.
func (l *later) told() {
	if l.isUntold() {
		l.state = laterTold
	}
}

// discard ends the computation.
func (l *later) discard() {
	if l != nil && l.job != nil {
		l.job.stop()
	}
}

// hold returns errBusy if what is left of the transfer has to wait until the digests are announced: as many packets as
// a source block has for each that is sent at a time.
func (x *transfer) hold() error {
	l := x.late
	if !l.holds() {
		x.late = nil
		return nil
	}
	if x.left > x.lastPackets() {
		return nil
	}
	x.held = true
	switch x.waiting = l.gate; {
	case l.state != laterComputing:
	case x.content.attended:
		if x.waiting = l.work; l.work.offers == 0 { // nobody ran Works when the transfer began
			x.works = append(x.works, l.work)
		}
	default:
		l.work.Run(nil)
	}
	return errBusy
}

// lastPackets returns how many packets the last source blocks have.
func (x *transfer) lastPackets() uint64 {
	last := x.coding.group(x.coding.part.BlockSymbols(0))
	return uint64(x.interleave) * uint64(last.packets())
}

// describeLater puts the digests of o into its description, once they are there.
func (s *Session) describeLater(o *object) {
	l := o.late
	l.state = laterTold // if there is nothing to tell
	if err := l.work.err; err != nil {
		s.stats.warn(o.location + " is sent without digests: " + withoutPackage(err.Error()))
		return
	}
	known := *o.Object
	known.setDigests(l.job.digests)
	entry, err := newEntry(s.cfg, &known, o.toi, o.coding)
	if err != nil {
		s.stats.warn(o.location + " is sent without digests: " + withoutPackage(err.Error()))
		return
	}
	o.Object, o.entry = &known, entry
	l.state = laterKnown
	if o.listed = 0; o.page != nil {
		o.page.stale = true // no FDT Instance describes it as it is now
	}
	s.alarm = time.Time{}
}

// digestJob computes the digests of an object.
type digestJob struct {
	key     any
	source  Source // nil: content does not change
	version Version
	content io.ReaderAt
	pass    *content.Pass
	digests digester
	ctx     context.Context
	stop    context.CancelFunc
	open    chan struct{} // closed when the content is open
	opened  sync.Once
}

func newDigestJob(o *Object) *digestJob {
	j := &digestJob{
		key: laneOf(o), source: o.file.Source, version: o.version, content: o.source,
		digests: newDigester(o.later), open: make(chan struct{}),
	}
	j.pass = content.NewPass(o.transferLength, func(b []byte, off uint64) error {
		return readFull(j.content, b, off)
	}, j.digests.consumers()...)
	j.ctx, j.stop = context.WithCancel(context.Background())
	return j
}

func (j *digestJob) lane() any { return j.key }
func (j *digestJob) cancel()   { j.stop() }

func (j *digestJob) run(cpu sync.Locker) error {
	defer j.stop() // also when it panics
	if j.source == nil {
		j.opened.Do(func() { close(j.open) })
		return j.pass.Run(j.ctx, cpu)
	}
	r, v, err := openVersion(j.source)
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // nothing was written
	if v != j.version {
		return changedWhile("waiting")
	}
	j.content = r
	j.opened.Do(func() { close(j.open) })
	if err := j.pass.Run(j.ctx, cpu); err != nil {
		return err
	}
	if !isVersion(r, v) {
		return changedWhile("read")
	}
	return nil
}

// digestHelp helps with a digestJob, on another goroutine.
type digestHelp struct{ job *digestJob }

func (h *digestHelp) lane() any { return h.job.key }
func (h *digestHelp) cancel()   {}

func (h *digestHelp) run(cpu sync.Locker) error {
	select {
	case <-h.job.open:
		h.job.pass.Help(h.job.ctx, cpu)
	case <-h.job.ctx.Done():
	}
	return nil
}
