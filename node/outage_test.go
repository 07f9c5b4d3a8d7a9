package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// away is the error of a Writer whose link or route is away.
type away struct{ syscall.Errno }

func (e away) Error() string { return "write to 239.1.1.1:3400: " + e.Errno.Error() }
func (e away) Unwrap() error { return e.Errno }
func (away) Passing() bool   { return true }

// cable is a Writer with a plug.
type cable struct {
	sending.Writer
	mu    sync.Mutex
	err   error // nil: plugged in
	tries int   // while it was not
	limit int   // datagrams that go out before the error, once
}

// set pulls the plug, or puts it back, and returns how many tries there were without it.
func (c *cable) set(err error, limit int) (tries int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err, c.limit = err, limit
	return c.tries
}

func (c *cable) WriteBatch(datagrams [][]byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return c.Writer.WriteBatch(datagrams)
	}
	if c.limit > 0 {
		n, err := c.Writer.WriteBatch(datagrams[:min(c.limit, len(datagrams))])
		c.limit -= n
		if err != nil || n == len(datagrams) {
			return n, err
		}
		return n, c.err
	}
	c.tries++
	return 0, c.err
}

// plugged opens a session over a cable.
func plugged(w *world, cfg SendConfig) (*Sending, *cable) {
	w.t.Helper()
	c := &cable{Writer: w.net.Dial(simSource, simGroup)}
	cfg.To, cfg.TSI, cfg.Rate = simGroup, 1, 8_000_000
	s, err := w.node.sendTo(w.ctx, cfg, c, simSource.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	return s, c
}

// warnings returns the texts of all Warnings.
func (w *world) warnings() (all []string) {
	for _, e := range w.take() {
		switch e := e.(type) {
		case event.Warning:
			all = append(all, e.Text)
		case notice.Warning:
			all = append(all, e.Text)
		}
	}
	return all
}

// TestLinkAway: a link that goes away in the middle of a file costs nothing but time: what the system did not take is
// sent when it is back, and both are told.
func TestLinkAway(t *testing.T) {
	for _, errno := range []syscall.Errno{
		syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EHOSTUNREACH, syscall.ENOBUFS,
		syscall.EPERM,
	} {
		t.Run(errno.Error(), func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{Session: receiver.Config{SessionTimeout: time.Hour}})
				made := 0
				s, c := plugged(w, SendConfig{Impair: func([]byte) bool { made++; return false }})
				w.add(s, 3, 400_000)
				time.Sleep(200 * time.Millisecond)
				c.set(away{errno}, 37)
				time.Sleep(4 * time.Minute)
				if tries := c.set(nil, 0); tries < 200 || tries > 600 {
					t.Errorf("%d tries in 4 minutes", tries)
				}
				w.finish(s)
				w.delivered()
				got := slices.DeleteFunc(w.warnings(), func(text string) bool { // those of the receiver
					return strings.Contains(text, "no packet for") || strings.Contains(text, "packets come again")
				})
				if len(got) != 2 || !strings.Contains(got[0], errno.Error()) ||
					!strings.Contains(got[1], "again") {
					t.Errorf("warnings: %q", got)
				}
				w.stop()
				w.accounted()
				for _, e := range w.take() {
					if e, ok := e.(event.SessionClosed); ok && !e.Sending {
						if n := e.Counters.Received; n != uint64(made) {
							t.Errorf("%d datagrams were made, %d received", made, n)
						}
					}
				}
			})
		})
	}
}

// TestLinkStaysAway: a session that is to end gives up after its patience, and says why; a carousel never does.
func TestLinkStaysAway(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  SendConfig
		ends time.Duration // 0: never
	}{
		"once":              {SendConfig{}, defaultPatience},
		"once, impatient":   {SendConfig{Patience: 10 * time.Second}, 10 * time.Second},
		"once, for ever":    {SendConfig{Patience: -1}, 0},
		"carousel":          {SendConfig{Session: sender.Config{TransferCount: -1}}, 0},
		"carousel, bounded": {SendConfig{Session: sender.Config{TransferCount: -1}, Patience: time.Minute}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				s, c := plugged(w, test.cfg)
				w.add(s, 2, 100_000)
				c.set(away{syscall.ENETUNREACH}, 0)
				_ = s.Finish(w.ctx)
				began := time.Now()
				if test.ends == 0 {
					time.Sleep(55 * time.Minute)
					select {
					case <-s.Done():
						t.Error("it gave up")
					default:
					}
					w.sent = nil
					return
				}
				err := s.Wait(w.ctx)
				if took := time.Since(began); took < test.ends || took > test.ends+2*time.Second {
					t.Errorf("it gave up after %v, want %v", took, test.ends)
				}
				if !errors.Is(err, syscall.ENETUNREACH) {
					t.Errorf("Wait: %v", err)
				}
				failed := 0
				for _, e := range w.take() {
					switch e := e.(type) {
					case event.ObjectFailed:
						failed++
						if !strings.Contains(e.Detail, syscall.ENETUNREACH.Error()) {
							t.Errorf("the last word is %q", e.Detail)
						}
					case event.SessionClosed:
						if !strings.Contains(e.Reason, syscall.ENETUNREACH.Error()) {
							t.Errorf("closed: %q", e.Reason)
						}
					}
				}
				if failed != 2 {
					t.Errorf("%d objects failed", failed)
				}
			})
		})
	}
}

