package sender

import (
	"io"
	"reflect"
	"sync"
	"sync/atomic"
)

// readJob opens a Source, reads pieces of it, and looks whether it has changed meanwhile.
type readJob struct {
	key     any
	source  Source // to be opened; nil: it is
	src     io.ReaderAt
	opened  Opened
	version Version
	pieces  []*piece
	read    atomic.Uint32 // how many of them were read
	taken   int           // how many of these the session has
	final   bool          // all packets but the last are out
	whole   bool          // nothing is to be read after it
	owner   atomic.Uint32

	err     error // of opening
	changed bool
	closed  bool // opened is closed: nothing of it is needed any more
}

// Who closes what a readJob has opened.
const (
	jobHeld      uint32 = iota
	jobEnded            // the session
	jobAbandoned        // the job, at its end
)

func (j *readJob) lane() any { return j.key }
func (j *readJob) cancel()   {}

func (j *readJob) run(sync.Locker) error {
	j.err, j.changed, j.closed = nil, false, false
	defer func() {
		if !j.owner.CompareAndSwap(jobHeld, jobEnded) && j.opened != nil && !j.closed {
			_ = j.opened.Close()
		}
	}()
	if j.source != nil && j.opened == nil {
		if j.err = j.open(); j.err != nil {
			return nil
		}
	}
	for i := j.read.Load(); int(i) < len(j.pieces) && j.owner.Load() == jobHeld; i++ {
		p := j.pieces[i]
		if p.err = readFull(j.src, p.buf, p.off); p.err != nil {
			for _, q := range j.pieces[i:] {
				q.err = p.err
			}
			i = uint32(len(j.pieces)) - 1
		}
		j.read.Store(i + 1)
	}
	j.changed = j.opened != nil && !isVersion(j.opened, j.version)
	if j.final && j.whole && !j.changed && j.opened != nil {
		_ = j.opened.Close() // nothing was written
		j.closed = true      // src and opened stay: the session may be taking them
	}
	return nil
}

// open opens the Source, if it is at the version that was prepared.
func (j *readJob) open() error {
	opened, v, err := openVersion(j.source)
	if err != nil {
		return err
	}
	if v == j.version && j.src == nil {
		j.src, j.opened = opened, opened
		return nil
	}
	_ = opened.Close()
	if v != j.version {
		return changedWhile("waiting")
	}
	return nil
}

// closeJob closes what was opened, or what the session owns.
type closeJob struct {
	key     any
	closers []io.Closer
}

func (j *closeJob) lane() any { return j.key }
func (j *closeJob) cancel()   {}

func (j *closeJob) run(sync.Locker) error {
	for _, c := range j.closers {
		_ = c.Close() // what was written is of no use any more
	}
	return nil
}

// closeOwned closes what the session owns of o, once.
func (s *Session) closeOwned(o *Object) {
	if j := (&closeJob{key: laneOf(o), closers: o.closers()}); len(j.closers) > 0 && o.holder.end() {
		s.works.do(&Work{job: j}, s.clock.now)
	}
}

// letGo frees the content of o, which has ended, and all that its packets were made with.
func (s *Session) letGo(o *object) {
	o.late.discard()
	s.closeOwned(o.Object)
	o.Object, o.coding, o.headers = nil, nil, headers{}
}

// closers returns what is to be closed of an object that is Owned.
func (o *Object) closers() (all []io.Closer) {
	if c, ok := o.scratch.(io.Closer); ok && o.owned {
		all = append(all, c)
	}
	if c, ok := o.file.Content.(io.Closer); ok && o.file.Owned {
		all = append(all, c)
	}
	return all
}

// laneOf returns what the Works that read o share: see Work.Lane.
func laneOf(o *Object) any {
	if src := o.file.Source; src != nil && reflect.TypeOf(src).Comparable() {
		return src
	}
	return o
}
