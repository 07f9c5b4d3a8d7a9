package node

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// plug is a writer that blocks until it is pulled.
type plug struct {
	sending.Writer
	pulled chan struct{}
}

func (p *plug) WriteBatch(datagrams [][]byte) (int, error) {
	<-p.pulled
	return p.Writer.WriteBatch(datagrams)
}

// closing is content that counts how often it is closed.
type closing struct {
	*bytes.Reader
	closed atomic.Int32
}

func (c *closing) Close() error { c.closed.Add(1); return nil }

// TestAddThatNobodyWaitsFor: whose context ends while its file is on its way to the session has the file closed, once,
// and not sent; nor does the end of the session or of the node leave it open.
func TestAddThatNobodyWaitsFor(t *testing.T) {
	for _, how := range []string{"context", "close", "stop"} {
		for _, all := range []bool{false, true} {
			t.Run(how+map[bool]string{true: ", AddAll"}[all], func(t *testing.T) {
				inWorld(t, Config{}, func(w *world) {
					p := &plug{w.net.Dial(simSource, simGroup), make(chan struct{})}
					cfg := SendConfig{To: simGroup, TSI: 1, Rate: 1_000_000}
					s, err := w.node.sendTo(w.ctx, cfg, p, simSource.Addr())
					if err != nil {
						t.Fatal(err)
					}
					w.addNamed(s, "first", 1, 3000)
					synctest.Wait() // it waits for its writer
					c := &closing{Reader: bytes.NewReader(make([]byte, 3000))}
					f := sender.File{ContentLocation: "file:///second", Content: c, Size: 3000, Owned: true}
					ctx, cancel := context.WithCancel(w.ctx)
					added := make(chan error, 1)
					go func() {
						if !all {
							_, err := s.Add(ctx, f, nil)
							added <- err
							return
						}
						added <- s.AddAll(ctx, slices.Values([]sender.File{f}), func(int, flute.TOI, error) {
							if how == "context" {
								t.Error("told of a file")
							}
						})
					}()
					synctest.Wait() // it is in the mailbox
					ended := make(chan struct{})
					go func() {
						defer close(ended)
						switch how {
						case "close":
							_ = s.Close(w.ctx)
						case "stop":
							w.stop()
						}
					}()
					if how == "context" {
						cancel()
						if err := <-added; !errors.Is(err, context.Canceled) {
							t.Errorf("Add: %v", err)
						}
						added <- context.Canceled
						if n := c.closed.Load(); n != 1 {
							t.Errorf("it was closed %d times when Add returned", n)
						}
					}
					synctest.Wait()
					close(p.pulled)
					<-added
					cancel()
					<-ended
					if how == "context" {
						w.finish(s)
					}
					w.stop()
					for _, e := range w.take() {
						if e, ok := e.(event.ObjectCompleted); ok && e.ContentLocation == f.ContentLocation {
							t.Error("it was sent")
						}
					}
					if n := c.closed.Load(); n != 1 {
						t.Errorf("it was closed %d times", n)
					}
				})
			})
		}
	}
}

// TestAddToAClosingSession: a file that comes while the close-session flag is repeated is closed once.
func TestAddToAClosingSession(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s := w.send(1, 1_000_000, sender.Config{})
		ended := make(chan error, 1)
		go func() { ended <- s.Close(w.ctx) }()
		synctest.Wait()
		c := &closing{Reader: bytes.NewReader(make([]byte, 3000))}
		f := sender.File{ContentLocation: "file:///late", Content: c, Size: 3000, Owned: true}
		if _, err := s.Add(w.ctx, f, nil); !errors.Is(err, sender.ErrClosed) {
			t.Errorf("Add: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.stop()
		if n := c.closed.Load(); n != 1 {
			t.Errorf("it was closed %d times", n)
		}
	})
}
