package socket_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/internal/slab"
)

// bufferedSource is a source whose system has room until the time full.
type bufferedSource struct {
	source
	full time.Time
}

func (s *bufferedSource) HasRoom() bool { return time.Now().Before(s.full) }

// TestAloneItIsWaitedFor: the only owner of a socket, whose disk stalls, is waited for while the system keeps what
// comes, and not for ever. One beside others is not. Nothing is refused while the system still has room.
func TestAloneItIsWaitedFor(t *testing.T) {
	const later = time.Hour
	for name, c := range map[string]struct {
		stall, full time.Duration // the owner has no room, the system has some
		beside      bool
		refused     bool
		least, most time.Duration
	}{
		"a stall": {
			stall: 20 * time.Second, full: later, least: 20 * time.Second, most: 21 * time.Second,
		},
		"the system has no room": {stall: 20 * time.Second, refused: true},
		"until it has none": {
			stall: 20 * time.Second, full: 5 * time.Second, refused: true,
			least: 5 * time.Second, most: 6 * time.Second,
		},
		"for ever":      {stall: later, full: later, refused: true, least: 30 * time.Second, most: 31 * time.Second},
		"beside others": {stall: 20 * time.Second, full: later, beside: true, refused: true, most: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				e := newEcho()
				s := &bufferedSource{source{[]slab.Datagram{{Data: []byte{0}}}}, began.Add(c.full)}
				if !c.beside {
					e.absent = 1
				}
				e.feeds[0].stall(c.stall)
				read := socket.NewReader(endpoint(e, s))
				if err := read(); err != nil {
					t.Fatal(err)
				}
				if got := e.feeds[0].refused == 1; got != c.refused {
					t.Errorf("refused: %v", got)
				}
				if d := time.Since(began); d < c.least || d > c.most {
					t.Errorf("it took %v", d)
				}
				// Whoever is stuck is not waited for again.
				again := time.Now()
				if err := read(); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(again); name == "for ever" && d > 0 {
					t.Errorf("it is waited for again, for %v", d)
				}
			})
		})
	}
}

// TestSlowOwnerIsWaitedForEachTime: an owner whose disk is slower than its sender never has room at once. Each time
// that it has made some counts alone, however long all of them take together.
func TestSlowOwnerIsWaitedForEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEcho()
		e.absent = 1
		s := &bufferedSource{source{[]slab.Datagram{{Data: []byte{0}}}}, time.Now().Add(time.Hour)}
		read := socket.NewReader(endpoint(e, s))
		for range 10 {
			e.feeds[0].stall(10 * time.Second)
			if err := read(); err != nil {
				t.Fatal(err)
			}
		}
		if f := &e.feeds[0]; f.offered != 10 || f.refused != 0 {
			t.Errorf("offered %d, refused %d", f.offered, f.refused)
		}
	})
}

// TestOwnerIsPressed: an owner that has no room, although it could make some, is told before anything of it is lost:
// the only one when the system has no room any more, one of several at once.
func TestOwnerIsPressed(t *testing.T) {
	for _, alone := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			e := newEcho()
			if alone {
				e.absent = 1
			}
			e.feeds[0].waits = true
			s := &bufferedSource{source{[]slab.Datagram{{Data: []byte{0}}}}, began.Add(5 * time.Second)}
			if err := socket.NewReader(endpoint(e, s))(); err != nil {
				t.Fatal(err)
			}
			if f := &e.feeds[0]; f.offered != 1 || f.refused != 0 || !f.pressed {
				t.Errorf("alone %v: offered %d, refused %d, pressed %v", alone, f.offered, f.refused, f.pressed)
			}
			if d := time.Since(began); alone != (d >= 5*time.Second) || d > 6*time.Second {
				t.Errorf("alone %v: it took %v", alone, d)
			}
		})
	}
}

// TestRemoveWhileItIsWaitedFor: nobody who removes a Router waits for the owner that a reader waits for.
func TestRemoveWhileItIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		e := newEcho()
		e.absent = 1
		e.feeds[0].stall(time.Hour)
		end := endpoint(e, &bufferedSource{source{[]slab.Datagram{{Data: []byte{0}}}}, began.Add(time.Hour)})
		read := socket.NewReader(end)
		go func() { _ = read() }()
		time.Sleep(time.Second)
		end.Remove(e)
		if d := time.Since(began); d > 1100*time.Millisecond {
			t.Errorf("it waited %v", d)
		}
		synctest.Wait()
	})
}
