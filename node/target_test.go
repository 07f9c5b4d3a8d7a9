package node

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// meter is a writer without a network that takes note of what is sent, and when. While its session runs, only now may
// read it.
type meter struct {
	mu    sync.Mutex
	began time.Time
	reading
}

// reading is what a meter has seen.
type reading struct {
	seconds []int // bytes of each second
	first   time.Duration
	file    time.Duration // of the last packet of a file
	packets int
}

func newMeter() *meter { return &meter{began: time.Now(), reading: reading{first: -1}} }

// now returns what the meter has seen until now.
func (m *meter) now() reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.reading
	r.seconds = slices.Clone(r.seconds)
	return r
}

// WriteBatch implements sending.Writer.
func (m *meter) WriteBatch(datagrams [][]byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := time.Since(m.began)
	for _, d := range datagrams {
		m.packets++
		if m.first < 0 {
			m.first = at
		}
		if h, _, err := lct.Parse(d); err == nil && !h.TOI.IsFDT() && !h.CloseSession {
			m.file = at
		}
		for len(m.seconds) <= int(at/time.Second) {
			m.seconds = append(m.seconds, 0)
		}
		m.seconds[int(at/time.Second)] += len(d)
	}
	return len(datagrams), nil
}

// Close implements sending.Writer.
func (m *meter) Close() error { return nil }

// metered starts a session over a meter.
func (w *world) metered(cfg SendConfig) (*Sending, *meter) {
	w.t.Helper()
	m := newMeter()
	cfg.To = simGroup
	s, err := w.node.sendTo(w.ctx, cfg, m, simSource.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	return s, m
}

// TestTarget: the last packet of the files is sent at the time that was asked for, with repair symbols and FDT
// Instances, at a steady rate from the first packet on, which goes out at once.
func TestTarget(t *testing.T) {
	for name, test := range map[string]struct {
		cfg   SendConfig
		files int
		size  int
	}{
		"within": {SendConfig{Within: 10 * time.Second}, 1, 1_000_000},
		"within, repair": {
			SendConfig{Within: 10 * time.Second, Session: sender.Config{OTI: fec.OTI{EncodingID: fec.RaptorQ}}},
			3,
			300_000,
		},
		"within, repeated":   {SendConfig{Within: 10 * time.Second, Session: sender.Config{TransferCount: 3}}, 2, 200_000},
		"within, with bound": {SendConfig{Within: 10 * time.Second, Rate: 2_000_000, Counting: CountEthernet}, 1, 1_000_000},
		"by":                 {SendConfig{By: time.Unix(1, 0)}, 40, 25_000},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				if !test.cfg.By.IsZero() {
					test.cfg.By = time.Now().Add(10 * time.Second)
				}
				test.cfg.TSI = 1
				s, m := w.metered(test.cfg)
				for i := range test.files {
					w.addNamed(s, fmt.Sprint(i), uint64(i), test.size)
				}
				s.Finish(w.ctx)
				if err := s.Wait(w.ctx); err != nil {
					t.Error(err)
				}
				if m.first > 10*time.Millisecond {
					t.Errorf("the first packet after %v", m.first)
				}
				if m.file > 10*time.Second || m.file < 9800*time.Millisecond {
					t.Errorf("the last packet of the files after %v", m.file)
				}
				mean := 0
				for _, n := range m.seconds[:10] {
					mean += n / 10
				}
				for i, n := range m.seconds[1:9] {
					if math.Abs(float64(n)/float64(mean)-1) > 0.1 {
						t.Errorf("second %d: %d bytes of %d", i+1, n, mean)
					}
				}
				for _, e := range w.take() {
					if e, ok := e.(event.Late); ok {
						t.Errorf("%+v", e)
					}
				}
			})
		})
	}
}

