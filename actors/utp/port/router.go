package port

import (
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/utp/wire"
)

// Counts count datagrams. They may be read at any time.
type Counts struct {
	Foreign atomic.Uint64 // not uTP: for Others
	TooLong atomic.Uint64 // longer than a slot of a read
	Full    atomic.Uint64 // dropped because the socket's actor did not keep up
	Faults  atomic.Uint64 // lost in a crash
	Closed  atomic.Uint64 // of a socket that is closing
	Refused atomic.Uint64 // of no connection, while no more are accepted
}

// router is the socket.Router of uTP. All that is uTP has one owner, the socket's actor, which knows the connections.
type router struct {
	flow   socket.Flow
	others *Others
	counts *Counts
}

func newRouter(mailbox *actors.Mailbox, batches *channel.Batches, others *Others, counts *Counts) *router {
	return &router{
		flow: socket.NewFlow(&feed{mailbox: mailbox, batches: batches, counts: counts}), others: others, counts: counts,
	}
}

// Route implements socket.Router.
func (r *router) Route(_ time.Time, d *slab.Datagram) *socket.Flow {
	if isUTP(d.Data) {
		return &r.flow
	}
	r.counts.Foreign.Add(1)
	r.others.put(d)
	return nil
}

// Owners implements socket.Router.
func (r *router) Owners() int { return 1 }

// Lose implements socket.Router.
func (r *router) Lose(n int, why socket.Loss) {
	switch why {
	case socket.LossTooLong:
		r.counts.TooLong.Add(uint64(n))
	case socket.LossMemory:
		r.counts.Full.Add(uint64(n))
	case socket.LossClosed:
		r.counts.Closed.Add(uint64(n))
	case socket.LossCrash:
		r.counts.Faults.Add(uint64(n))
	}
}

// Warnings implements socket.Router.
func (r *router) Warnings() []string { return nil }

// isUTP reports whether a datagram looks like a packet of uTP. A SYN knows no delay and acknowledges nothing: others'
// packets that begin like one seldom have seven zeros there, too.
func isUTP(b []byte) bool {
	const (
		delay = 8
		ack   = 18
	)
	t, _, ok := wire.Peek(b)
	if ok && t == wire.Syn {
		return b[delay]|b[delay+1]|b[delay+2]|b[delay+3]|b[ack]|b[ack+1] == 0
	}
	return ok
}

// maxWaiting is how many reads may wait for the socket's actor. Beyond that datagrams wait in the kernel.
const maxWaiting = 16

// feed is the way from the reader to the socket's actor.
type feed struct {
	mailbox *actors.Mailbox
	batches *channel.Batches
	counts  *Counts
	batch   *channel.Batch
}

// Begin implements socket.Feed.
func (f *feed) Begin(s *slab.Slab) { f.batch = f.batches.Get(s) }

// Add implements socket.Feed.
func (f *feed) Add(d *slab.Datagram) { f.batch.Datagrams = append(f.batch.Datagrams, *d) }

// HasRoom implements socket.Feed.
func (f *feed) HasRoom(int) bool {
	messages, _ := f.mailbox.Waiting()
	return messages < maxWaiting
}

// Offer implements socket.Feed.
func (f *feed) Offer() (late int) {
	b := f.take()
	n := len(b.Datagrams)
	if f.mailbox.Offer(b) {
		return 0
	}
	return n
}

// Refuse implements socket.Feed.
func (f *feed) Refuse() (late int) {
	b := f.take()
	f.counts.Full.Add(uint64(len(b.Datagrams)))
	b.Release()
	return 0
}

// Abandon implements socket.Feed.
func (f *feed) Abandon() int {
	b := f.take()
	n := len(b.Datagrams)
	b.Release()
	return n
}

func (f *feed) take() *channel.Batch {
	b := f.batch
	f.batch = nil
	return b
}
