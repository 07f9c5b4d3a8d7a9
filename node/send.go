package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"

	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/udp"
)

// Send opens a sending session. It goes on until Finish and the last transfer, Close, or the node's Stop. If ctx ends
// before the session has begun, Send returns its error, and the session is closed as soon as that is possible.
func (n *Node) Send(ctx context.Context, cfg SendConfig) (*Sending, error) {
	loopback := true
	c := udp.SendConfig{
		To: cfg.To, Interface: cfg.Interface, TTL: cfg.TTL, Loopback: &loopback,
		NoOffload: cfg.NoOffload, Unpaced: !n.isPaced(&cfg), Known: &n.known,
	}
	if n.cfg.Network != nil {
		w, source, err := n.cfg.Network.Dial(c)
		if err != nil {
			return nil, err
		}
		return n.sendTo(ctx, cfg, w, source)
	}
	w, err := udp.Dial(c)
	if err != nil {
		return nil, err
	}
	return n.sendOver(ctx, cfg, wire{
		Writer: w, source: w.LocalAddr().Addr(), late: n.alarms.Late(), offload: w.Offload(),
		means: w.Means(),
		timer: func(fire func()) sending.Timer { return n.alarms.NewTimer(fire) },
	})
}

// isPaced reports whether a session has a rate.
func (n *Node) isPaced(cfg *SendConfig) bool {
	return cfg.Rate != 0 || cfg.Within != 0 || !cfg.By.IsZero() || n.cfg.Rate != 0
}

// SetRate changes Config.Rate; zero: without a bound.
func (n *Node) SetRate(bitsPerSecond uint64) { n.link.SetRate(bitsPerSecond) }

// sendTo runs a sending session on any writer of datagrams, and closes it at the end.
func (n *Node) sendTo(ctx context.Context, cfg SendConfig, w sending.Writer, source netip.Addr) (*Sending, error) {
	return n.sendOver(ctx, cfg, wire{Writer: w, source: source})
}

// wire is what a session sends on.
type wire struct {
	sending.Writer
	source netip.Addr
	timer  func(fire func()) sending.Timer // nil: those of package time
	late   time.Duration                   // by how much timers are late

	offload bool   // see Sending.Offload
	means   string // see Sending.Means
}

func (n *Node) sendOver(ctx context.Context, cfg SendConfig, w wire) (*Sending, error) {
	key := flute.SessionKey{Source: w.source.Unmap().WithZone(""), Group: cfg.To, TSI: cfg.TSI}
	pace, err := cfg.pace()
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	pace.Late = w.late
	own := cfg.Session
	own.Session, own.Registry = key, n.cfg.Registry
	own.ProgressInterval = cmp.Or(own.ProgressInterval, progressInterval)
	if cfg.RandomTOI && own.FirstTOI.IsFDT() {
		own.FirstTOI = randomTOI(own)
	}
	if cfg.CloseRepeat > defaults.MaxCloseRepeat {
		err := fmt.Errorf("node: SendConfig.CloseRepeat %v is more than %v", cfg.CloseRepeat, defaults.MaxCloseRepeat)
		return nil, errors.Join(err, w.Close())
	}
	state, err := n.resume(&own, cfg.State)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	number(&own, time.Now())
	core, err := sender.New(own)
	if err != nil {
		state.Close()
		return nil, errors.Join(err, w.Close())
	}
	if cfg.Permit != nil {
		w.Writer = &permitted{w.Writer, cfg.Permit}
	}
	if cfg.Impair != nil {
		w.Writer = &impaired{Writer: w.Writer, drop: cfg.Impair}
	}
	s := &Sending{
		node: n, key: key, done: make(chan struct{}), offload: w.offload, means: w.means, state: state,
	}
	s.out = sending.NewOutcome(func() { n.crew.Go(s.settle) })
	s.target = cfg.Within != 0 || !cfg.By.IsZero()
	sc := sending.Config{
		Key: key, Core: core, Writer: w.Writer, Patience: cfg.patience(), CloseRepeat: cfg.CloseRepeat, Outcome: s.out,
		Timer: w.timer, OnWake: cfg.OnWake, Spare: &n.spare,
	}
	pace.Member = n.link.Join(cfg.Weight)
	sc.Pace = pace
	ledger := sending.NewLedger(sc)
	if err := s.reserve(ledger); err != nil {
		pace.Member.Leave()
		state.Close()
		return nil, errors.Join(err, w.Close())
	}
	start := session.Start{Session: ledger}
	if _, err := ask[session.Started](ctx, n, sessionsName, start); err != nil {
		go s.abandon(start)
		return nil, err
	}
	return s, nil
}

// reserve takes the session's key, and hands what it runs on over to the tree.
func (s *Sending) reserve(ledger *sending.Ledger) error {
	n := s.node
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.stopped || n.over:
		return ErrStopped
	case n.sessions[s.key] != nil:
		return fmt.Errorf("node: session %v is being sent already", s.key)
	}
	n.sessions[s.key] = s
	s.pid = n.address(sessionsName + "/" + n.ledger.Send(ledger))
	return nil
}

// abandon closes a session that nobody waits for. It ends with the session, or with the node.
func (s *Sending) abandon(start session.Start) {
	ctx := context.Background()
	if _, err := ask[session.Started](ctx, s.node, sessionsName, start); err == nil {
		_ = s.Close(ctx) // whoever wanted the session has its error already
	}
}

// endSessions ends the sessions that are left when the tree has ended, should the node fail with all that is below it.
func (n *Node) endSessions() {
	n.mu.Lock()
	n.over = true
	left := slices.Collect(maps.Values(n.sessions))
	n.mu.Unlock()
	for _, s := range left {
		s.out.End(fmt.Errorf("node: session %v did not end: %w", s.key, ErrStopped)) // unless it has ended before
	}
}

// settle gives back what a session has that has ended.
func (s *Sending) settle() {
	defer close(s.done)
	s.state.Close()
	s.node.mu.Lock()
	delete(s.node.sessions, s.key)
	s.node.mu.Unlock()
}

// impaired is a writer that drops.
type impaired struct {
	sending.Writer
	drop    func([]byte) bool
	dropped []bool   // what was decided about datagrams that were not sent yet
	kept    [][]byte // of the last batch
}

// Degraded returns what the writer has to tell.
func (w *impaired) Degraded() string {
	if d, ok := w.Writer.(interface{ Degraded() string }); ok {
		return d.Degraded()
	}
	return ""
}

// WriteBatch implements sending.Writer. What it could not send comes again, in the same order: it has been decided
// upon.
func (w *impaired) WriteBatch(datagrams [][]byte) (int, error) {
	kept := w.kept[:0]
	for i, d := range datagrams {
		if i == len(w.dropped) {
			w.dropped = append(w.dropped, w.drop(d))
		}
		if !w.dropped[i] {
			kept = append(kept, d)
		}
	}
	w.kept = kept
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
