package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/fdt"
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
