package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
	"github.com/flute-node/flute-node/internal/statefile"
	"github.com/flute-node/flute-node/internal/udp"
)

// SendConfig says where to and how to send. To is required; the zero value of the rest is its default.
type SendConfig struct {
	To        netip.AddrPort // multicast group or unicast address, with the UDP port
	TSI       flute.TSI
	Interface string   // name, index or address; empty: the system's choice
	TTL       int      // zero: 1
	Rate      uint64   // bits per second at most; zero: as fast as the socket takes them
	Counting  Counting // what of a datagram Rate counts; zero: its UDP payload
	// Within is how long after the first Add the last packet of the last file is sent: the session is as fast as that
	// takes, with repair symbols and FDT Instances, and no faster than Rate. An event.Late tells when it will miss that.
	// Add refuses a file with an error that wraps sender.ErrTarget if Rate is too low for it. Zero: no such time.
	Within time.Duration
	// By is the same, as a time. Zero: none. It does not go together with Within.
	By time.Time
	// Constant has the session send at its Rate all the time: where nothing is to be sent it sends packets that receivers
	// ignore, so that no burst marks the start or the end of a file. WarmUp is how long they go before the first packet,
	// and after the last one. Links with queues, and receivers, lose least at a rate that does not change.
	Constant bool
	WarmUp   time.Duration
	// Weight is the session's part of Config.Rate of the node, in proportion to the other sessions'. Zero: 1.
	Weight int
	// NoOffload hands datagrams to the system one by one, which costs more processor time. False: with a Rate, datagrams
	// in a row are messages of up to 64 KiB where the system takes them (UDP_SEGMENT of Linux).
	NoOffload bool

	// Patience is how long the session goes on while nothing can be sent, because the link or the route is away. Zero:
	// for ever if Session sends its files for ever, DefaultPatience if not; negative: for ever. A Warning tells when
	// nothing can be sent, and another one when it can again. What the system has not taken is sent then.
	Patience time.Duration

	// Session configures the core: FEC, profile, carousel. Its Session and Registry are filled in, and its FDTStartID
	// and FirstTOI, where they are zero, from the clock: receivers still know those of the process before.
	Session sender.Config
	// State names a file that keeps the FDT Instance ID and the TOI with which the next process goes on; it takes
	// precedence over FDTStartID, FirstTOI and the clock. One that is damaged is not believed: a Warning says so, and the
	// session begins by the clock. One of another session is an error. It belongs to the session until that has ended.
	State string
	// CloseRepeat is for how long the close-session flag is repeated at the end, every 150 ms, up to MaxCloseRepeat. Zero:
	// 600 ms; negative: it is sent once.
	CloseRepeat time.Duration
	// RandomTOI has the TOIs begin at random, anywhere within Session.TOIBits, where Session.FirstTOI is zero.
	RandomTOI bool

	// Impair drops datagrams on purpose, for tests and demonstrations; nil: none.
	Impair func(datagram []byte) (drop bool)
}

// Counting says what of a datagram a rate counts.
type Counting uint8

// What a rate may count.
const (
	CountPayload  Counting = iota // UDP payload
	CountIP                       // also the headers of UDP and IP
	CountEthernet                 // also what Ethernet adds, preamble and gap included
)

// frames returns what a rate counts of a datagram to that address.
func (c Counting) frames(to netip.Addr) pacing.Frames {
	switch c {
	case CountIP:
		return pacing.IP(to)
	case CountEthernet:
		return pacing.Ethernet(to)
	default:
		return pacing.Frames{}
	}
}

