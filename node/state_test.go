package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/simnet"
)

// sendState opens a session with a state file.
func (w *world) sendState(tsi flute.TSI, path string) (*Sending, error) {
	w.t.Helper()
	return w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: tsi, Rate: 8_000_000, State: path},
		w.net.Dial(simSource, simGroup), simSource.Addr())
}

// TestStateFile: a session goes on with the numbers of the one before; a damaged file is told, not believed and kept
// aside; one of another session, and one that is in use, are refused.
func TestStateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		var ids []flute.InstanceID
		var tois []flute.TOI
		run := func(i int) {
			s, err := w.sendState(1, path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.sendState(2, path); err == nil {
				t.Error("two sessions with one file")
			}
			w.addNamed(s, fmt.Sprint(i), uint64(i), 3000)
			w.finish(s)
			ids, tois = nil, nil
			for _, e := range w.take() {
				switch e := e.(type) {
				case event.FDTPublished:
					ids = append(ids, e.ID)
				case event.ObjectStarted:
					if e.Sending {
						tois = append(tois, e.TOI)
					}
				}
			}
		}
		run(0)
		run(1)
		if len(ids) != 2 || ids[1] != ids[0].Next() || len(tois) != 2 || tois[1] != tois[0].Next() {
			t.Fatalf("FDT Instances %v, TOIs %v", ids, tois)
		}
		if _, err := w.sendState(2, path); err == nil || !strings.Contains(err.Error(), "TSI 1") {
			t.Errorf("another session: %v", err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		run(2)
		if ids[2] == ids[1].Next() || tois[2] == tois[1].Next() {
			t.Errorf("FDT Instances %v, TOIs %v", ids, tois)
		}
		time.Sleep(time.Second)
		w.delivered()
		if b, err := os.ReadFile(path + ".bad"); err != nil || string(b) != "{}" {
			t.Errorf("kept aside: %q, %v", b, err)
		}
	})
}

// TestStateFileIsTold: whoever runs the node hears of a damaged state file.
func TestStateFileIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inWorld(t, Config{}, func(w *world) {
		s, err := w.sendState(1, path)
		if err != nil {
			t.Fatal(err)
		}
		w.finish(s)
		told := 0
		for _, e := range w.take() {
			if n, ok := e.(notice.Warning); ok && strings.Contains(n.Text, "is damaged") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("it was told %d times", told)
		}
	})
}

// counted counts the datagrams that are written.
type counted struct {
	sending.Writer
	n *atomic.Int64
}

// WriteBatch implements sending.Writer.
func (c counted) WriteBatch(datagrams [][]byte) (int, error) {
	c.n.Add(int64(len(datagrams)))
	return c.Writer.WriteBatch(datagrams)
}

// TestCloseRepeat: the close-session flag is sent for as long as was asked.
func TestCloseRepeat(t *testing.T) {
	for _, tt := range []struct {
		repeat time.Duration
		want   int64
	}{{0, 5}, {-1, 1}, {3 * time.Second, 21}} {
		inWorld(t, Config{}, func(w *world) {
			flags := counted{w.net.Dial(simSource, simGroup), new(atomic.Int64)}
			s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 1, CloseRepeat: tt.repeat}, flags,
				simSource.Addr())
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			w.finish(s)
			if took := time.Since(began); took < max(tt.repeat, 0) || took > max(tt.repeat, 0)+time.Second {
				t.Errorf("%v: the end takes %v", tt.repeat, took)
			}
			if n := flags.n.Load(); n != tt.want {
				t.Errorf("%v: %d flags, want %d", tt.repeat, n, tt.want)
			}
			if _, err := w.node.sendTo(w.ctx, SendConfig{
				To: simGroup, TSI: 2, CloseRepeat: defaults.MaxCloseRepeat + 1,
			}, w.net.Dial(simSource, simGroup), simSource.Addr()); err == nil {
				t.Error("longer than a minute is no error")
			}
		})
	}
}
