package socket

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// Source is where a reader gets datagrams: a udp.Receiver or udp.Socket, or a simulated network. ReadBatch blocks;
// after Close it returns an error. Joins reports whether a message that the system hands over may be several datagrams:
// then ReadBatch needs slots of [slab.MessageSize], and for each of them room for [slab.MessageDatagrams] in out.
type Source interface {
	ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error)
	Joins() bool
	Close() error
}

// waiter is a Source that tells that datagrams are there, so that no slab waits with it. Wait returns false after
// atMost, unless that is 0. One that has nothing to tell returns true.
type waiter interface {
	Wait(atMost time.Duration) (bool, error)
}

// idleAfter is how long a silence is until a reader gives up the slab that it has not filled.
const idleAfter = time.Second

// reader is the goroutine that moves datagrams from a Source to Feeds. All its state is its own.
type reader struct {
	source  Source
	fanout  *fanout
	slabs   *slab.Pool
	sparse  *slab.Pool // for what sparse reads bring
	counts  *counts
	batch   int          // how many datagrams one read brings at most; a reader that keeps up gets fewer
	longest int          // bytes of a datagram that is not too long
	closing *atomic.Bool // set before source is closed

	dense dense
	live  []*Flow // that got datagrams of the read in hand
	kept  *kept   // of the Endpoint
	wakes bool    // source is a waiter: a silence does not hold up what is kept
	// unrouted is how many datagrams of the read in hand were neither lost nor put into a batch.
	unrouted int
	// yields says that the owner of what was read last should use it before more is read: what comes meanwhile is not
	// lost, as far as is known, and what one read brings is in the cache of this processor only until the next ones.
	yields bool
}

// counts are those of an Endpoint. They are read while the reader runs.
type counts struct {
	read atomic.Uint64 // datagrams
	cut  atomic.Uint64 // longer than a slot of a slab
}

// run reads until the source fails. It returns nil when the source was closed.
func (r *reader) run() error {
	defer r.dense.release()
	for {
		if err := r.next(); err != nil {
			return r.ended(err)
		}
		if r.ownerFirst() || r.crowdFirst() {
			runtime.Gosched()
		}
	}
}

// ownerFirst reports whether the owner may use what was read before the reader reads on. A sender that waits leaves
// half of the system's buffer free. Any other, which has a rate, or is another program or machine, may fill it: then
// the reader reads on.
func (r *reader) ownerFirst() bool {
	buffer, told := r.source.(roomy)
	return r.yields && (!told || buffer.HasRoom())
}

// rows are what readers borrow for one read: one for each would be 64 MB for a thousand readers.
var rows = sync.Pool{New: func() any { return new([]slab.Datagram) }}

// spares are slabs of one message to read into when every other slab is out.
var spares = sync.Pool{New: func() any { return slab.NewPool(slab.MessageSize, 1).Get() }}

// next waits for datagrams and reads once.
func (r *reader) next() error {
	if err := r.idle(); err != nil {
		return err
	}
	row := rows.Get().(*[]slab.Datagram)
	*row = slices.Grow((*row)[:0], r.batch)[:r.batch]
	err := r.read(*row)
	rows.Put(row) // not after a panic: it may refer to a slab
	return err
}

// read reads once and posts what came.
func (r *reader) read(datagrams []slab.Datagram) error {
	s := r.slabs.Get()
	if s == nil {
		r.postDue(everything()) // it holds slabs
		s = r.slabs.Get()
	}
	if s == nil {
		get := func() bool { s = r.slabs.Get(); return s != nil }
		if buffer, told := r.source.(roomy); told && r.fanout.owners() == 1 {
			r.waitAlone(buffer, patienceAlone, get)
		} else {
			r.wait(patience, get)
		}
	}
	if s == nil {
		// Every slab waits for some owner. Read into a spare and drop, so that the loss is counted here.
		return r.discard(datagrams)
	}
	defer func() { s.Release() }()
	n, err := r.source.ReadBatch(s, datagrams)
	r.counts.read.Add(uint64(n))
	r.unrouted = n
	r.fanout.begin()
	defer r.fanout.end()
	defer r.abandon()
	r.fanout.tell(n)
	if copied := r.dense.take(r.sparse, datagrams[:n]); copied != nil {
		s.Release()
		s = copied
	}
	r.route(s, datagrams[:n])
	clear(datagrams[:n]) // or they keep the slab in memory until the next read
	return err
}

