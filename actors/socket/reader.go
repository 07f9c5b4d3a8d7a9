package socket

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/slab"
)

// Source is where a reader gets datagrams: a udp.Receiver, or a simulated network. ReadBatch blocks; after Close it
// returns an error.
type Source interface {
	ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error)
	Close() error
}

// Filter says which transport sessions a socket takes. The zero value takes all.
type Filter struct {
	Sources []netip.Addr // empty: any
	TSIs    []flute.TSI  // empty: any
}

func (f *Filter) takes(source netip.Addr, tsi flute.TSI) bool {
	return allows(f.Sources, source) && allows(f.TSIs, tsi)
}

func allows[T comparable](list []T, v T) bool {
	if slices.Contains(list, v) {
		return true
	}
	return len(list) == 0
}

// Counters are the datagrams that a reader could not give to any session. They are read while the reader runs.
type Counters struct {
	Datagrams atomic.Uint64 // all that were read
	dropped   [flute.NumDropReasons]atomic.Uint64
	cut       atomic.Uint64 // longer than a slot of a slab; they count as DropTruncated too
	yielded   atomic.Uint64 // sessions that gave way to others
}

// Dropped returns the counts by reason.
func (c *Counters) Dropped() (d [flute.NumDropReasons]uint64) {
	for r := range d {
		d[r] = c.dropped[r].Load()
	}
	return d
}

// Drop counts n datagrams that no session counts.
func (c *Counters) Drop(r flute.DropReason, n uint64) { c.dropped[r].Add(n) }

func (c *Counters) drop(r flute.DropReason) { c.Drop(r, 1) }

// batchSize is how many datagrams one read brings at most; a receiver that keeps up gets fewer.
const batchSize = 64

// The reader's patience. While it waits, datagrams wait in the kernel's buffer instead of being lost here; but one
// session that is stuck or slow must not hold up the others for more than patience in patiencePeriod.
const (
	patience       = 100 * time.Millisecond
	patienceStep   = time.Millisecond
	patiencePeriod = time.Second
)

// reader is the goroutine that moves datagrams from a Source to Inboxes. All its state is its own.
type reader struct {
	source    Source
	slabs     *slab.Pool
	filter    Filter
	group     netip.AddrPort
	reception *receiving.Reception
	limits    actors.Limits
	max       int // sessions at once
	open      func(*receiving.Inbox)
	counters  *Counters
	closing   *atomic.Bool // set before source is closed

	spare *slab.Slab // to read into when every other slab is out
	dense dense
	table map[flute.SessionKey]*route
	now   time.Time // of the read in hand
	live  []*route  // routes that got datagrams from the read in hand
	left  int       // datagrams of the read in hand that were neither dropped nor put into a batch

	yielding []*receiving.Inbox      // of sessions that gave way, and may not be over yet
	crowding map[netip.Addr]struct{} // sources that had too many unproven sessions when all were looked at last
	surveyed time.Time               // when that was
}

// route is a session's Inbox with the batch that is being gathered for it.
type route struct {
	source netip.Addr
	feed   receiving.Feed
	batch  *receiving.Packets
	stuck  bool      // it had no room after all patience, and has had none since
	since  time.Time // when the current patiencePeriod began
	waited time.Duration

	datagrams uint64    // so far
	latest    time.Time // when the last of them came
	proven    bool      // IsProven, when it was asked last
	chosen    bool      // to give way
}

// run reads until the source fails. It returns nil when the source was closed.
func (r *reader) run() error {
	defer r.dense.release()
	datagrams := make([]slab.Datagram, batchSize)
	for {
		if err := r.read(datagrams); err != nil {
			return r.ended(err)
		}
	}
}

// read reads once and posts what came.
func (r *reader) read(datagrams []slab.Datagram) error {
	s := r.slabs.Get()
	if s == nil {
		r.wait(patience, func() bool { s = r.slabs.Get(); return s != nil })
	}
	if s == nil {
		// Every slab waits in some Inbox. Read into a spare and drop, so that the loss is counted here.
		return r.discard(datagrams)
	}
	defer func() { s.Release() }()
	n, err := r.source.ReadBatch(s, datagrams)
	r.counters.Datagrams.Add(uint64(n))
	r.left = n
	defer r.abandon()
	if copied := r.dense.take(r.slabs, datagrams[:n], len(s.Bytes())); copied != nil {
		s.Release()
		s = copied
	}
	r.route(s, datagrams[:n])
	return err
}

