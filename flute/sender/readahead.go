package sender

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"
)

const (
	// readWindow is how many bytes of a file in transfer are read ahead of the source blocks in transfer; at least one
	// source block where the code needs them whole, else Config.ReadAhead. At 100 Mbit/s a disk may take 40 ms for it.
	readWindow = 512 << 10
	// shortBlock is the size up to which a source block is read ahead whole: the window takes four of them.
	shortBlock = readWindow / 4
	// leastPiece is how much of a file is read at once at least where LimitReadAhead leaves less than Config.ReadAhead.
	leastPiece = 16 << 10
	// maxPieces bounds the reads of one Work: source blocks may be very short.
	maxPieces = 64
)

var (
	// errMissing says that bytes are needed that were not read.
	errMissing = errors.New("sender: not read yet")
	// errPanicked says that a Work has crashed over the content.
	errPanicked = errors.New("sender: the content crashed")
)

// openError is the error of a Source before anything of it was read: no packet of the transfer is out.
type openError struct{ err error }

// Error implements error.
func (e *openError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *openError) Unwrap() error { return e.err }

// readAhead is the content of one transfer: opened and read by Works before it is due. One of them is under way at a
// time, since what a Source opens need not be safe for concurrent use.
type readAhead struct {
	src     io.ReaderAt // nil: not open yet
	memory  bool        // reading src is a copy: no Work is needed
	source  Source      // to be opened for the transfer; nil: src does not change
	version Version     // that source shall have
	opened  Opened      // of source, as long as it is src
	object  *Object     // whose content it is; nil: of an FDT Instance

	attended bool     // somebody runs Works; if not, job is run when it is due
	work     *Work    // that does job; nil: none
	job      *readJob // that is to be done, or has crashed; nil: none
	own      readJob  // memory of job, where no Work does it
	pieces   []*piece // read and not fetched
	bytes    int      // of them
	spare    []*piece // their buffers are used again
	most     int      // bytes that are read ahead; 0: readWindow. LimitReadAhead sets it
	due      span     // that was missing
	hungry   bool     // there may be more to be read ahead
	final    bool     // the content was seen to be the same after all packets but the last
	whole    bool     // the look at checked came after all of it was read
	closed   bool     // it was closed after that: all that is left to be sent is in memory
	checked  time.Time
}

// reset makes r the content of o. attended tells whether somebody runs Works.
func (r *readAhead) reset(o *Object, attended bool) {
	*r = readAhead{
		spare: r.spare, most: r.most, own: readJob{pieces: r.own.pieces[:0]}, src: o.source, source: o.file.Source,
		version: o.version, object: o, attended: attended,
	}
	r.memory = r.src != nil && inMemory(r.src)
	r.hungry = r.attended && !r.memory
}

// hold makes r content that is in memory.
func (r *readAhead) hold(src io.ReaderAt) {
	*r = readAhead{spare: r.spare, src: src, memory: true}
}

// atOnce reports whether the content can be read without waiting for anything.
func (r *readAhead) atOnce() bool { return r.memory && r.source == nil }

// direct reports whether content that is not in memory is read when it is due: nobody runs Works, and it does not
// change.
func (r *readAhead) direct() bool {
	return !r.attended && r.source == nil && r.job == nil && len(r.pieces) == 0
}

// fetch makes dst the span, or returns errMissing if it was not read. Until that is done dst holds nothing. It becomes
// more than the span if more was read at once when it was asked for.
func (r *readAhead) fetch(dst *[]byte, want span) error {
	if r.memory || r.direct() {
		buf := slices.Grow((*dst)[:0], int(want.n))[:want.n]
		*dst = buf[:0]
		if err := readFull(r.src, buf, want.off); err != nil {
			return err
		}
		*dst = buf
		return nil
	}
	i := slices.IndexFunc(r.pieces, func(p *piece) bool { return p.off == want.off && uint64(len(p.buf)) >= want.n })
	if i < 0 {
		*dst = (*dst)[:0]
		r.due = want
		return errMissing
	}
	p := r.pieces[i]
	r.pieces = slices.Delete(r.pieces, i, i+1)
	r.bytes -= len(p.buf)
	r.hungry = r.attended
	err := p.err
	if err == nil {
		p.buf, *dst = *dst, p.buf
	}
	r.recycle(p)
	return err
}

func (r *readAhead) recycle(p *piece) {
	p.buf, p.err = p.buf[:0], nil
	r.spare = append(r.spare, p)
	if r.most > 0 {
		r.shrink()
	}
}

// shrink gives up memory of what was read ahead before there was a limit: but for the piece in use, whose memory comes
// back, no more is kept than the limit.
func (r *readAhead) shrink() {
	kept := r.bytes
	for _, p := range r.spare {
		kept += cap(p.buf)
	}
	for _, p := range r.spare {
		if kept <= r.most+leastPiece {
			return
		}
		kept -= cap(p.buf)
		p.buf = nil
	}
}

