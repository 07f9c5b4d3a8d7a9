package lease

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

var session = flute.SessionKey{TSI: 7, Group: netip.MustParseAddrPort("239.1.2.3:5000")}

// errAway is the error of a bucket that is not reached.
var errAway = errors.New("away")

// memory is a bucket for several nodes.
type memory struct {
	mu       sync.Mutex
	values   map[string]value
	revision uint64
}

type value struct {
	text     []byte
	revision uint64
}

// view is how one node sees a memory.
type view struct {
	*memory
	away atomic.Bool          // nothing arrives
	deaf atomic.Bool          // what is written arrives, and no answer comes
	late func() time.Duration // until a call arrives, and until its answer comes; nil: at once
}

func (v *view) wait(ctx context.Context) error {
	if v.late != nil {
		time.Sleep(v.late())
	}
	if v.away.Load() {
		<-ctx.Done()
		return errAway
	}
	return ctx.Err()
}

func (v *view) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if err := v.wait(ctx); err != nil {
		return nil, 0, err
	}
	v.mu.Lock()
	one := v.values[key]
	v.mu.Unlock()
	if err := v.wait(ctx); err != nil {
		return nil, 0, err
	}
	return one.text, one.revision, nil
}

func (v *view) Put(ctx context.Context, key string, text []byte, revision uint64) (uint64, error) {
	if err := v.wait(ctx); err != nil {
		return 0, err
	}
	v.mu.Lock()
	if v.values[key].revision != revision {
		v.mu.Unlock()
		return 0, fmt.Errorf("bucket: %w", ErrConflict)
	}
	v.revision++
	n := v.revision
	v.values[key] = value{text, n}
	v.mu.Unlock()
	if v.deaf.Load() {
		<-ctx.Done()
		return 0, errAway
	}
	if err := v.wait(ctx); err != nil {
		return 0, err
	}
	return n, nil
}

func (v *view) Delete(ctx context.Context, key string) error {
	if err := v.wait(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.values, key)
	return nil
}

func (v *view) List(_ context.Context, prefix string, each func(string, []byte, uint64)) error {
	v.mu.Lock()
	all := maps.Clone(v.values)
	v.mu.Unlock()
	for key, one := range all {
		if strings.HasPrefix(key, prefix) {
			each(key, one.text, one.revision)
		}
	}
	return nil
}

// machine is the clock of a node. It may be fast or slow, and need not have begun with another's.
func machine(rate float64) func() time.Duration {
	start, offset := time.Now(), rand.N(1000*time.Hour)
	return func() time.Duration { return offset + time.Duration(float64(time.Since(start))*rate) }
}

const ttl = 10 * time.Second

func config(v *view, site string) Config {
	return Config{Bucket: v, Name: "news", Site: site, Session: session, TTL: ttl, Clock: machine(1)}
}

func acquire(t *testing.T, cfg Config) *Lease {
	t.Helper()
	l, err := Acquire(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestTakeOver: while a holder renews its lease another one waits; once it is cut off it stops before the other one
// begins, which goes on with the numbers that were kept. What is given back is taken at once.
func TestTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{values: map[string]value{}}
		first := &view{memory: m}
		a := acquire(t, config(first, "a"))
		if a.Numbers() != nil || a.Epoch() != 1 || a.Permit() != nil {
			t.Errorf("%v, epoch %d", a.Numbers(), a.Epoch())
		}
		want := sender.Numbers{InstanceID: 9, InUse: 3, Until: time.Now().UTC().Add(time.Hour), TOI: flute.NewTOI(77)}
		if err := a.Keep(want); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		if _, err := Acquire(ctx, config(&view{memory: m}, "b")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("two at once: %v", err)
		}
		cancel()
		if err := a.Permit(); err != nil {
			t.Errorf("after an hour: %v", err)
		}

		first.away.Store(true)
		cut := time.Now()
		ended := make(chan time.Duration, 1)
		go func() {
			for a.Permit() == nil {
				time.Sleep(time.Millisecond)
			}
			ended <- time.Since(cut)
		}()
		b := acquire(t, config(&view{memory: m}, "b"))
		begun, stopped := time.Since(cut), time.Duration(0)
		select {
		case stopped = <-ended:
		default:
		}
		if a.Permit() == nil || stopped == 0 || begun-stopped < margin(ttl)/2 || begun > 2*ttl {
			t.Errorf("one stops after %v, the other begins after %v", stopped, begun)
		}
		if n := b.Numbers(); n == nil || *n != want || b.Epoch() != 2 {
			t.Errorf("%+v, epoch %d", n, b.Epoch())
		}
		first.away.Store(false)
		if err := a.Keep(sender.Numbers{TOI: flute.NewTOI(1)}); !errors.Is(err, ErrLost) {
			t.Errorf("one that was cut off keeps: %v", err)
		}
		<-a.Ended()
		if err := a.Err(); !errors.Is(err, ErrLost) {
			t.Errorf("%v", err)
		}
		a.Release(t.Context())
		time.Sleep(time.Minute)
		if err := b.Permit(); err != nil {
			t.Errorf("after the other one has come back: %v", err)
		}

		b.Release(t.Context())
		at := time.Now()
		c := acquire(t, config(first, "a"))
		if took := time.Since(at); took != 0 || c.Epoch() != 3 || b.Permit() == nil {
			t.Errorf("after %v, epoch %d", took, c.Epoch())
		}
		if err := b.Keep(want); !errors.Is(err, ErrLost) {
			t.Errorf("a Keep that comes late: %v", err)
		}
		c.Release(t.Context())
	})
}