// abandon counts and frees what a panic has left behind.
func (r *reader) abandon() {
	for i, rt := range r.live {
		if rt.batch != nil {
			r.left += len(rt.batch.Datagrams)
			rt.batch.Release()
		}
		rt.batch, r.live[i] = nil, nil
	}
	r.live = r.live[:0]
	if r.left > 0 {
		r.counters.dropped[flute.DropFault].Add(uint64(r.left))
		r.left = 0
	}
}

// wait waits until done reports true, the patience is over, or the socket closes. It returns what done said last, and
// how long that took.
func (r *reader) wait(patience time.Duration, done func() bool) (bool, time.Duration) {
	for waited := time.Duration(0); ; waited += patienceStep {
		if done() {
			return true, waited
		}
		if waited >= patience || r.closing.Load() {
			return false, waited
		}
		time.Sleep(patienceStep)
	}
}

// discard reads what the kernel has and counts it as lost.
func (r *reader) discard(datagrams []slab.Datagram) error {
	n, err := r.source.ReadBatch(r.spare, datagrams)
	r.counters.Datagrams.Add(uint64(n))
	r.counters.dropped[flute.DropBudget].Add(uint64(n))
	return err
}

// ended turns the error of a source that was closed on purpose into nil.
func (r *reader) ended(err error) error {
	if r.closing.Load() {
		return nil
	}
	return err
}

// route posts one batch to each session that has datagrams among those just read.
func (r *reader) route(s *slab.Slab, datagrams []slab.Datagram) {
	r.now = time.Now()
	for i := range datagrams {
		r.gather(s, &datagrams[i])
		r.left--
	}
	for i, rt := range r.live {
		r.post(rt)
		r.live[i] = nil
	}
	r.live = r.live[:0]
}

// gather puts a datagram into the batch of its session, or counts why not.
func (r *reader) gather(s *slab.Slab, d *slab.Datagram) {
	if d.Truncated {
		r.counters.cut.Add(1)
		r.counters.drop(flute.DropTruncated)
		return
	}
	tsi, _, err := lct.Peek(d.Data)
	if err != nil {
		r.counters.drop(flute.Reason(err))
		return
	}
	rt := r.lookup(flute.SessionKey{Source: d.Source.Addr(), Group: r.group, TSI: tsi}, d.Data)
	if rt == nil {
		return
	}
	if rt.batch == nil {
		s.Retain(1)
		rt.batch = rt.feed.Batch(s)
		r.live = append(r.live, rt)
		rt.latest = r.now
	}
	rt.datagrams++
	rt.batch.Add(d.Data, d.Source.Port())
}

// post hands the batch of a route to its session.
func (r *reader) post(rt *route) {
	room := r.hasRoom(rt)
	batch := rt.batch
	rt.batch = nil
	var late int
	if room {
		late = rt.feed.Offer(batch)
	} else {
		late = rt.feed.Refuse(batch)
	}
	if late > 0 { // the session has ended meanwhile
		r.counters.dropped[flute.DropClosed].Add(uint64(late))
	}
}

// hasRoom reports whether the session of the route takes its batch, after some patience.
func (r *reader) hasRoom(rt *route) bool {
	n := rt.batch.Bytes()
	room := func() bool { return rt.feed.HasRoom(n, r.slabs.Left()) }
	if room() {
		rt.stuck = false
		return true
	}
	if rt.stuck {
		return false
	}
	limit := patience
	if now := time.Now(); len(r.table) > 1 {
		if now.Sub(rt.since) >= patiencePeriod {
			rt.since, rt.waited = now, 0
		}
		limit -= rt.waited
	}
	ok, waited := r.wait(limit, room)
	rt.waited += waited
	rt.stuck = !ok
	return ok
}
