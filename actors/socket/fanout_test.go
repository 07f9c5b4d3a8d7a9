package socket_test

import (
	"maps"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/routing"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/slab"
)

// sessionsOf returns a Router of the given sessions, and what it has dropped.
func sessionsOf(id uint64, tsis ...flute.TSI) (*routing.Router, *routing.Counters, *[]*receiving.Inbox) {
	counters, inboxes := &routing.Counters{}, &[]*receiving.Inbox{}
	return routing.New(routing.Config{
		Group: netip.MustParseAddrPort("239.1.1.1:3400"), Counters: counters, TSIs: tsis,
		Reception: &receiving.Reception{ID: id, Limits: actors.Limits{Bytes: 1 << 20, Messages: 1 << 10}},
		Open:      func(in *receiving.Inbox) { *inboxes = append(*inboxes, in) },
	}), counters, inboxes
}

// Each datagram is for every Router that has an owner for it, and is counted by each that has none; so are those that
// are lost before they are routed.
func TestFanout(t *testing.T) {
	one, dropped1, in1 := sessionsOf(1, 1, 2)
	two, dropped2, in2 := sessionsOf(2, 2, 3)
	source := packets(t, 4) // 16 of each of the sessions 1 to 4
	e := endpoint(nil, source)
	var read1, read2 int
	e.Add(one, func(n int) { read1 += n })
	e.Add(two, func(n int) { read2 += n })
	read := socket.NewReader(e)
	if err := read(); err != nil {
		t.Fatal(err)
	}
	source.datagrams[0].Truncated = true // of session 1
	if err := read(); err != nil {
		t.Fatal(err)
	}
	source.datagrams[0].Truncated = false
	if read1 != 128 || read2 != 128 || len(*in1) != 2 || len(*in2) != 2 {
		t.Errorf("read %d and %d, %d and %d sessions", read1, read2, len(*in1), len(*in2))
	}
	want := [drop.NumReasons]uint64{drop.ForeignTSI: 64, drop.Truncated: 1}
	if got := dropped1.Dropped(); got != want {
		t.Errorf("first: %v", got)
	}
	want[drop.ForeignTSI] = 63
	if got := dropped2.Dropped(); got != want {
		t.Errorf("second: %v", got)
	}
	e.Remove(one)
	before := dropped1.Dropped()
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if read1 != 128 || read2 != 192 || dropped1.Dropped() != before {
		t.Errorf("after one was removed: read %d and %d", read1, read2)
	}
}

// What an owner that has ended cannot count is counted by its own Router, and so is what it has when a Router panics.
func TestFanoutCountsOnce(t *testing.T) {
	for _, c := range []struct {
		first     []byte // of each datagram, which tells its owner
		ended     int    // what the second Router's first owner cannot count
		one, two  map[socket.Loss]int
		delivered int // to the owners of each Router
	}{
		{[]byte{0, 0, 1}, 2, map[socket.Loss]int{}, map[socket.Loss]int{socket.LossClosed: 2}, 3},
		{[]byte{0, 1, 9, 0}, 0, map[socket.Loss]int{socket.LossCrash: 4}, map[socket.Loss]int{socket.LossCrash: 4}, 0},
	} {
		var datagrams []slab.Datagram
		for _, b := range c.first {
			datagrams = append(datagrams, slab.Datagram{Data: []byte{b}})
		}
		one, two := newEcho(), newEcho()
		two.feeds[0].ended = c.ended
		e := endpoint(nil, &source{datagrams})
		e.Add(one, nil)
		e.Add(two, nil)
		func() {
			defer func() { _ = recover() }()
			_ = socket.NewReader(e)()
		}()
		for r, want := range map[*echo]map[socket.Loss]int{one: c.one, two: c.two} {
			if n := r.feeds[0].offered + r.feeds[1].offered; n != c.delivered || !maps.Equal(r.lost, want) {
				t.Errorf("%v: %d delivered, lost %v; want %d, %v", c.first, n, r.lost, c.delivered, want)
			}
		}
	}
}

// Remove waits for the read that is being handled.
func TestFanoutRemoveWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := sessionsOf(1)
		e := endpoint(nil, packets(t, 1))
		e.Add(r, func(int) { time.Sleep(time.Second) })
		read := socket.NewReader(e)
		begin := time.Now()
		go read()
		synctest.Wait()
		e.Remove(r)
		if d := time.Since(begin); d != time.Second {
			t.Errorf("removed after %v", d)
		}
	})
}

// A function that is told of reads and panics costs that read, which is counted. The next one goes on.
func TestFanoutReadPanics(t *testing.T) { synctest.Test(t, readPanics) }

func readPanics(t *testing.T) {
	router, dropped, inboxes := sessionsOf(1, 1)
	source := packets(t, 1)
	e := endpoint(nil, source)
	first := true
	e.Add(router, func(int) {
		if first {
			first = false
			panic("read")
		}
	})
	read := socket.NewReader(e)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it has not panicked")
			}
		}()
		_ = read()
	}()
	if n := dropped.Dropped()[drop.Fault]; n != 64 {
		t.Errorf("%d datagrams are counted as lost", n)
	}
	if err := read(); err != nil || len(*inboxes) != 1 {
		t.Errorf("%v, %d sessions", err, len(*inboxes))
	}
	e.Remove(router)
}