// pace returns the pace that is configured, or an error that names the field.
func (cfg *SendConfig) pace() (sending.Pace, error) {
	p := sending.Pace{Rate: cfg.Rate, Frames: cfg.Counting.frames(cfg.To.Addr()), Within: cfg.Within, By: cfg.By}
	p.Constant, p.WarmUp = cfg.Constant, cfg.WarmUp
	target := cfg.Within != 0 || !cfg.By.IsZero()
	switch {
	case cfg.Counting > CountEthernet:
		return p, fmt.Errorf("node: SendConfig.Counting %d is not known", cfg.Counting)
	case cfg.Weight < 0 || cfg.Weight > maxWeight:
		return p, fmt.Errorf("node: SendConfig.Weight %d is not 1 to %d", cfg.Weight, maxWeight)
	case cfg.Constant && (cfg.Rate == 0 || target):
		return p, errors.New("node: SendConfig.Constant goes with Rate, and not with Within or By")
	case cfg.WarmUp < 0 || cfg.WarmUp != 0 && !cfg.Constant:
		return p, fmt.Errorf("node: SendConfig.WarmUp %v is negative, or not with Constant", cfg.WarmUp)
	case cfg.Within < 0:
		return p, fmt.Errorf("node: SendConfig.Within %v is negative", cfg.Within)
	case cfg.Within != 0 && !cfg.By.IsZero():
		return p, errors.New("node: SendConfig.Within and By: take one of them")
	case target && cfg.Session.TransferCount < 0:
		return p, errors.New("node: SendConfig.Within or By, and Session.TransferCount for ever: take one of them")
	case !cfg.By.IsZero() && !cfg.By.After(time.Now()):
		return p, fmt.Errorf("node: SendConfig.By %v is over", cfg.By.Format(time.RFC3339))
	}
	return p, nil
}

// maxWeight keeps the smallest part of a rate above nothing.
const maxWeight = 1_000_000

// DefaultPatience outlasts a switch that restarts, or a cable that is moved; a job that is started daily ends before
// the next.
const DefaultPatience = 5 * time.Minute

// MaxCloseRepeat bounds SendConfig.CloseRepeat: for that long Wait waits.
const MaxCloseRepeat = time.Minute

// Sending is a running session. Its methods are safe for concurrent use.
type Sending struct {
	node *Node
	key  flute.SessionKey
	pid  *actor.PID
	done chan struct{}
	out  *sending.Outcome
	// offload says that the socket takes messages of several datagrams.
	offload bool
	target  bool // the session has Within or By

	state *statefile.File // nil: there is none

	asked atomic.Uint64 // ID of the last Add
}