// TestLostAnswers: a write whose answer does not come is found out, and the holder goes on.
func TestLostAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &view{memory: &memory{values: map[string]value{}}}
		l := acquire(t, config(v, "a"))
		for range 100 {
			v.deaf.Store(true)
			time.Sleep(ttl / 2)
			v.deaf.Store(false)
			time.Sleep(ttl / 2)
			if err := l.Permit(); err != nil {
				t.Fatal(err)
			}
		}
		l.Release(t.Context())
	})
}

// TestComesBack: one that could not renew its lease takes it again when the bucket is back, without waiting for itself.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &view{memory: &memory{values: map[string]value{}}}
		l := acquire(t, config(v, "a"))
		v.away.Store(true)
		<-l.Ended()
		v.away.Store(false)
		l.Release(t.Context())
		at := time.Now()
		if l = acquire(t, config(v, "a")); time.Since(at) != 0 || l.Epoch() != 2 {
			t.Errorf("after %v, epoch %d", time.Since(at), l.Epoch())
		}
		l.Release(t.Context())
	})
}

// TestStopped: a holder that does not run for longer than its TTL, as after SIGSTOP, may send nothing when it goes on.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{values: map[string]value{}}
		var stopped atomic.Int64 // nanoseconds that only the clock knows
		cfg := config(&view{memory: m}, "a")
		clock := cfg.Clock
		cfg.Clock = func() time.Duration { return clock() + time.Duration(stopped.Load()) }
		l := acquire(t, cfg)
		stopped.Store(int64(ttl - margin(ttl)))
		if err := l.Permit(); !errors.Is(err, ErrLost) {
			t.Errorf("%v", err)
		}
		<-l.Ended()
		l.Release(t.Context())
	})
}

// TestForeign: the lease of another session is not taken, and a record that cannot be read is told.
func TestForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{values: map[string]value{}}
		acquire(t, config(&view{memory: m}, "a")).Release(t.Context())
		other := config(&view{memory: m}, "b")
		other.Session.TSI++
		if _, err := Acquire(t.Context(), other); !errors.Is(err, ErrForeign) {
			t.Errorf("%v", err)
		}
		for _, text := range []string{
			"", "{}", `{"version":2}`, `{"version":1,"ttl_ns":1}`, strings.Repeat("x", maxRecord+1),
			`{"version":1,"ttl_ns":1000000000,"numbers":{"toi":"-1"}}`,
		} {
			m.revision++
			m.values[Prefix+"news"] = value{[]byte(text), m.revision}
			told := 0
			cfg := config(&view{memory: m}, "b")
			cfg.Warn = func(string) { told++ }
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := Acquire(ctx, cfg); !errors.Is(err, context.DeadlineExceeded) || told != 1 {
				t.Errorf("%.40q: %v, told %d times", text, err, told)
			}
			cancel()
		}
	})
}

