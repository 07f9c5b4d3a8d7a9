//go:build linux && (amd64 || arm64)

package udp_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// TestWait: it tells that a datagram is there and leaves it there; it gives up in time; Close ends it.
func TestWait(t *testing.T) {
	group := on(t, "127.0.0.1")
	r := listen(t, udp.Config{Group: group})
	s := dial(t, udp.SendConfig{To: group})
	if there, err := r.Wait(time.Millisecond); there || err != nil {
		t.Errorf("nothing was sent: %v, %v", there, err)
	}
	write(t, s, []byte("a"), nil)
	for _, atMost := range []time.Duration{time.Minute, 0} {
		if there, err := r.Wait(atMost); !there || err != nil {
			t.Errorf("datagrams are there: %v, %v", there, err)
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = r.Wait(time.Minute) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	out := make([]slab.Datagram, 1)
	for range 2 { // the empty one counts as well
		if there, err := r.Wait(0); !there || err != nil {
			t.Errorf("one datagram is there: %v, %v", there, err)
		}
		if n, err := r.ReadBatch(slab.NewPool(64, 1).Get(), out); n != 1 || err != nil {
			t.Errorf("%d datagrams: %v", n, err)
		}
	}
	for _, atMost := range []time.Duration{0, time.Hour} {
		r := listen(t, udp.Config{Group: on(t, "127.0.0.1")})
		done := make(chan error)
		go func() {
			_, err := r.Wait(atMost)
			done <- err
		}()
		time.Sleep(10 * time.Millisecond) // most likely it is blocked by now; both orders must work
		_ = r.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
}