// TestFileTarget: each file takes its own time, whatever the session could do.
func TestFileTarget(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s, m := w.metered(SendConfig{TSI: 1, Rate: 10_000_000})
		add := func(f sender.File, size int) error {
			f.Content, f.Size = strings.NewReader(string(make([]byte, size))), uint64(size)
			_, err := s.Add(w.ctx, f, nil)
			return err
		}
		for _, f := range []sender.File{
			{ContentLocation: "file:///10", Within: 10 * time.Second},
			{ContentLocation: "file:///5", By: time.Now().Add(5 * time.Second)},
		} {
			if err := add(f, 1_000_000); err != nil {
				t.Fatal(err)
			}
		}
		if err := add(sender.File{ContentLocation: "file:///no", Within: time.Second}, 2_000_000); !errors.Is(err,
			sender.ErrTarget) {
			t.Errorf("too fast for the rate: %v", err)
		}
		s.Finish(w.ctx)
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
		if m.file > 10*time.Second || m.file < 9800*time.Millisecond {
			t.Errorf("the last packet after %v", m.file)
		}
		for i, n := range m.seconds[:10] {
			want := 103_000
			if i < 5 {
				want = 310_000
			}
			if math.Abs(float64(n-want)) > float64(want)/20 {
				t.Errorf("second %d: %d bytes, want some %d", i, n, want)
			}
		}
	})
}

// TestTargetIsRefused: what cannot be in time is refused before anything of it is sent.
func TestTargetIsRefused(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		for field, cfg := range map[string]SendConfig{
			"Within -1s":    {Within: -time.Second},
			"By":            {By: time.Now().Add(-time.Second)},
			"Within and By": {Within: time.Second, By: time.Now().Add(time.Hour)},
			"for ever":      {Within: time.Second, Session: sender.Config{TransferCount: -1}},
			"Counting 3":    {Counting: 3},
			"Constant":      {Constant: true},
			"WarmUp 1s":     {WarmUp: time.Second},
			"Weight -1":     {Weight: -1},
		} {
			cfg.To = simGroup
			_, err := w.node.sendTo(w.ctx, cfg, newMeter(), simSource.Addr())
			if err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		s, _ := w.metered(SendConfig{TSI: 9, Rate: 1_000_000, Within: 10 * time.Second})
		w.addNamed(s, "fits", 1, 1_000_000)
		data := randomBytes(2, 600_000)
		f := sender.File{
			ContentLocation: "file:///more", Content: strings.NewReader(string(data)), Size: uint64(len(data)),
		}
		_, err := s.Add(w.ctx, f, nil)
		if !errors.Is(err, sender.ErrTarget) || !strings.Contains(err.Error(), "1000000 bit/s") {
			t.Errorf("more than the rate: %v", err)
		}
		f.TransferCount = -1
		if _, err := s.Add(w.ctx, f, nil); !errors.Is(err, sender.ErrTarget) {
			t.Errorf("for ever: %v", err)
		}
		s.Finish(w.ctx)
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
	})
}

// TestSetRate: a rate changes while a session runs. A target that it cannot meet any more is told once, with the time.
func TestSetRate(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s, m := w.metered(SendConfig{TSI: 1, Rate: 8_000_000, Within: 10 * time.Second})
		w.addNamed(s, "a", 1, 2_000_000)
		s.Finish(w.ctx)
		time.Sleep(5 * time.Second)
		if err := s.SetRate(w.ctx, 800_000); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
		// 1 MB was left for five seconds: at 100 kB a second it takes ten.
		if m.file < 14500*time.Millisecond || m.file > 15700*time.Millisecond {
			t.Errorf("the last packet after %v", m.file)
		}
		var late []time.Duration
		for _, e := range w.take() {
			if e, ok := e.(event.Late); ok && e.TOI == (flute.TOI{}) {
				late = append(late, e.By)
			}
		}
		if len(late) != 1 || late[0] < 4500*time.Millisecond || late[0] > 6*time.Second {
			t.Errorf("late: %v", late)
		}
	})
}

