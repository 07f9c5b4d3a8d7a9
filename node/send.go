package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
	"github.com/flute-node/flute-node/internal/udp"
)

// SendConfig says where to and how to send. To is required; the zero value of the rest is its default.
type SendConfig struct {
	To        netip.AddrPort // multicast group or unicast address, with the UDP port
	TSI       flute.TSI
	Interface string // name, index or address; empty: the system's choice
	TTL       int    // zero: 1
	Rate      uint64 // bits of UDP payload per second; zero: as fast as the socket takes them

	// Patience is how long the session goes on while nothing can be sent, because the link or the route is away. Zero:
	// for ever if Session sends its files for ever, DefaultPatience if not; negative: for ever. A Warning tells when
	// nothing can be sent, and another one when it can again. What the system has not taken is sent then.
	Patience time.Duration

	// Session configures the core: FEC, profile, carousel. Its Session and Registry are filled in, and its FDTStartID and
	// FirstTOI, where they are zero, from the clock: receivers still know those of the process before.
	Session sender.Config

	// Impair drops datagrams on purpose, for tests and demonstrations; nil: none.
	Impair func(datagram []byte) (drop bool)
}

// DefaultPatience outlasts a switch that restarts, or a cable that is moved; a job that is started daily ends before
// the next.
const DefaultPatience = 5 * time.Minute

// Sending is a running session. Its methods are safe for concurrent use.
type Sending struct {
	node *Node
	key  flute.SessionKey
	pid  *actor.PID
	done chan struct{}
	out  *sending.Outcome

	asked atomic.Uint64 // ID of the last Add
}

// Send opens a sending session. It goes on until Finish and the last transfer, Close, or the node's Stop.
func (n *Node) Send(cfg SendConfig) (*Sending, error) {
	loopback := true
	w, err := udp.Dial(udp.SendConfig{To: cfg.To, Interface: cfg.Interface, TTL: cfg.TTL, Loopback: &loopback})
	if err != nil {
		return nil, err
	}
	s, err := n.sendTo(cfg, w, w.LocalAddr().Addr())
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return s, nil
}

// sendTo runs a sending session on any writer of datagrams.
func (n *Node) sendTo(cfg SendConfig, w sending.Writer, source netip.Addr) (*Sending, error) {
	key := flute.SessionKey{Source: source.Unmap().WithZone(""), Group: cfg.To, TSI: cfg.TSI}
	core := cfg.Session
	core.Session, core.Registry = key, n.cfg.Registry
	number(&core, time.Now())
	session0, err := sender.New(core)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.stopped:
		return nil, ErrStopped
	case n.sessions[key]:
		return nil, fmt.Errorf("node: session %v is being sent already", key)
	}
	if cfg.Impair != nil {
		w = &impaired{Writer: w, drop: cfg.Impair}
	}
	s := &Sending{node: n, key: key, done: make(chan struct{}), out: sending.NewOutcome()}
	sc := sending.Config{Key: key, Core: session0, Writer: w, Patience: cfg.patience(), Outcome: s.out}
	if cfg.Rate > 0 {
		sc.Bucket = pacing.NewBucket(cfg.Rate, 0, 0)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	ledger := sending.NewLedger(sc)
	s.pid = n.address(sessionsName + "/" + n.ledger.Send(ledger))
	if err := n.ask(ctx, sessionsName, session.Start{Session: ledger}, &session.Started{}); err != nil {
		return nil, err
	}
	n.sessions[key] = true
	go s.watch()
	return s, nil
}

// patience returns Patience with its default.
func (cfg *SendConfig) patience() time.Duration {
	switch {
	case cfg.Patience != 0:
		return cfg.Patience
	case cfg.Session.TransferCount < 0:
		return -1
	}
	return DefaultPatience
}

// watch waits for the end of the session, or of the node, should that fail with all that is below it.
func (s *Sending) watch() {
	defer close(s.done)
	select {
	case <-s.out.Done():
	case <-s.node.down:
		s.out.End(fmt.Errorf("node: session %v did not end: %w", s.key, ErrStopped)) // unless it has ended before
	}
	s.node.mu.Lock()
	delete(s.node.sessions, s.key)
	s.node.mu.Unlock()
}

// Add reads f once, for its digests and its content encoding, and puts it into the session. It blocks on the reading.
// For files of a file system, which may change while they are sent, package source has File.Source.
func (s *Sending) Add(ctx context.Context, f sender.File, scratch sender.Scratch) (flute.TOI, error) {
	o, err := sender.Prepare(ctx, f, scratch)
	if err != nil {
		return flute.TOI{}, err
	}
	var added sending.Added
	if err := s.node.askPID(ctx, s.pid, sending.Add{ID: s.asked.Add(1), Object: o}, &added, s.done); errors.Is(err, errGone) {
		return flute.TOI{}, fmt.Errorf("node: session %v: %w", s.key, sender.ErrClosed)
	} else if err != nil {
		return flute.TOI{}, err
	}
	return added.TOI, added.Err
}

// order tells the session what to do, and returns once it has heard it or has ended.
func (s *Sending) order(m sending.Message) {
	// There is nobody to tell but one who waits for the end of the session, and learns of it there.
	_ = s.node.askPID(context.Background(), s.pid, m, &sending.Taken{}, s.done)
}

// Finish announces that no file will be added (RFC 6726, section 3.4.2) and lets the session end once every file was
// sent as often as asked.
func (s *Sending) Finish() { s.order(sending.Finish{}) }

// Close ends the session now, with the close-session flag.
func (s *Sending) Close() { s.order(sending.Close{Reason: "closed"}) }

// Done is closed when the session has ended.
func (s *Sending) Done() <-chan struct{} { return s.done }

// Wait waits for the end of the session and returns what failed, joined: what ended the session before its time, and
// the files that were not sent as often as asked.
func (s *Sending) Wait(ctx context.Context) error {
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.out.Err()
}

// impaired is a writer that drops.
type impaired struct {
	sending.Writer
	drop    func([]byte) bool
	dropped []bool // what was decided about datagrams that were not sent yet
}

// WriteBatch implements sending.Writer. What it could not send comes again, in the same order: it has been decided
// upon.
func (w *impaired) WriteBatch(datagrams [][]byte) (int, error) {
	kept := make([][]byte, 0, len(datagrams))
	for i, d := range datagrams {
		if i == len(w.dropped) {
			w.dropped = append(w.dropped, w.drop(d))
		}
		if !w.dropped[i] {
			kept = append(kept, d)
		}
	}
	sent, err := w.Writer.WriteBatch(kept)
	if sent == 0 && err != nil {
		return 0, err
	}
	done := 0
	for ; done < len(datagrams) && (w.dropped[done] || sent > 0); done++ {
		if !w.dropped[done] {
			sent--
		}
	}
	w.dropped = slices.Delete(w.dropped, 0, done)
	return done, err
}
