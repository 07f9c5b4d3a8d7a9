package receiver

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// TestSpawnOutlivesSession: a digest that comes back after its session has ended does not end the next session of the
// same key.
func TestSpawnOutlivesSession(t *testing.T) {
	var spawned []func()
	r, err := New(Config{
		Registry: schemes.Default(), Store: mem.New(),
		Spawn: func(f func()) { spawned = append(spawned, f) },
	})
	if err != nil {
		t.Fatal(err)
	}
	a := plain(t, 1, 20<<20, 1400, 64)
	file := a.file("a")
	file.MD5 = md5Of(a.content)
	packets := fdtInstance{files: []fdt.File{file}, e: 1400}.packets(t)
	packets = append(packets, a.all()[:14000]...) // some are missing
	r.HandleBatch(start, key, Origin{}, packets)
	if len(spawned) == 0 {
		t.Fatal("nothing was spawned")
	}
	now := start.Add(24 * time.Hour)
	r.Advance(now)
	if n := r.Sessions(); n != 0 {
		t.Fatalf("%d sessions are left after a day of silence", n)
	}
	r.HandleBatch(now, key, Origin{}, packets)
	before, _ := r.Counters(key)
	for i := 0; i < len(spawned); i++ { // more may come
		spawned[i]()
		r.Advance(now)
	}
	if got, ok := r.Counters(key); !ok || got != before {
		t.Errorf("the session has gone, or begins anew: %+v, want %+v", got, before)
	}
	r.Close(now)
}

// TestVerifiedBehind: an object that is whole is verified while the datagrams of others are handled. One of its own
// finds it at its end, and neither too many are left behind nor any while memory is short.
func TestVerifiedBehind(t *testing.T) { synctest.Test(t, testVerifiedBehind) }