// TestSetRateWakes: a higher rate holds at once, also where the next datagram would have been due in hours.
func TestSetRateWakes(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s, m := w.metered(SendConfig{TSI: 1, Rate: 1})
		w.addNamed(s, "a", 1, 10_000)
		s.Finish(w.ctx)
		time.Sleep(time.Second)
		if err := s.SetRate(w.ctx, 1_000_000); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
		if m.file < time.Second || m.file > 1200*time.Millisecond {
			t.Errorf("the last packet after %v", m.file)
		}
	})
}

// TestNodeRate: the sessions of a node share its rate by weight. A session with a low rate of its own gets that, one
// that has nothing to send takes nothing from the others, and a small one is not starved.
func TestNodeRate(t *testing.T) {
	inWorld(t, Config{Rate: 10_000_000}, func(w *world) {
		var meters []*meter
		var sessions []*Sending
		for i, cfg := range []SendConfig{
			{Weight: 3}, {Rate: 1_000_000, Weight: 100}, {}, {Session: sender.Config{OTI: fec.OTI{SymbolLength: 100}}},
		} {
			cfg.TSI = flute.TSI(i + 1)
			s, m := w.metered(cfg)
			sessions, meters = append(sessions, s), append(meters, m)
		}
		for i, size := range []int{20_000_000, 20_000_000, 20_000_000, 1000} {
			w.addNamed(sessions[i], "a", uint64(i), size)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for i, m := range meters[:3] {
			sum := 0
			for _, n := range m.now().seconds[2:9] {
				sum += n * 8 / 7
			}
			want := []float64{6_750_000, 1_000_000, 2_250_000}[i]
			if math.Abs(float64(sum)-want) > want/10 {
				t.Errorf("session %d: %d bit/s, want some %.0f", i, sum, want)
			}
		}
		if at := meters[3].now().file; at > 300*time.Millisecond {
			t.Errorf("the small file was sent after %v", at)
		}
		w.node.SetRate(5_000_000)
		before := meters[0].now().packets
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := (meters[0].now().packets - before) * 1400 * 8 / 10; n < 2_700_000 || n > 3_300_000 {
			t.Errorf("at half the rate: %d bit/s", n)
		}
		for _, s := range sessions {
			s.Close(w.ctx)
		}
	})
}

// TestConf_A09_ConstantRate: a session sends at one rate from its beginning to its end, also before, between and after
// its files, with packets that receivers do not mind; they get the files.
func TestConf_A09_ConstantRate(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		m := newMeter()
		both := &tee{m, w.net.Dial(simSource, simGroup)}
		s, err := w.node.sendTo(w.ctx, SendConfig{
			To: simGroup, TSI: 1, Rate: 1_000_000, Constant: true, WarmUp: 2 * time.Second,
		}, both, simSource.Addr())
		if err != nil {
			t.Fatal(err)
		}
		w.addNamed(s, "a", 1, 100_000)
		time.Sleep(5 * time.Second)
		w.addNamed(s, "b", 2, 100_000)
		w.finish(s)
		if m.first > 10*time.Millisecond {
			t.Errorf("the first packet after %v", m.first)
		}
		for i, n := range m.seconds[:len(m.seconds)-1] {
			if math.Abs(float64(n)-125_000) > 2500 {
				t.Errorf("second %d: %d bytes of %v", i, n, m.seconds)
			}
		}
		// The second file is out after some 6 s; then come its FDT Instances, and two seconds of padding.
		if len(m.seconds) < 8 || len(m.seconds) > 10 {
			t.Errorf("%d seconds", len(m.seconds))
		}
		w.delivered()
	})
}

// tee is a writer that has two of them write.
type tee struct{ a, b sending.Writer }

func (w *tee) WriteBatch(datagrams [][]byte) (int, error) {
	if n, err := w.a.WriteBatch(datagrams); err != nil {
		return n, err
	}
	return w.b.WriteBatch(datagrams)
}

func (w *tee) Close() error { return errors.Join(w.a.Close(), w.b.Close()) }
