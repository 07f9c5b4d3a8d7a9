package node

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// sluggish is content on a disk that takes so long for each read.
type sluggish struct {
	bytes.Reader
	each time.Duration
}

func (s *sluggish) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(s.each)
	return s.Reader.ReadAt(p, off)
}

// pace is what a sending session sent, and when.
type pace struct {
	mu     sync.Mutex
	latest map[flute.TOI]time.Time     // packet of an object
	gap    map[flute.TOI]time.Duration // the longest between two of its packets
	closed time.Time                   // when the first close-session flag went out
	whole  map[flute.TOI]time.Time     // when the packet with the close-object flag went out
}

func newPace() *pace {
	return &pace{
		latest: map[flute.TOI]time.Time{}, gap: map[flute.TOI]time.Duration{},
		whole: map[flute.TOI]time.Time{},
	}
}

// note takes note of each datagram. It drops none.
func (p *pace) note(datagram []byte) (drop bool) {
	h, _, err := lct.Parse(datagram)
	if err != nil {
		return false
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.CloseSession {
		if p.closed.IsZero() {
			p.closed = now
		}
		return false
	}
	if at, ok := p.latest[h.TOI]; ok {
		p.gap[h.TOI] = max(p.gap[h.TOI], now.Sub(at))
	}
	p.latest[h.TOI] = now
	if h.CloseObject {
		p.whole[h.TOI] = now
	}
	return false
}

// TestSlowSourceDelaysItsFileOnly: while a disk takes seconds for each read of one file, the packets of another one,
// the FDT Instances and the close-session flag go out on time.
func TestSlowSourceDelaysItsFileOnly(t *testing.T) {
	for name, oti := range map[string]fec.OTI{
		"no code": {SymbolLength: 1000, MaxSourceBlockLength: 20},
		"repair":  {EncodingID: fec.ReedSolomonGF28, SymbolLength: 1000, MaxSourceBlockLength: 20, MaxEncodingSymbols: 24},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{})
				p := newPace()
				s, err := w.node.sendTo(w.ctx, SendConfig{
					To: simGroup, TSI: 1, Rate: 1_000_000, Impair: p.note,
					Session: sender.Config{OTI: oti, Parallel: 2, FirstTOI: flute.NewTOI(1)},
				}, w.net.Dial(simSource, simGroup), simSource.Addr())
				if err != nil {
					t.Fatal(err)
				}
				w.addNamed(s, "sound", 7, 1_000_000)
				data := randomBytes(99, 600_000)
				slow := &sluggish{*bytes.NewReader(data), 2 * time.Second}
				f := sender.File{
					ContentLocation: "file:///1/slow", Content: slow, Size: uint64(len(data)), Digests: sender.NoDigest,
				}
				if _, err := s.Add(w.ctx, f, nil); err != nil {
					t.Fatal(err)
				}
				for w.ends()["1/sound"] == "" {
					time.Sleep(time.Millisecond)
				}
				p.mu.Lock()
				if gap := p.gap[flute.NewTOI(1)]; gap > 100*time.Millisecond {
					t.Errorf("the sound file paused for %v", gap)
				}
				if gap := p.gap[flute.TOI{}]; gap > 1200*time.Millisecond {
					t.Errorf("there was no FDT Instance for %v", gap)
				}
				p.mu.Unlock()
				closing := time.Now()
				s.Close(w.ctx)
				p.mu.Lock()
				defer p.mu.Unlock()
				if late := p.closed.Sub(closing); p.closed.IsZero() || late > 100*time.Millisecond {
					t.Errorf("the close-session flag was late by %v", late)
				}
			})
		})
	}
}

// hung is content on a disk that does not answer until it is told to.
type hung struct {
	bytes.Reader
	answer chan struct{}
}

func (h *hung) ReadAt(p []byte, off int64) (int, error) {
	<-h.answer
	return h.Reader.ReadAt(p, off)
}