func testVerifiedBehind(t *testing.T) {
	var objects []object
	var files []fdt.File
	for i := range uint64(3) {
		o := plain(t, 1+i, 50_000+int(i), 1400, 64)
		f := o.file(string(rune('a' + i)))
		f.MD5 = md5Of(o.content)
		objects, files = append(objects, o), append(files, f)
	}
	for name, c := range map[string]struct {
		behind int
		budget uint64
		feed   func(r *Receiver, take func(...[]byte))
		begun  int // objects that are waiting for the gate at the end
		ended  int
	}{
		"none": {0, 1 << 30, func(_ *Receiver, take func(...[]byte)) { take(objects[0].all()...) }, 0, 1},
		"one":  {1, 1 << 30, func(_ *Receiver, take func(...[]byte)) { take(objects[0].all()...) }, 1, 0},
		"others are handled": {1, 1 << 30, func(_ *Receiver, take func(...[]byte)) {
			take(objects[0].all()...)
			take(objects[1].all()[:20]...)
		}, 1, 0},
		"its own": {1, 1 << 30, func(_ *Receiver, take func(...[]byte)) {
			take(objects[0].all()...)
			take(objects[0].all()[3])
		}, 0, 1},
		"too many": {1, 1 << 30, func(_ *Receiver, take func(...[]byte)) {
			take(objects[0].all()...)
			take(objects[1].all()...)
			take(objects[2].all()[:1]...)
		}, 1, 1},
		"memory": {2, 200_000, func(_ *Receiver, take func(...[]byte)) {
			take(objects[0].all()...)
			take(objects[1].all()...)
			take(objects[2].all()[:1]...)
		}, 1, 1}, // two of them and what they cost are more than half of it
	} {
		gate := make(chan struct{})
		var spawned atomic.Int32
		r, err := New(Config{
			Registry: schemes.Default(), Store: mem.New(), Behind: c.behind, Budget: store.NewBudget(c.budget, nil),
			Spawn: func(f func()) {
				n := int(spawned.Add(1))
				go func() {
					if n > c.ended {
						<-gate
					} else {
						time.Sleep(time.Millisecond) // of the bubble: until somebody waits for it
					}
					f()
				}()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.HandleBatch(start, key, Origin{}, fdtInstance{files: files, e: 1400}.packets(t))
		ended := 0
		count := func() {
			for _, e := range r.Events() {
				if e, ok := e.(event.ObjectCompleted); ok {
					if ended++; len(e.Verified) == 0 {
						t.Errorf("%s: %s is not verified", name, e.ContentLocation)
					}
				}
			}
		}
		c.feed(r, func(packets ...[]byte) {
			for _, p := range packets {
				r.Handle(start, key, p)
			}
		})
		count()
		if ended != c.ended || r.behind != c.begun {
			t.Errorf("%s: %d are verified, %d have ended; want %d and %d", name, r.behind, ended, c.begun, c.ended)
		}
		close(gate)
		r.Close(start)
		count()
		if ended < c.begun+c.ended || r.behind != 0 || len(r.ahead) != 0 {
			t.Errorf("%s: %d have ended after Close, %d are left", name, ended, r.behind)
		}
	}
}

// TestBehindChangesNothing: objects that are verified beside the datagrams end as they would have without that,
// whatever comes before anybody waits for them.
func TestBehindChangesNothing(t *testing.T) {
	a, b, again := plain(t, 1, 50_000, 1400, 64), plain(t, 2, 40_000, 1400, 64), plain(t, 1, 30_000, 1400, 64)
	large := plain(t, 1, 3<<20, 1400, 64) // its digest is begun before it is whole
	describe := func(id flute.InstanceID, o object, name string) [][]byte {
		f := o.file(name)
		f.MD5 = md5Of(o.content)
		return fdtInstance{id: id, files: []fdt.File{f}, e: 1400}.packets(t)
	}
	wrong := plain(t, 1, 3<<20, 1400, 64)
	wrong.content = bytes.Clone(wrong.content)
	wrong.content[len(wrong.content)-1] ^= 1
	end := b.packet(0, 0, 1, func(h *lct.Header) { h.CloseSession = true })
	join := slices.Concat[[][]byte]
	for name, packets := range map[string][][][]byte{
		"a newer version":   {join(describe(1, a, "a"), a.all(), describe(2, b, "a"), b.all())},
		"versions together": {join(describe(1, a, "a"), describe(2, b, "a"), a.all(), b.all())},
		"TOI used again":    {join(describe(1, a, "a"), a.all(), describe(2, again, "b"), again.all())},
		"digest under way":  {join(describe(1, large, "a"), wrong.all(), large.all()), large.all(), large.all()},
		"session is closed": {
			join(describe(1, a, "a"), a.all(), [][]byte{end}), nil, join(describe(1, a, "a"), a.all()),
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ends [2][]string
				for behind := range ends {
					slow := time.Second
					r, err := New(Config{
						Registry: schemes.Default(), Store: mem.New(), Behind: 8 * behind, Redeliver: true,
						Spawn: func(f func()) {
							slow -= time.Millisecond // what began first comes last
							go func(d time.Duration) { time.Sleep(d); f() }(slow)
						},
					})
					if err != nil {
						t.Fatal(err)
					}
					now := start
					for _, turn := range packets {
						r.HandleBatch(now, key, Origin{}, turn)
						now = now.Add(time.Minute)
						r.Advance(now)
					}
					r.Close(now)
					for _, e := range r.Events() {
						switch e := e.(type) {
						case event.ObjectCompleted:
							ends[behind] = append(ends[behind], fmt.Sprint(e.TOI, e.ContentLocation, e.Verified))
						case event.ObjectFailed:
							ends[behind] = append(ends[behind], fmt.Sprint(e.TOI, e.ContentLocation, e.Reason, e.Retry))
						case event.SessionClosed:
							ends[behind] = append(ends[behind], fmt.Sprintf("%s: %+v", e.Reason, e.Counters))
						}
					}
				}
				if !slices.Equal(ends[0], ends[1]) {
					t.Errorf("behind %q, at once %q", ends[1], ends[0])
				}
			})
		})
	}
}

// panicking is a store whose Publish panics.
type panicking struct{ store.Store }

func (panicking) Publish(store.Object, string) (string, error) { panic("of a test") }

// TestPanicBehind: what panics beside the datagrams fails its object, and is in nobody's way.
func TestPanicBehind(t *testing.T) {
	r, err := New(Config{
		Registry: schemes.Default(), Store: panicking{mem.New()}, Behind: 1, Spawn: func(f func()) { go f() },
	})
	if err != nil {
		t.Fatal(err)
	}
	a := plain(t, 1, 50_000, 1400, 64)
	r.HandleBatch(start, key, Origin{}, fdtInstance{files: []fdt.File{a.file("a")}, e: 1400}.packets(t))
	r.HandleBatch(start, key, Origin{}, a.all())
	r.Close(start)
	failed := 0
	for _, e := range r.Events() {
		if e, ok := e.(event.ObjectFailed); ok && e.Reason == event.FailStore {
			failed++
		}
	}
	if failed != 1 || r.Verifying() != 0 || r.Sessions() != 0 {
		t.Errorf("%d have failed, %d are left, %d sessions", failed, r.Verifying(), r.Sessions())
	}
}