// window returns how many bytes are read ahead.
func (r *readAhead) window() int { return cmp.Or(r.most, readWindow) }

// borrow takes memory for the next piece.
func (r *readAhead) borrow(buf []byte) {
	p := &piece{}
	if i := slices.IndexFunc(r.spare, func(p *piece) bool { return cap(p.buf) == 0 }); i >= 0 {
		p = r.spare[i]
		r.spare = slices.Delete(r.spare, i, i+1)
	}
	p.buf = buf
	r.recycle(p) // the last one is the next that is used
	r.hungry = true
}

// discard drops the pieces within a span.
func (r *readAhead) discard(s span) {
	kept := r.pieces[:0]
	for _, p := range r.pieces {
		if p.off >= s.off && p.off < s.off+s.n {
			r.bytes -= len(p.buf)
			r.recycle(p)
		} else {
			kept = append(kept, p)
		}
	}
	r.pieces = kept
}

// ahead returns how many bytes were read or are being read, and are not in use.
func (r *readAhead) ahead() int {
	n := r.bytes
	if r.job != nil {
		for _, p := range r.job.pieces[r.job.taken:] {
			n += len(p.buf)
		}
	}
	return n
}

// askedAt returns how many bytes at off were read, or are being read, at once.
func (r *readAhead) askedAt(off uint64) uint64 {
	at := func(pieces []*piece) uint64 {
		if i := slices.IndexFunc(pieces, func(p *piece) bool { return p.off == off }); i >= 0 {
			return uint64(len(pieces[i].buf))
		}
		return 0
	}
	if n := at(r.pieces); n > 0 || r.job == nil {
		return n
	}
	return at(r.job.pieces[r.job.taken:])
}

// newJob returns a job without reads.
func (r *readAhead) newJob() *readJob {
	j := &r.own
	if r.attended {
		j = &readJob{}
	}
	*j = readJob{key: laneOf(r.object), src: r.src, opened: r.opened, version: r.version, pieces: j.pieces[:0]}
	if r.source != nil && r.opened == nil {
		j.source = r.source
	}
	return j
}

// ask adds a read to a job.
func (r *readAhead) ask(j *readJob, s span) {
	p := &piece{}
	if n := len(r.spare); n > 0 {
		p, r.spare = r.spare[n-1], r.spare[:n-1]
	}
	p.off, p.buf = s.off, slices.Grow(p.buf[:0], int(s.n))[:s.n]
	j.pieces = append(j.pieces, p)
}

// begin has j done, by a Work if there is somebody who runs it.
func (r *readAhead) begin(j *readJob, now time.Time) {
	r.job, r.checked = j, now
	if r.attended {
		r.work = &Work{job: j}
		return
	}
	_ = j.run(nil)
}

// again repeats the job that has crashed.
func (r *readAhead) again(now time.Time) {
	r.job.owner.Store(jobHeld)
	r.begin(r.job, now)
}

// waits reports whether a Work is under way that has brought nothing new.
func (r *readAhead) waits() bool {
	return r.work != nil && !r.work.done() && int(r.job.read.Load()) == r.job.taken
}

// settle takes what the Work has brought so far. The error is an openError, errChanged, or that of a crash, after
// which again is to be called or the transfer to be ended.
func (r *readAhead) settle() error {
	j, w := r.job, r.work
	if j == nil || r.waits() {
		return nil
	}
	done := w == nil || w.done() // to be asked before what was read
	n := int(j.read.Load())
	for _, p := range j.pieces[j.taken:n] {
		r.bytes += len(p.buf)
		r.pieces = append(r.pieces, p)
	}
	j.taken = n
	if !done {
		r.take(j)
		return nil
	}
	r.work = nil
	switch {
	case w != nil && w.crashed:
		return errPanicked
	case j.err != nil:
		r.job = nil
		return &openError{j.err}
	}
	r.take(j)
	r.job = nil
	if j.changed {
		return changedWhile("sent")
	}
	r.final, r.whole = r.final || j.final, j.whole
	if j.closed {
		r.src, r.opened = nil, nil
	}
	r.closed = j.closed
	return nil
}

// take takes what j has opened.
func (r *readAhead) take(j *readJob) {
	if j.source == nil {
		return
	}
	r.src, r.opened = j.src, j.opened
	if j.opened == nil { // what was encoded is sent
		r.source = nil
	}
}

// abandon ends the transfer. What it returns is to be closed; nil: nothing, or the Work that uses it closes it.
func (r *readAhead) abandon() (opened Opened) {
	opened = r.opened
	if j := r.job; j != nil {
		ended := r.work == nil || r.work.takeBack() || r.work.done() ||
			!j.owner.CompareAndSwap(jobHeld, jobAbandoned)
		if opened = nil; ended && !j.closed {
			opened = j.opened
		}
	}
	for _, p := range r.pieces {
		r.recycle(p)
	}
	*r = readAhead{spare: r.spare, most: r.most, own: readJob{pieces: r.own.pieces[:0]}}
	return opened
}