// TestNeverTwo: of nodes that crash, are stopped, are cut off, and whose clocks differ by up to 4 %, never do two have
// a lease at once, and none begins with numbers that were used before.
func TestNeverTwo(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			draw := func(n time.Duration) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(rng.Int64N(int64(n)))
			}
			m := &memory{values: map[string]value{}}
			var sending, taken int
			used := uint64(0) // TOIs
			node := func(name string) {
				v := &view{memory: m, late: func() time.Duration { return draw(300 * time.Millisecond) }}
				end := time.Now().Add(time.Hour)
				for time.Now().Before(end) {
					cfg := config(v, name)
					cfg.Clock = machine(0.96 + 0.08*float64(draw(1000))/1000)
					ctx, cancel := context.WithDeadline(t.Context(), end)
					l, err := Acquire(ctx, cfg)
					cancel()
					if err != nil {
						return
					}
					mu.Lock()
					taken++
					next := uint64(1)
					if n := l.Numbers(); n != nil {
						next, _ = n.TOI.Uint64()
					}
					if next <= used {
						t.Errorf("seed %d: %s begins with TOI %d, %d was used", seed, name, next, used)
					}
					mu.Unlock()
					granted := next
					lifetime := time.Now().Add(draw(3 * time.Minute))
					for time.Now().Before(lifetime) {
						if next >= granted {
							if l.Keep(sender.Numbers{TOI: flute.NewTOI(next + 1000)}) != nil {
								if l.Permit() != nil {
									break
								}
								continue
							}
							granted = next + 1000
						}
						if l.Permit() != nil {
							break
						}
						mu.Lock()
						if sending++; sending != 1 {
							t.Errorf("seed %d: %d send at once", seed, sending)
						}
						used = max(used, next)
						mu.Unlock()
						next++
						time.Sleep(time.Millisecond) // a system call
						mu.Lock()
						sending--
						mu.Unlock()
						time.Sleep(draw(400 * time.Millisecond))
						if draw(50) == 0 {
							v.away.Store(!v.away.Load())
						}
						if draw(50) == 0 {
							v.deaf.Store(!v.deaf.Load())
						}
					}
					v.away.Store(false)
					v.deaf.Store(false)
					if draw(2) == 0 {
						l.Release(t.Context())
					} else { // it crashes
						l.stop()
						<-l.Ended()
					}
				}
			}
			var nodes sync.WaitGroup
			for _, name := range []string{"a", "b", "c"} {
				nodes.Go(func() { node(name) })
			}
			nodes.Wait()
			if taken < 10 {
				t.Errorf("seed %d: it was taken %d times in an hour", seed, taken)
			}
		})
	}
}

// TestObjects: another node gives a version of a file the TOI that it had, a new version another one, and knows what
// was sent. What a former holder writes does no harm.
func TestObjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{values: map[string]value{}}
		next := uint64(0)
		reserve := func(context.Context) (flute.TOI, error) {
			next++
			return flute.NewTOI(next), nil
		}
		number := func(o *Objects, location, version string) (uint64, bool) {
			t.Helper()
			toi, sent, err := o.Number(t.Context(), location, version, reserve)
			if err != nil {
				t.Fatal(err)
			}
			n, _ := toi.Uint64()
			return n, sent
		}
		seen := &view{memory: m}
		a := acquire(t, config(seen, "a"))
		old, err := a.Objects(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hostile := "../\x1b[31m*.>" + strings.Repeat("x", 10_000)
		for i, location := range []string{"file:///a", "file:///b", hostile} {
			if toi, sent := number(old, location, "1"); toi != uint64(i+1) || sent {
				t.Errorf("%.20q: TOI %d, %v", location, toi, sent)
			}
		}
		seen.away.Store(true)
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := old.Forget(limited, hostile); !errors.Is(err, errAway) {
			t.Errorf("forgotten by nobody: %v", err)
		}
		seen.away.Store(false) // it is forgotten with the next try
		if err := errors.Join(old.Sent(t.Context(), "file:///b", "1"), old.Sent(t.Context(), "file:///a", "0"),
			old.Forget(t.Context(), hostile)); err != nil {
			t.Error(err)
		}
		a.Release(t.Context())
		b := acquire(t, config(&view{memory: m}, "b"))
		now, err := b.Objects(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if toi, sent := number(now, "file:///a", "1"); toi != 1 || sent {
			t.Errorf("TOI %d, %v", toi, sent)
		}
		if toi, sent := number(now, "file:///b", "1"); toi != 2 || !sent {
			t.Errorf("TOI %d, %v", toi, sent)
		}
		if toi, sent := number(now, "file:///b", "2"); toi != 4 || sent {
			t.Errorf("TOI %d of a new version, %v", toi, sent)
		}
		stale := &Objects{lease: b, known: map[string]known{}} // as a server that lags behind has listed them
		if toi, sent := number(stale, "file:///a", "1"); toi != 1 || sent {
			t.Errorf("TOI %d of a file that was not listed, %v", toi, sent)
		}
		next-- // nobody has got this one
		if toi, sent := number(stale, "file:///b", "1"); toi == 2 || sent {
			t.Errorf("TOI %d of an earlier version that was not listed, %v", toi, sent)
		}
		next--
		if toi, _ := number(now, hostile, "1"); toi != 5 {
			t.Errorf("TOI %d of a file that was forgotten", toi)
		}
		if _, _, err := old.Number(t.Context(), "file:///c", "1", reserve); !errors.Is(err, ErrLost) {
			t.Errorf("one that gave the lease back notes a file: %v", err)
		}
		b.Release(t.Context())
	})
}
