package socket_test

import (
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
		Group: netip.MustParseAddrPort("239.1.1.1:3400"), Reception: &receiving.Reception{ID: id}, TSIs: tsis,
		Limits: actors.Limits{Bytes: 1 << 20, Messages: 1 << 10}, Counters: counters,
		Open: func(in *receiving.Inbox) { *inboxes = append(*inboxes, in) },
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

// over is a Router whose one owner has ended if it is.
type over struct {
	flow  socket.Flow
	ended bool
	n     int
	lost  map[socket.Loss]int
}

func newOver(ended bool) *over {
	o := &over{ended: ended, lost: map[socket.Loss]int{}}
	o.flow = socket.NewFlow(o)
	return o
}

func (o *over) Route(time.Time, *slab.Datagram) *socket.Flow { return &o.flow }
func (o *over) Owners() int                                  { return 1 }
func (o *over) Lose(n int, why socket.Loss)                  { o.lost[why] += n }
func (o *over) Warnings() []string                           { return []string{"w"} }
func (o *over) Begin(s *slab.Slab)                           { s.Release() }
func (o *over) Add(*slab.Datagram)                           { o.n++ }
func (o *over) HasRoom(int) bool                             { return true }
func (o *over) Refuse() int                                  { return 0 }
func (o *over) Abandon() int                                 { return 0 }

func (o *over) Offer() (late int) {
	if o.ended {
		return o.n
	}
	return 0
}

// What an owner that has ended cannot count is counted by its own Router.
func TestFanoutCountsLate(t *testing.T) {
	one, two := newOver(false), newOver(true)
	e := endpoint(nil, packets(t, 1))
	e.Add(one, func(int) {})
	e.Add(two, func(int) {})
	if err := socket.NewReader(e)(); err != nil {
		t.Fatal(err)
	}
	if one.n != 64 || two.n != 64 || len(one.lost) != 0 || two.lost[socket.LossClosed] != 64 {
		t.Errorf("%d and %d datagrams, lost %v and %v", one.n, two.n, one.lost, two.lost)
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