// Send opens a sending session. It goes on until Finish and the last transfer, Close, or the node's Stop. If ctx ends
// before the session has begun, Send returns its error, and the session is closed as soon as that is possible.
func (n *Node) Send(ctx context.Context, cfg SendConfig) (*Sending, error) {
	loopback := true
	w, err := udp.Dial(udp.SendConfig{
		To: cfg.To, Interface: cfg.Interface, TTL: cfg.TTL, Loopback: &loopback,
		// Without a rate it would overrun receivers that read datagrams one by one.
		NoOffload: cfg.NoOffload || !n.isPaced(&cfg),
	})
	if err != nil {
		return nil, err
	}
	return n.sendOver(ctx, cfg, wire{
		Writer: w, source: w.LocalAddr().Addr(), late: n.alarms.Late(), offload: w.Offload(),
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

	offload bool // see Sending.Offload
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
	if cfg.RandomTOI && own.FirstTOI.IsFDT() {
		own.FirstTOI = randomTOI(own)
	}
	if cfg.CloseRepeat > MaxCloseRepeat {
		err := fmt.Errorf("node: SendConfig.CloseRepeat %v is more than %v", cfg.CloseRepeat, MaxCloseRepeat)
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
	if cfg.Impair != nil {
		w.Writer = &impaired{Writer: w.Writer, drop: cfg.Impair}
	}
	s := &Sending{
		node: n, key: key, done: make(chan struct{}), out: sending.NewOutcome(), offload: w.offload, state: state,
	}
	s.target = cfg.Within != 0 || !cfg.By.IsZero()
	sc := sending.Config{
		Key: key, Core: core, Writer: w.Writer, Patience: cfg.patience(), CloseRepeat: cfg.CloseRepeat, Outcome: s.out,
		Timer: w.timer,
	}
	pace.Member = n.link.Join(cfg.Weight)
	sc.Pace = pace
	ledger := sending.NewLedger(sc)
	if err := s.reserve(ledger); err != nil {
		pace.Member.Leave()
		state.Close()
		return nil, errors.Join(err, w.Close())
	}
	go s.watch()
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
	case n.stopped:
		return ErrStopped
	case n.sessions[s.key]:
		return fmt.Errorf("node: session %v is being sent already", s.key)
	}
	n.sessions[s.key] = true
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
	s.state.Close()
	s.node.mu.Lock()
	delete(s.node.sessions, s.key)
	s.node.mu.Unlock()
}

// Add puts f into the session. It reads f before, for its digests and its content encoding, and blocks on that, unless
// the digests come later, as those of large files do: see sender.DigestLater. With a nil scratch, what is encoded goes to
// a file of the node without a name. Errors about f are a *sender.FileError.
// For files of a file system, which may change while they are sent, package source has File.Source.
func (s *Sending) Add(ctx context.Context, f sender.File, scratch sender.Scratch) (flute.TOI, error) {
	return s.put(ctx, f, scratch, func(id uint64, o *sender.Object) sending.Message {
		return sending.Add{ID: id, Object: o}
	})
}

// put prepares f and sends the session the message with it, which is answered with sending.Added.
func (s *Sending) put(
	ctx context.Context, f sender.File, scratch sender.Scratch, message func(id uint64, o *sender.Object) sending.Message,
) (flute.TOI, error) {
	var helpers sync.WaitGroup
	defer helpers.Wait()
	o, err := sender.PrepareWith(ctx, f, scratch, sender.Help{Spawn: helpers.Go, Scratches: &s.node.scratches})
	if err != nil {
		return flute.TOI{}, err
	}
	toi, err := s.question(ctx, message(s.asked.Add(1), o))
	if errors.Is(err, sender.ErrClosed) {
		o.Discard()
	}
	return toi, err
}

// Reserve takes a TOI for a file that will be added with it, in sender.File.TOI, so that it is known before. It is given
// to no other file until then, or until Release.
func (s *Sending) Reserve(ctx context.Context) (flute.TOI, error) {
	return s.question(ctx, sending.Reserve{ID: s.asked.Add(1)})
}

// Release gives back a TOI that was reserved. It does nothing to one that a file has.
func (s *Sending) Release(ctx context.Context, toi flute.TOI) error {
	return s.order(ctx, sending.Release{TOI: toi})
}

// question asks the session what is answered with a TOI.
func (s *Sending) question(ctx context.Context, m sending.Message) (flute.TOI, error) {
	added, err := askPID[sending.Added](ctx, s.node, s.pid, m, s.done)
	if errors.Is(err, errEnded) {
		return flute.TOI{}, fmt.Errorf("node: session %v: %w", s.key, sender.ErrClosed)
	} else if err != nil {
		return flute.TOI{}, err
	}
	return added.TOI, added.Err
}

// order tells the session what to do, and returns once it has heard it or has ended. Of the end tells Wait.
func (s *Sending) order(ctx context.Context, m sending.Message) error {
	_, err := askPID[sending.Taken](ctx, s.node, s.pid, m, s.done)
	if errors.Is(err, errEnded) || errors.Is(err, ErrStopped) {
		return nil
	}
	return err
}

// Publish has the files that were added since the last call described and sent, where Session.FDTManual is set. The
// error is that of ctx.
func (s *Sending) Publish(ctx context.Context) error { return s.order(ctx, sending.Publish{}) }

// Finish announces that no file will be added (RFC 6726, section 3.4.2) and lets the session end once every file was
// sent as often as asked, for which Wait waits. The error is that of ctx: the session has not heard it in time. A
// session that has ended is no error.
func (s *Sending) Finish(ctx context.Context) error { return s.order(ctx, sending.Finish{}) }

// SetRate changes SendConfig.Rate; zero: as fast as the socket takes them. The error is that of ctx. A session that has
// ended is no error.
func (s *Sending) SetRate(ctx context.Context, bitsPerSecond uint64) error {
	return s.order(ctx, sending.SetRate{Rate: bitsPerSecond})
}

// Close ends the session now, with the close-session flag, and returns when it has ended, or with the error of ctx when
// that ends before. A session that has ended is no error.
func (s *Sending) Close(ctx context.Context) error {
	if err := s.order(ctx, sending.Close{Reason: "closed"}); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("node: session %v is ending: %w", s.key, ctx.Err())
	}
}

// Done is closed when the session has ended.
func (s *Sending) Done() <-chan struct{} { return s.done }

// Wait waits for the end of the session and returns what failed, joined: what ended the session before its time, and
// the files that were not sent as often as asked. The events of the session have reached every Subscription by then.
func (s *Sending) Wait(ctx context.Context) error {
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	// Without an answer the hub is being stopped or restarted, and events may be missed.
	_ = s.node.flush(ctx)
	return s.out.Err()
}

// Offload reports whether the datagrams of the session began as messages of several to the system (UDP_SEGMENT). A
// Warning tells when the system refuses them: then they are sent one by one.
func (s *Sending) Offload() bool { return s.offload }

// impaired is a writer that drops.
type impaired struct {
	sending.Writer
	drop    func([]byte) bool
	dropped []bool // what was decided about datagrams that were not sent yet
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
