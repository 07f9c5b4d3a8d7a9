package file

import (
	"os"
	"sync"
	"time"
)

const (
	// guessedSync is what a sync of one file is taken to cost before one was measured.
	guessedSync = time.Millisecond
	// worth is how many times as long as its files one by one a round may take: it spares most of their processor time.
	worth = 4
	// leastWait is for how long a round waits for its sync in any case.
	leastWait = 20 * time.Millisecond
	// mostGather bounds for how long a round waits for the files of those who were in the one before.
	mostGather = 200 * time.Millisecond
	// maxRound is how many files a round has at most: half of those that are published at a time, so that the others
	// are written while it is synced.
	maxRound = shared / 2
	// closeWait is for how long whoever closes a stage waits for a sync of the file system that is under way.
	closeWait = 10 * time.Second
	// minPause and maxPause bound how many files are synced one by one after a sync of the file system was slow.
	minPause, maxPause = 256, 1 << 16
)

// syncs makes staged files durable. Many callers at a time share one sync of the file system, as long as that costs
// less than a sync of each file. It may cost more: it writes what others have left to be written, too.
type syncs struct {
	// all makes durable what was written to the file system of the files, and tells if that failed for any since the
	// stage was opened. nil: the system cannot, or nobody knows whether it can.
	all func() error

	mu      sync.Mutex
	next    *round        // that has not begun; nil: nobody waits
	last    *round        // that began, or will begin, last
	pause   int           // files that are synced one by one from now on
	penalty int           // pause after the next slow round
	running int           // files that are being synced one by one
	overdue bool          // a sync of the file system has outlasted its round
	whole   chan struct{} // closed when the latest sync of the file system has ended; nil: there was none
	one     time.Duration // what a file costs that is synced so, lately; zero: guessedSync
}

// round is one sync of the file system, for all files that have joined when it begins.
type round struct {
	before *round        // whose sync has to end first
	files  []*os.File    // nil after synced
	names  []*naming     // of those that have one; nil after synced
	wanted int           // files for which it waits a little; 0: for none
	joined chan struct{} // closed when it has so many
	synced chan struct{} // closed when that sync has ended; then it gives the files their names
	each   bool          // the caller syncs its file by itself; valid after synced, as are the four below
	err    error
	count  int // of its files
	took   time.Duration
	ended  time.Time
	done   chan struct{} // closed when whoever has a file in it is to go on
}

// commit makes f durable; sync does so for one file.
func (s *syncs) commit(f *os.File, sync func(*os.File) error) error {
	return s.commitNamed(f, sync, nil)
}

// commitNamed is commit for a file that may get its name then; n is nil if it may not.
func (s *syncs) commitNamed(f *os.File, sync func(*os.File) error, n *naming) error {
	s.mu.Lock()
	if s.all == nil || s.pause > 0 || s.overdue {
		s.pause = max(0, s.pause-1)
		s.mu.Unlock()
		return s.alone(f, sync)
	}
	r := s.next
	first := r == nil
	if first {
		r = &round{before: s.last, synced: make(chan struct{}), done: make(chan struct{})}
		s.next, s.last = r, r
	}
	r.files = append(r.files, f)
	if n != nil {
		r.names = append(r.names, n)
	}
	if len(r.files) == r.wanted {
		close(r.joined)
	}
	if len(r.files) == maxRound {
		s.next = nil
	}
	s.mu.Unlock()
	if first {
		s.run(r, sync)
	}
	<-r.done
	if r.each {
		return s.alone(f, sync)
	}
	if n != nil {
		n.wait()
	}
	return r.err
}

// gather waits until r may begin: the round before is synced, and those who were in that are back with their next
// files. It waits for them no longer than that sync took: then two rounds, one of them with few files, would cost more.
// Nobody waits for a single file, and no round that is full waits for more.
func (s *syncs) gather(r *round) {
	before := r.before
	if before == nil {
		return
	}
	r.before = nil
	<-before.synced
	rest := time.Until(before.ended.Add(min(before.took, mostGather)))
	if before.count < 2 || rest <= 0 {
		return
	}
	s.mu.Lock()
	wanted := min(len(r.files)+before.count, maxRound)
	if len(r.files) >= wanted {
		s.mu.Unlock()
		return
	}
	r.wanted, r.joined = wanted, make(chan struct{})
	s.mu.Unlock()
	late := time.NewTimer(rest)
	defer late.Stop()
	select {
	case <-r.joined:
	case <-late.C:
	}
}

// run runs a round when its time has come.
func (s *syncs) run(r *round, sync func(*os.File) error) {
	defer close(r.done)
	s.gather(r)
	s.mu.Lock()
	if s.next == r {
		s.next = nil // what is written from here on, this round may miss
	}
	s.mu.Unlock()
	names := r.names
	if s.durable(r, sync) {
		nameAll(names)
	}
}

// durable syncs the files of a round, and reports whether all of them are durable. Else each caller finds out.
func (s *syncs) durable(r *round, sync func(*os.File) error) bool {
	begin := time.Now()
	defer func() {
		r.files, r.names, r.ended = nil, nil, time.Now()
		r.took = r.ended.Sub(begin)
		close(r.synced)
	}()
	n := len(r.files)
	r.count = n
	r.each = n > 1 // also if a sync panics
	if n == 1 {
		r.err = s.alone(r.files[0], sync)
		return false
	}
	if inTime, err := s.syncWhole(s.patience(n)); !inTime || err != nil {
		return false // each file tells whether the error is its own
	}
	// A file system without a journal tells the disk to write out its cache before it has given it all. A sync of one
	// file does so afterwards.
	r.each = sync(r.files[n-1]) != nil
	return !r.each
}

// patience is for how long a round of n files waits for its sync, by what they would cost one by one.
func (s *syncs) patience(n int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.one
	if one == 0 {
		one = guessedSync
	}
	return max(leastWait, worth*time.Duration(n)*one)
}

// syncWhole syncs the file system, and returns its error if that took no longer than patience; false: it takes
// longer. Somebody who has left the page cache full may have it take minutes; files are synced one by one meanwhile,
// and for a while afterwards.
func (s *syncs) syncWhole(patience time.Duration) (inTime bool, err error) {
	done, ended := make(chan error, 1), make(chan struct{})
	begin := time.Now()
	s.mu.Lock()
	s.whole = ended
	s.mu.Unlock()
	go func() {
		defer close(ended)
		err := s.all()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.judge(time.Since(begin) <= patience)
		done <- err
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case err := <-done:
		return true, err
	case <-late.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case err := <-done: // both at once
		return true, err
	default:
	}
	s.overdue = true
	return false, nil
}

// wait waits for a sync of the file system that is under way, for closeWait at most.
func (s *syncs) wait() {
	s.mu.Lock()
	ended := s.whole
	s.mu.Unlock()
	if ended == nil {
		return
	}
	late := time.NewTimer(closeWait)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
	}
}

// judge is told of a sync of the file system that has ended, in time or not. s.mu is held.
func (s *syncs) judge(inTime bool) {
	s.overdue = false
	if inTime {
		s.penalty = 0
		return
	}
	s.penalty = min(max(minPause, 2*s.penalty), maxPause)
	s.pause = s.penalty
}

// alone syncs one file, beside others.
func (s *syncs) alone(f *os.File, sync func(*os.File) error) error {
	s.mu.Lock()
	s.running++
	beside := s.running
	s.mu.Unlock()
	begin := time.Now()
	err := sync(f)
	took := time.Since(begin) / time.Duration(beside)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if s.one == 0 {
		s.one = took
	}
	s.one += (took - s.one) / 8
	return err
}
