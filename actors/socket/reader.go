package socket

import (
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session"
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
}

// Dropped returns the counts by reason.
func (c *Counters) Dropped() (d [flute.NumDropReasons]uint64) {
	for r := range d {
		d[r] = c.dropped[r].Load()
	}
	return d
}

func (c *Counters) drop(r flute.DropReason) { c.dropped[r].Add(1) }

// batchSize is how many datagrams one read brings at most; a receiver that keeps up gets fewer.
const batchSize = 64

// The reader's patience. While it waits, datagrams wait in the kernel's buffer instead of being lost here; but one
// session that is stuck must not hold up the others for longer.
const (
	patience     = 100 * time.Millisecond
	patienceStep = time.Millisecond
)

// reader is the goroutine that moves datagrams from a Source to Inboxes. All its state is its own.
type reader struct {
	source    Source
	slabs     *slab.Pool
	filter    Filter
	group     netip.AddrPort
	reception *session.Reception
	limits    actors.Limits
	max       int // sessions at once
	open      func(*session.Inbox)
	counters  *Counters
	closing   *atomic.Bool // set before source is closed

	spare *slab.Slab // to read into when every other slab is out
	table map[flute.SessionKey]*route
	live  []*route // routes that got datagrams from the read in hand
}

// route is a session's Inbox with the batch that is being gathered for it.
type route struct {
	inbox *session.Inbox
	batch *session.Packets
	stuck bool // it had no room after all patience, and has had none since
}

// run reads until the source fails. It returns nil when the source was closed.
func (r *reader) run() error {
	r.table = map[flute.SessionKey]*route{}
	datagrams := make([]slab.Datagram, batchSize)
	for {
		var s *slab.Slab
		r.wait(func() bool { s = r.slabs.Get(); return s != nil })
		if s == nil {
			// Every slab waits in some Inbox. Read into a spare and drop, so that the loss is counted here.
			if err := r.discard(datagrams); err != nil {
				return r.ended(err)
			}
			continue
		}
		n, err := r.source.ReadBatch(s, datagrams)
		r.counters.Datagrams.Add(uint64(n))
		r.route(s, datagrams[:n])
		s.Release()
		if err != nil {
			return r.ended(err)
		}
	}
}

// wait waits until done reports true, the patience is over, or the socket closes, and returns what done said last.
func (r *reader) wait(done func() bool) bool {
	for end := time.Duration(0); ; end += patienceStep {
		if done() {
			return true
		}
		if end >= patience || r.closing.Load() {
			return false
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
	for i := range datagrams {
		d := &datagrams[i]
		if d.Truncated {
			r.counters.drop(flute.DropTruncated)
			continue
		}
		tsi, _, err := lct.Peek(d.Data)
		if err != nil {
			r.counters.drop(flute.Reason(err))
			continue
		}
		rt := r.lookup(flute.SessionKey{Source: d.Source.Addr(), Group: r.group, TSI: tsi})
		if rt == nil {
			continue
		}
		if rt.batch == nil {
			s.Retain(1)
			rt.batch = rt.inbox.Batch(s)
			r.live = append(r.live, rt)
		}
		rt.batch.Add(d.Data)
	}
	for i, rt := range r.live {
		n := rt.batch.Bytes()
		if rt.inbox.HasRoom(n) {
			rt.stuck = false
		} else if !rt.stuck {
			rt.stuck = !r.wait(func() bool { return rt.inbox.HasRoom(n) })
		}
		rt.inbox.Offer(rt.batch)
		rt.batch, r.live[i] = nil, nil
	}
	r.live = r.live[:0]
}

// lookup returns the route of key, opened if it is wanted, or nil after counting why not.
func (r *reader) lookup(key flute.SessionKey) *route {
	rt := r.table[key]
	if rt != nil && (rt.batch != nil || !rt.inbox.Closed()) {
		return rt
	}
	if !r.filter.takes(key.Source, key.TSI) {
		r.counters.drop(flute.DropForeignTSI)
		return nil
	}
	if rt == nil && len(r.table) >= r.max && !r.prune() {
		r.counters.drop(flute.DropBudget)
		return nil
	}
	rt = &route{inbox: session.NewInbox(r.reception, key, r.limits)}
	r.table[key] = rt
	r.open(rt.inbox)
	return rt
}

// prune removes the routes of sessions that are over, and reports whether there were any.
func (r *reader) prune() bool {
	before := len(r.table)
	for key, rt := range r.table {
		if rt.inbox.Closed() && rt.batch == nil {
			delete(r.table, key)
		}
	}
	return len(r.table) < before
}