// idle waits until something is there to be read, without a slab; with one that others share for a moment only.
func (r *reader) idle() error {
	w, ok := r.source.(waiter)
	if !ok {
		return nil
	}
	for {
		var atMost time.Duration
		if r.dense.slab != nil {
			atMost = idleAfter
		}
		r.fanout.begin()
		rest := r.kept.rest(time.Now())
		r.fanout.end()
		if rest > 0 {
			atMost = rest // which is less
		}
		switch there, err := w.Wait(atMost); {
		case there || err != nil:
			return err
		case rest > 0:
			r.postDue(time.Now())
		default:
			r.dense.release()
		}
	}
}

// abandon counts and frees what a panic has left behind.
func (r *reader) abandon() {
	for i, f := range r.live {
		f.inHand = false
		if f.gathering && !f.kept { // else the next reader hands it over
			f.gathering = false
			f.lose(f.feed.Abandon(), LossCrash)
		}
		r.live[i] = nil
	}
	r.live = r.live[:0]
	if r.unrouted > 0 {
		r.fanout.lose(r.unrouted, LossCrash)
		r.unrouted = 0
	}
}

// discard reads what the kernel has and counts it as lost.
func (r *reader) discard(datagrams []slab.Datagram) error {
	spare := spares.Get().(*slab.Slab)
	defer spares.Put(spare)
	datagrams = datagrams[:min(len(datagrams), slab.MessageSize)] // a byte for each
	n, err := r.source.ReadBatch(spare, datagrams)
	defer clear(datagrams[:n])
	r.counts.read.Add(uint64(n))
	r.unrouted = n
	r.fanout.begin()
	defer r.fanout.end()
	defer r.abandon()
	r.fanout.tell(n)
	r.unrouted = 0
	r.fanout.lose(n, LossMemory)
	return err
}

// ended turns the error of a source that was closed on purpose into nil.
func (r *reader) ended(err error) error {
	if r.closing.Load() {
		return nil
	}
	return err
}

// route posts one batch to each owner that has datagrams among those just read.
func (r *reader) route(s *slab.Slab, datagrams []slab.Datagram) {
	now := time.Now()
	for i := range datagrams {
		r.gather(s, now, &datagrams[i])
		r.unrouted--
	}
	keeps := r.keeps()
	r.yields = false
	for i, f := range r.live {
		f.inHand = false
		r.yields = f.patron != nil && f.patron.MayLag() && r.fanout.owners() == 1
		if keeps && f.patient != nil && f.patient.MayWait() {
			r.kept.add(f)
		} else {
			r.post(f)
		}
		r.live[i] = nil
	}
	r.live = r.live[:0]
	if !keeps {
		now = everything()
	}
	r.postKept(now)
}

// gather puts a datagram into the batch of each of its owners.
func (r *reader) gather(s *slab.Slab, now time.Time, d *slab.Datagram) {
	if d.Truncated || len(d.Data) > r.longest {
		r.counts.cut.Add(1)
		r.fanout.lose(1, LossTooLong)
		return
	}
	for f := r.fanout.route(now, d); f != nil; f = f.next {
		if !f.inHand {
			s.Retain(1)
			f.feed.Begin(s)
			if !f.gathering {
				f.gathering, f.begun = true, now
			}
			f.inHand = true
			r.live = append(r.live, f)
		}
		f.feed.Add(d)
	}
}

// post hands the batch of a Flow to its owner.
func (r *reader) post(f *Flow) {
	f.hand(r.hasRoom(f))
}

// hand hands the batch over, or drops it for want of room.
func (f *Flow) hand(room bool) {
	f.gathering, f.kept = false, false
	var late int
	if room {
		late = f.feed.Offer()
	} else {
		late = f.feed.Refuse()
	}
	f.lose(late, LossClosed)
}