// TestLinkTrembles: a link that is away for moments only is not worth a word.
func TestLinkTrembles(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s, c := plugged(w, SendConfig{})
		w.add(s, 2, 400_000)
		for range 20 {
			c.set(away{syscall.ENOBUFS}, 3)
			time.Sleep(100 * time.Millisecond)
			c.set(nil, 0)
			time.Sleep(20 * time.Millisecond)
		}
		w.finish(s)
		w.delivered()
		if got := w.warnings(); len(got) != 0 {
			t.Errorf("warnings: %q", got)
		}
	})
}

// TestErrorThatStays: what will not pass ends the session at once, with its cause.
func TestErrorThatStays(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s, c := plugged(w, SendConfig{})
		w.add(s, 1, 100_000)
		c.set(fmt.Errorf("write: %w", syscall.EMSGSIZE), 0)
		if err := s.Wait(w.ctx); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("Wait: %v", err)
		}
	})
}

// TestCloseWhileAway: a session whose link is away can be closed.
func TestCloseWhileAway(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s, c := plugged(w, SendConfig{})
		w.add(s, 1, 100_000)
		c.set(away{syscall.ENETDOWN}, 0)
		time.Sleep(time.Minute)
		began := time.Now()
		_ = s.Close(w.ctx)
		err := s.Wait(w.ctx)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
		if err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("Wait: %v", err)
		}
	})
}

// TestPermit: once a session may not send, nothing goes out any more, not the rest of a batch and not the close-session
// flag, and Wait says why.
func TestPermit(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		ended := errors.New("it is another one's")
		c := &tally{}
		asked := 0
		p := permitted{c, func() error {
			if asked++; asked > 2 {
				return ended
			}
			return nil
		}}
		if n, err := p.WriteBatch(make([][]byte, 3*permitEach)); n != 2*permitEach || !errors.Is(err, ended) ||
			c.sent.Load() != 2*permitEach {
			t.Errorf("%d of a batch, %d sent: %v", n, c.sent.Load(), err)
		}

		var shut atomic.Bool
		c = &tally{}
		s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 1, Rate: 8_000_000, Permit: func() error {
			if shut.Load() {
				return ended
			}
			return nil
		}}, c, simSource.Addr())
		if err != nil {
			t.Fatal(err)
		}
		w.add(s, 1, 1_000_000)
		time.Sleep(300 * time.Millisecond)
		shut.Store(true)
		before := c.sent.Load()
		if err := s.Wait(w.ctx); !errors.Is(err, ended) {
			t.Errorf("Wait: %v", err)
		}
		if after := c.sent.Load(); before == 0 || after != before {
			t.Errorf("%d datagrams before, %d after", before, after)
		}
	})
}

// TestPermitThatPanics: it ends its own sessions, each of whose files fails once, and makes nobody else start again.
func TestPermitThatPanics(t *testing.T) {
	const sessions = 8
	inWorld(t, Config{}, func(w *world) {
		for tsi := range sessions {
			s, err := w.node.sendTo(w.ctx, SendConfig{
				To: simGroup, TSI: flute.TSI(tsi), Permit: func() error { panic("no permit") },
			}, &tally{}, simSource.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Add(w.ctx, sender.File{ContentLocation: "file:///a"}, nil); err != nil {
				t.Fatal(err)
			}
			<-s.Done()
		}
		w.stop()
		failed := 0
		for _, e := range w.events {
			switch e := e.(type) {
			case event.ObjectFailed:
				failed++
			case notice.ActorRestarted:
				if !strings.Contains(e.Actor, "/send-") {
					t.Errorf("%s: %s", e.Actor, e.Outcome)
				}
			}
		}
		if failed != sessions {
			t.Errorf("%d files failed of %d", failed, sessions)
		}
	})
}

// tally is a Writer that counts datagrams.
type tally struct{ sent atomic.Int64 }

func (c *tally) WriteBatch(datagrams [][]byte) (int, error) {
	c.sent.Add(int64(len(datagrams)))
	return len(datagrams), nil
}

func (c *tally) Close() error { return nil }
