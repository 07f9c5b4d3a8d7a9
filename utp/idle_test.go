package utp_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/utp"
)

// TestSocketsBorrowGoroutines: a socket has a goroutine that waits for datagrams. What runs its actor, and its
// connections, it shares with others.
func TestSocketsBorrowGoroutines(t *testing.T) {
	const n, shared = 100, 20
	s := stack(t, utp.Config{})
	to := open(t, s, utp.SocketConfig{})
	if _, err := to.Listen(); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for range n {
		if _, err := open(t, s, utp.SocketConfig{}).Dial(t.Context(), addr(to)); err != nil {
			t.Fatal(err)
		}
	}
	// While a busy machine has all of them work at once, there are more.
	more := runtime.NumGoroutine() - before
	for end := time.Now().Add(hang); more > n+shared && time.Now().Before(end); more = runtime.NumGoroutine() - before {
		time.Sleep(10 * time.Millisecond)
	}
	if more > n+shared {
		t.Errorf("%d goroutines for %d sockets", more, n)
	}
}

// TestIdleMemory: what an end of a connection costs that does nothing.
func TestIdleMemory(t *testing.T) {
	if allocbound.RaceDetector {
		t.Skip("the race detector needs memory of its own")
	}
	const n, limit = 1000, 5300
	s := stack(t, utp.Config{})
	a, b := open(t, s, utp.SocketConfig{}), open(t, s, utp.SocketConfig{})
	l, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ends := make([]*utp.Conn, 0, 2*n)
	begin := func() {
		c, err := a.Dial(t.Context(), addr(b))
		if err != nil {
			t.Fatal(err)
		}
		d, err := l.AcceptUTP()
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, c, d)
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // and what finalizers free
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	begin()
	// What readers and actors have borrowed a moment ago, more of it on more processors, is free again a little later.
	before := heap()
	for range 5 {
		time.Sleep(20 * time.Millisecond)
		before = min(before, heap())
	}
	for len(ends) < cap(ends) {
		begin()
	}
	measure := func() int64 { return (int64(heap()) - int64(before)) / int64(len(ends)-2) }
	each := measure()
	for end := time.Now().Add(hang); each > limit && time.Now().Before(end); each = measure() {
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%d bytes each end", each)
	if each > limit {
		t.Errorf("%d bytes each end, want %d at most", each, limit)
	}
	runtime.KeepAlive(ends)
}
