package node

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store/mem"
)

var (
	simGroup  = netip.MustParseAddrPort("239.1.1.1:3400")
	simSource = netip.MustParseAddrPort("10.0.0.1:0")
)

// world is a node in a bubble that receives from and sends to a simulated network. Every event is kept.
type world struct {
	t     *testing.T
	ctx   context.Context
	net   *simnet.Network
	node  *Node
	store *mem.Store

	mu         sync.Mutex
	receivers  []*simnet.Receiver
	receptions []*Reception
	events     []notice.Event
	sent       map[string][]byte // content by path
	watching   sync.WaitGroup
	stopped    bool
	mayFail    bool // so many faults are injected that the node may give up
	abandoned  bool // it did: objects had no chance to end
}

// inWorld runs fn in a bubble, stops the node, and checks that nothing of it is left.
func inWorld(t *testing.T, cfg Config, fn func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, err := Start(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // of the bubble's time
		defer cancel()
		w := &world{t: t, ctx: ctx, net: simnet.New(1), node: n, store: mem.New(), sent: map[string][]byte{}}
		sub := n.Subscribe(SubscribeOptions{Queue: 1 << 16})
		w.watching.Go(func() {
			for e := range sub.Events() {
				w.mu.Lock()
				w.events = append(w.events, e)
				w.mu.Unlock()
			}
		})
		fn(w)
		w.stop()
		// protoactor's throttle of the log of dead letters leaves a goroutine for its interval.
		time.Sleep(time.Second)
	})
}

// stop stops the node, once, and checks what must hold afterwards.
func (w *world) stop() {
	w.t.Helper()
	if w.stopped {
		return
	}
	w.stopped = true
	err := w.node.Stop(context.Background())
	if w.mayFail && !w.abandoned {
		select {
		case failed := <-w.node.Failed():
			w.t.Logf("the node gave up: %v", failed)
			w.abandoned = true
		default:
		}
	}
	if err != nil && !w.abandoned {
		w.t.Errorf("stop: %v", err)
	}
	w.watching.Wait()
	for i, r := range w.receptions {
		if n := r.slabs(); n != 0 {
			w.t.Errorf("reception %d: %d slabs are out", i, n)
		}
	}
	if w.abandoned {
		return
	}
	if n := w.store.Staged(); n != 0 {
		w.t.Errorf("%d objects are staged", n)
	}
	if n := w.node.budget.Used(); n != 0 {
		w.t.Errorf("%d bytes of the budget are in use", n)
	}
}

// receive joins the group.
func (w *world) receive(link simnet.Link, cfg ReceiveConfig) *Reception {
	w.t.Helper()
	cfg.Group = simGroup
	if cfg.Store == nil && cfg.Dir == "" {
		cfg.Store = w.store
	}
	open := func() (socket.Source, error) {
		r := w.net.Join(simnet.JoinConfig{Group: simGroup, Link: link})
		w.mu.Lock()
		w.receivers = append(w.receivers, r)
		w.mu.Unlock()
		return r, nil
	}
	source, _ := open()
	r, err := w.node.receive(w.ctx, cfg, source, open)
	if err != nil {
		w.t.Fatal(err)
	}
	w.receptions = append(w.receptions, r)
	return r
}

// send opens a sending session. Its TOIs begin with 1, so that tests can name them.
func (w *world) send(tsi flute.TSI, rate uint64, cfg sender.Config) *Sending {
	w.t.Helper()
	cfg.FirstTOI = flute.NewTOI(1)
	s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: tsi, Rate: rate, Session: cfg},
		w.net.Dial(simSource, simGroup), simSource.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// add puts n files of size bytes into a session.
func (w *world) add(s *Sending, n, size int) {
	w.t.Helper()
	for i := range n {
		w.addNamed(s, fmt.Sprint(i+1), uint64(i), size)
	}
}

// addNamed puts one file into a session.
func (w *world) addNamed(s *Sending, name string, seed uint64, size int) {
	w.t.Helper()
	name = fmt.Sprintf("%d/%s", s.key.TSI, name)
	data := randomBytes(uint64(s.key.TSI)<<8+seed, size)
	w.sent[name] = data
	if _, err := s.Add(w.ctx, sender.File{
		ContentLocation: "file:///" + name, Content: bytes.NewReader(data), Size: uint64(size),
	}, nil); err != nil {
		w.t.Fatal(err)
	}
}

// finish waits for sending sessions.
func (w *world) finish(sessions ...*Sending) {
	w.t.Helper()
	for _, s := range sessions {
		_ = s.Finish(w.ctx)
	}
	for _, s := range sessions {
		if err := s.Wait(w.ctx); err != nil {
			w.t.Errorf("session %d: %v", s.key.TSI, err)
		}
	}
}

// take returns the events so far.
func (w *world) take() []notice.Event {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]notice.Event{}, w.events...)
}

// ends returns how each received object ended, by path: "completed" or the reason of the failure. An object that was
// announced to have ended twice fails the test.
func (w *world) ends() map[string]string {
	w.t.Helper()
	ends := map[string]string{}
	for _, e := range w.take() {
		var location, how string
		switch e := e.(type) {
		case event.ObjectCompleted:
			if e.Sending {
				continue
			}
			location, how = e.ContentLocation, "completed"
		case event.ObjectFailed:
			if e.Sending {
				continue
			}
			location, how = e.ContentLocation, string(e.Reason)
		default:
			continue
		}
		path := location[len("file:///"):]
		if old, twice := ends[path]; twice {
			w.t.Errorf("%s ended twice: %s, then %s", path, old, how)
		}
		ends[path] = how
	}
	return ends
}

// delivered checks that every file that was sent has arrived with its bytes, except those named.
func (w *world) delivered(except ...string) {
	w.t.Helper()
	ends := w.ends()
	skip := map[string]bool{}
	for _, name := range except {
		skip[name] = true
	}
	for name, want := range w.sent {
		if skip[name] {
			continue
		}
		if ends[name] != "completed" {
			w.t.Errorf("%s: %q", name, ends[name])
			continue
		}
		if got, _ := w.store.Get(name); !bytes.Equal(got, want) {
			w.t.Errorf("%s: other bytes than were sent", name)
		}
	}
}

// accounted checks, after stop, that every datagram that was read was counted once: dropped by a socket, or in the
// counters of one session.
func (w *world) accounted() {
	w.t.Helper()
	var read, known uint64
	for _, r := range w.receptions {
		n, dropped := r.Datagrams()
		read += n
		for _, d := range dropped {
			known += d
		}
	}
	for _, c := range w.counters() {
		if sum := c.Accepted + c.Duplicate + c.DropTotal(); sum != c.Received {
			w.t.Errorf("counters do not add up: %d received, %d counted", c.Received, sum)
		}
		known += c.Received
	}
	if read == 0 || read != known {
		w.t.Errorf("%d datagrams were read, %d were counted", read, known)
	}
}

// counters returns the final counters of each received session.
func (w *world) counters() []flute.Counters {
	var all []flute.Counters
	open := map[flute.SessionKey]flute.Counters{}
	for _, e := range w.take() {
		switch e := e.(type) {
		case event.SessionStats:
			open[e.Session] = e.Counters
		case event.SessionClosed:
			if !e.Sending {
				delete(open, e.Session)
				all = append(all, e.Counters)
			}
		}
	}
	for _, c := range open {
		all = append(all, c)
	}
	return all
}

// slabs returns how many slabs of the reception are out.
func (r *Reception) slabs() (n int) {
	for _, e := range r.endpoints {
		n += e.Slabs()
	}
	return n
}