// TestHungSources: files whose disk does not answer at all, more of them than are sent at once and than there are
// processors, delay neither the other file of their session nor another session. When the disk answers, they arrive.
func TestHungSources(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		answer := make(chan struct{})
		s := w.send(1, 8_000_000, sender.Config{Parallel: 2})
		for i := range 12 {
			name := fmt.Sprintf("1/hung%d", i)
			w.sent[name] = randomBytes(uint64(i), 10_000)
			f := sender.File{
				ContentLocation: "file:///" + name, Content: &hung{*bytes.NewReader(w.sent[name]), answer},
				Size:    10_000,
				Digests: sender.NoDigest,
			}
			if _, err := s.Add(w.ctx, f, nil); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		w.addNamed(s, "sound", 77, 100_000)
		other := w.send(2, 8_000_000, sender.Config{})
		w.addNamed(other, "sound", 78, 100_000)
		for ends := w.ends(); ends["1/sound"] == "" || ends["2/sound"] == ""; ends = w.ends() {
			if time.Sleep(10 * time.Millisecond); time.Since(began) > time.Minute {
				t.Fatalf("after a minute: %v", ends)
			}
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the sound files took %v", took)
		}
		close(answer)
		w.finish(s, other)
		w.delivered()
	})
}

// TestCompletedIsToldInTime: on a slow link a file is told to be completed when its last packet is out, not before, and
// not much later.
func TestCompletedIsToldInTime(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		p := newPace()
		s, err := w.node.sendTo(w.ctx, SendConfig{
			To: simGroup, TSI: 1, Rate: 200_000, Impair: p.note,
			Session: sender.Config{FirstTOI: flute.NewTOI(1), Parallel: 1},
		}, w.net.Dial(simSource, simGroup), simSource.Addr())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			w.addNamed(s, fmt.Sprint(i), uint64(i), 20_000)
		}
		s.Finish(w.ctx)
		told := map[flute.TOI]time.Time{}
		for len(told) < 4 {
			for _, e := range w.take() {
				if e, ok := e.(event.ObjectCompleted); ok && told[e.TOI].IsZero() {
					told[e.TOI] = time.Now()
				}
			}
			time.Sleep(time.Millisecond)
		}
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for toi, at := range told {
			if late := at.Sub(p.whole[toi]); p.whole[toi].IsZero() || late < 0 || late > 10*time.Millisecond {
				t.Errorf("TOI %v was told to be completed at %v, its last packet went out at %v", toi, at, p.whole[toi])
			}
		}
	})
}

// degrading is a writer that has something to tell once.
type degrading struct {
	sending.Writer
	text string
}

func (d *degrading) Degraded() (text string) {
	text, d.text = d.text, ""
	return text
}

// TestDegradedWriterIsTold: what the socket cannot do any more is a Warning, also when datagrams are impaired.
func TestDegradedWriterIsTold(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		writer := &degrading{w.net.Dial(simSource, simGroup), "no offload"}
		keep := func([]byte) bool { return false }
		s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 1, Impair: keep}, writer, simSource.Addr())
		if err != nil {
			t.Fatal(err)
		}
		w.addNamed(s, "a", 1, 10_000)
		s.Finish(w.ctx)
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
		told := 0
		for _, e := range w.take() {
			if e, ok := e.(event.Warning); ok && strings.Contains(e.Text, "no offload") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}

// TestOnWake: it is told by how much a session woke too late, in turns of its actor and between them.
func TestOnWake(t *testing.T) {
	for _, c := range []struct {
		name     string
		sessions int
		delay    time.Duration
	}{{"one session, which stalls", 1, 2 * time.Second}, {"a crowd, which is in time", 20, 0}} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, Config{Faults: stuckFor(c.delay, "session/sending-1", "pump", 5)}, func(w *world) {
				var mu sync.Mutex
				woken, latest := 0, time.Duration(0)
				for i := range c.sessions {
					s, err := w.node.sendTo(w.ctx, SendConfig{
						To: simGroup, TSI: flute.TSI(i + 1), Rate: 800_000, OnWake: func(late time.Duration) {
							mu.Lock()
							defer mu.Unlock()
							woken, latest = woken+1, max(latest, late)
						},
					}, w.net.Dial(simSource, simGroup), simSource.Addr())
					if err != nil {
						t.Fatal(err)
					}
					w.add(s, 1, 100_000)
					defer w.finish(s)
				}
				time.Sleep(10 * time.Second)
				mu.Lock()
				defer mu.Unlock()
				if woken < 10*c.sessions || latest < c.delay || latest > c.delay+time.Millisecond {
					t.Errorf("told %d times, at most %v", woken, latest)
				}
			})
		})
	}
}
