package sender

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// allocate takes n IDs, one every step, each valid for valid, and checks that none is in use twice. It returns the
// last.
func allocate(t *testing.T, a *instanceIDs, n int, step, valid time.Duration) flute.InstanceID {
	t.Helper()
	expires := make([]int64, flute.MaxInstanceID+1) // by ID, in ns after start
	now := time.Duration(0)
	var last flute.InstanceID
	for i := range n {
		ok, at := a.free(start.Add(now))
		if !ok {
			if !at.After(start.Add(now)) {
				t.Fatalf("%d: no ID is free at %v, but at %v", i, now, at)
			}
			now = at.Sub(start)
			if ok, _ = a.free(at); !ok {
				t.Fatalf("%d: no ID is free when one was promised", i)
			}
		}
		id := a.take(start.Add(now + valid))
		if expires[id] > int64(now) {
			t.Fatalf("%d: ID %d is in use until %v, taken at %v", i, id, time.Duration(expires[id]), now)
		}
		if i > 0 && id != last.Next() {
			t.Fatalf("%d: ID %d after %d", i, id, last)
		}
		expires[id] = int64(now + valid)
		last = id
		now += step
	}
	return last
}

func TestConf_E39_InstanceIDsStartAtZeroAndIncrement(t *testing.T) {
	var a instanceIDs
	for want := range flute.InstanceID(5) {
		if id := a.take(start); id != want {
			t.Errorf("ID %d, want %d", id, want)
		}
	}
}

func TestConf_E41_InstanceIDsWrapThreeTimes(t *testing.T) {
	var a instanceIDs
	const n = 3*(int(flute.MaxInstanceID)+1) + 5
	if last := allocate(t, &a, n, time.Millisecond, time.Minute); last != 4 {
		t.Errorf("the last ID is %d, want 4", last)
	}
	if n := a.used.Len(); n > 1<<17 {
		t.Errorf("%d runs are remembered", n)
	}
}

func TestConf_E42_NoInstanceIDOfAnUnexpiredInstance(t *testing.T) {
	a := instanceIDs{next: 7}
	all := int(flute.MaxInstanceID) + 1
	for range all {
		if ok, _ := a.free(start); !ok {
			t.Fatal("an ID that was never used is not free")
		}
		a.take(start.Add(time.Hour))
	}
	if ok, at := a.free(start.Add(time.Hour - 1)); ok || !at.Equal(start.Add(time.Hour)) {
		t.Errorf("with all IDs in use: free %v, at %v", ok, at)
	}
	if ok, _ := a.free(start.Add(time.Hour)); !ok {
		t.Error("an ID whose FDT Instance has expired is not free")
	}
	if id := a.take(start.Add(2 * time.Hour)); id != 7 {
		t.Errorf("ID %d, want 7", id)
	}
	if a.taken != uint64(all)+1 { // a lease of numbers is asked for by it
		t.Errorf("%d IDs are counted as taken, want %d", a.taken, all+1)
	}
}

// An expiry that comes before that of the previous one, as after a clock was set back, must not free an ID early.
func TestInstanceIDsWithUnorderedExpiry(t *testing.T) {
	var a instanceIDs
	r := rand.New(rand.NewPCG(1, 2))
	until := map[flute.InstanceID]time.Time{}
	a.next = flute.MaxInstanceID - 20
	now := start
	for range 200_000 {
		now = now.Add(time.Duration(r.IntN(100)) * time.Millisecond)
		if ok, _ := a.free(now); !ok {
			continue
		}
		expires := now.Add(time.Duration(r.IntN(10_000)) * time.Second)
		id := a.take(expires)
		if until[id].After(now) {
			t.Fatalf("ID %d is in use until %v, taken at %v", id, until[id], now)
		}
		until[id] = expires
	}
}

// TestInstanceIDsInUse: the IDs from the first that has not expired on are in use, those after it too.
func TestInstanceIDsInUse(t *testing.T) {
	var ids instanceIDs
	for i, after := range []time.Duration{1, 2, 2, 4, 3} {
		if id := ids.take(start.Add(after)); int(id) != i {
			t.Errorf("ID %d, want %d", id, i)
		}
	}
	for after, want := range []uint32{5, 4, 2, 2, 0} {
		if got := ids.inUse(start.Add(time.Duration(after))); got != want {
			t.Errorf("after %d: %d in use, want %d", after, got, want)
		}
	}
}
