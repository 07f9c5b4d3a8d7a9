package iobench

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// MaxPayload is how many bytes a datagram may have at most.
const MaxPayload = 2048

const (
	// messages is how many the receiver takes in at once.
	messages = 8
	// batch is how many datagrams are handed over at once.
	batch = 40
	// silence is how long the receiver waits for datagrams that were sent.
	silence = 5 * time.Second
)

// receiver takes datagrams in on a thread of its own.
type receiver struct {
	source *udp.Receiver
	slab   *slab.Slab
	out    []slab.Datagram
	bytes  atomic.Int64
	took   time.Duration // processor time; to be read after done
	done   chan struct{}
}

func listen() (*receiver, error) {
	source, err := udp.Listen(udp.Config{Group: netip.MustParseAddrPort("127.0.0.1:0"), Offload: true})
	if err != nil {
		return nil, err
	}
	r := &receiver{source: source, done: make(chan struct{})}
	r.slab = slab.NewPool(messages*slab.MessageSize, 1).Get()
	r.out = make([]slab.Datagram, messages*slab.MessageDatagrams)
	if !source.Joins() {
		r.out = r.out[:messages*slab.MessageSize/MaxPayload]
	}
	go r.run()
	return r, nil
}

func (r *receiver) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(r.done)
	start := spent()
	for {
		n, err := r.source.ReadBatch(r.slab, r.out)
		r.took = spent() - start
		if err != nil {
			return
		}
		bytes := 0
		for i := range r.out[:n] {
			bytes += len(r.out[i].Data)
		}
		r.bytes.Add(int64(bytes))
	}
}

// exchange sends datagrams to itself, no faster than they are taken in. The caller has locked its thread.
func exchange(ctx context.Context, cfg Config) (sent, received Cost, err error) {
	r, err := listen()
	if err != nil {
		return sent, received, err
	}
	defer func() {
		err = errors.Join(err, r.source.Close())
		<-r.done
	}()
	s, err := udp.Dial(udp.SendConfig{To: r.source.LocalAddr()})
	if err != nil {
		return sent, received, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	datagrams := make([][]byte, batch)
	for i := range datagrams {
		datagrams[i] = make([]byte, cfg.Payload)
	}
	// The system counts more for a datagram than its bytes; with a quarter of the buffer on the way nothing is lost.
	lead := int64(r.source.BufferSize() / 4)
	took, bytes, begin := time.Duration(0), int64(0), time.Now()
	for bytes < cfg.Bytes {
		if err := r.await(ctx, bytes-lead); err != nil {
			return sent, received, err
		}
		start := spent()
		n, err := s.WriteBatch(datagrams)
		took += spent() - start
		if err != nil {
			return sent, received, err
		}
		bytes += int64(n) * int64(cfg.Payload)
	}
	if err := r.await(ctx, bytes); err != nil {
		return sent, received, err
	}
	clock := time.Since(begin)
	if err := r.source.Close(); err != nil {
		return sent, received, err
	}
	<-r.done
	return cost(Send, took, clock, bytes), cost(Receive, r.took, clock, bytes), nil
}

// await waits until so many bytes are there.
func (r *receiver) await(ctx context.Context, bytes int64) error {
	for last, since := int64(-1), time.Now(); ; {
		switch n := r.bytes.Load(); {
		case n >= bytes:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case n != last:
			last, since = n, time.Now()
		case time.Since(since) > silence:
			return errors.New("iobench: datagrams were lost on the loopback interface")
		}
		runtime.Gosched()
	}
}
