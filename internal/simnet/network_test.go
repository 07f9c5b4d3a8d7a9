package simnet_test

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// A simulated end takes the place of a real one.
type (
	reader interface {
		ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error)
		KernelDrops() uint64
		LocalAddr() netip.AddrPort
		Close() error
	}
	writer interface {
		WriteBatch(datagrams [][]byte) (int, error)
		LocalAddr() netip.AddrPort
		Close() error
	}
)

var (
	_ = []reader{(*udp.Receiver)(nil), (*simnet.Receiver)(nil)}
	_ = []writer{(*udp.Sender)(nil), (*simnet.Sender)(nil)}
)

var (
	group  = netip.MustParseAddrPort("239.1.1.1:3400")
	source = netip.MustParseAddrPort("10.0.0.1:4000")
)

type arrival struct {
	Number int
	Source netip.AddrPort
	After  time.Duration
}

// listen reads until r is closed and returns what came by then, and when.
func listen(r *simnet.Receiver) func() []arrival {
	began := time.Now()
	done := make(chan []arrival, 1)
	go func() {
		var all []arrival
		s, out := slab.NewPool(8*16, 1).Get(), make([]slab.Datagram, 8)
		for {
			n, err := r.ReadBatch(s, out)
			if err != nil {
				done <- all
				return
			}
			for _, d := range out[:n] {
				all = append(all, arrival{number(d.Data), d.Source, time.Since(began)})
			}
		}
	}()
	return func() []arrival {
		time.Sleep(time.Hour) // of the bubble
		_ = r.Close()
		return <-done
	}
}

func numbers(all []arrival) (n []int) {
	for _, a := range all {
		n = append(n, a.Number)
	}
	return n
}

func send(t *testing.T, s *simnet.Sender, from, n int) {
	t.Helper()
	buffer := make([]byte, 4)
	for i := from; i < from+n; i++ {
		copy(buffer, datagram(i))
		if k, err := s.WriteBatch([][]byte{buffer}); k != 1 || err != nil {
			t.Error(k, err)
		}
	}
}

func TestNetworkDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		other := netip.MustParseAddrPort("10.0.0.2:4000")
		any1 := listen(n.Join(simnet.JoinConfig{Group: group}))
		any2 := listen(n.Join(simnet.JoinConfig{Group: group}))
		one := listen(n.Join(simnet.JoinConfig{Group: group, Source: other.Addr()}))
		none := listen(n.Join(simnet.JoinConfig{Group: netip.AddrPortFrom(group.Addr(), 1)}))
		a, b := n.Dial(source, group), n.Dial(other, group)
		send(t, a, 0, 2)
		send(t, b, 10, 1)
		fromA, fromB := arrival{Source: source}, arrival{Number: 10, Source: other}
		fromA1 := fromA
		fromA1.Number = 1
		all := []arrival{fromA, fromA1, fromB}
		for name, test := range map[string]struct{ got, want []arrival }{
			"any source":       {any1(), all},
			"its own copy":     {any2(), all},
			"source-specific":  {one(), []arrival{fromB}},
			"of another group": {none(), nil},
		} {
			if diff := cmp.Diff(test.want, test.got,
				cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		got := listen(n.Join(simnet.JoinConfig{Group: group, Link: simnet.Link{Delay: time.Minute}}))
		s := n.Dial(source, group)
		send(t, s, 0, 1)
		time.Sleep(time.Second)
		send(t, s, 1, 1)
		want := []arrival{{0, source, time.Minute}, {1, source, time.Minute + time.Second}}
		if all := got(); !slices.Equal(all, want) {
			t.Errorf("%+v", all)
		}
	})
}

func TestJitterReorders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		got := listen(n.Join(simnet.JoinConfig{
			Group: group,
			Link:  simnet.Link{Delay: time.Second, Jitter: time.Second},
		}))
		send(t, n.Dial(source, group), 0, 100)
		all := got()
		for i, a := range all {
			if a.After < time.Second || a.After > 2*time.Second || i > 0 && a.After < all[i-1].After {
				t.Errorf("datagram %d after %v", i, a.After)
			}
		}
		if slices.IsSorted(numbers(all)) {
			t.Error("in order")
		}
		if !slices.Equal(slices.Sorted(slices.Values(numbers(all))), sequence(100)) {
			t.Error("not all of them")
		}
	})
}

// The last datagrams arrive although nothing overtakes them.
func TestHeldDatagramsArriveInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		r := n.Join(simnet.JoinConfig{Group: group, Link: simnet.Link{Reorder: 1, Depth: 1000}})
		got := listen(r)
		send(t, n.Dial(source, group), 0, 5)
		all := got()
		if !slices.Equal(numbers(all), sequence(5)) {
			t.Fatalf("%+v", all)
		}
		if all[0].After == 0 || all[0].After > time.Second {
			t.Errorf("held for %v", all[0].After)
		}
		if s := r.Stats(); s.Arrived != 5 || s.Reordered != 5 || s.Held != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Each flow loses the same datagrams in each run, however the scheduler mixes the flows; flows differ.
func TestFlowsAreDeterministic(t *testing.T) {
	const flows, each = 4, 500
	run := func() [flows][]int {
		var byFlow [flows][]int
		synctest.Test(t, func(t *testing.T) {
			n := simnet.New(99)
			got := listen(n.Join(simnet.JoinConfig{Group: group, Link: simnet.Link{Loss: 0.1}}))
			for f := range flows {
				s := n.Dial(netip.AddrPortFrom(source.Addr(), 0), group)
				go send(t, s, f*each, each)
			}
			for _, a := range got() {
				f := a.Number / each
				byFlow[f] = append(byFlow[f], a.Number%each)
			}
		})
		return byFlow
	}
	first := run()
	for range 5 {
		if diff := cmp.Diff(first, run()); diff != "" {
			t.Fatal(diff)
		}
	}
	for f := range flows {
		if len(first[f]) == each || f > 0 && slices.Equal(first[f], first[0]) {
			t.Errorf("flow %d: %d of %d", f, len(first[f]), each)
		}
	}
}

func TestFullBufferDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		r := n.Join(simnet.JoinConfig{Group: group, Buffer: 40})
		send(t, n.Dial(source, group), 0, 25)
		got := listen(r)
		if all := got(); !slices.Equal(numbers(all), sequence(10)) {
			t.Errorf("%+v", all)
		}
		if d := r.KernelDrops(); d != 15 {
			t.Errorf("%d drops", d)
		}
	})
}

func TestTruncated(t *testing.T) {
	n := simnet.New(1)
	r := n.Join(simnet.JoinConfig{Group: group})
	s := n.Dial(source, group)
	if _, err := s.WriteBatch([][]byte{[]byte("12345"), nil, []byte("1234")}); err != nil {
		t.Fatal(err)
	}
	out := make([]slab.Datagram, 3)
	k, err := r.ReadBatch(slab.NewPool(12, 1).Get(), out)
	if k != 3 || err != nil {
		t.Fatal(k, err)
	}
	for i, want := range []slab.Datagram{
		{Data: []byte("1234"), Truncated: true},
		{Data: []byte{}},
		{Data: []byte("1234")},
	} {
		if string(out[i].Data) != string(want.Data) || out[i].Truncated != want.Truncated || cap(out[i].Data) > 4 {
			t.Errorf("datagram %d: %+v", i, out[i])
		}
	}
	if _, err := r.ReadBatch(slab.NewPool(2, 1).Get(), out); err == nil {
		t.Error("2 bytes for 3 datagrams: no error")
	}
}

func TestTooLong(t *testing.T) {
	n := simnet.New(1)
	k, err := n.Dial(source, group).WriteBatch([][]byte{{1}, make([]byte, 65508), {2}})
	if k != 1 || err == nil || !strings.Contains(err.Error(), "65508") {
		t.Error(k, err)
	}
}

// TestWait: it tells when a datagram has arrived, and leaves it there.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		r := n.Join(simnet.JoinConfig{Group: group, Link: simnet.Link{Delay: time.Second}})
		s := n.Dial(source, group)
		send(t, s, 0, 1)
		began := time.Now()
		if there, err := r.Wait(time.Second / 2); there || err != nil || time.Since(began) != time.Second/2 {
			t.Errorf("before it arrives: %v, %v after %v", there, err, time.Since(began))
		}
		if there, err := r.Wait(time.Hour); !there || err != nil || time.Since(began) != time.Second {
			t.Errorf("when it arrives: %v, %v after %v", there, err, time.Since(began))
		}
		if k, err := r.ReadBatch(slab.NewPool(16, 1).Get(), make([]slab.Datagram, 1)); k != 1 || err != nil {
			t.Errorf("%d datagrams: %v", k, err)
		}
		time.AfterFunc(time.Second, func() { _ = r.Close() })
		if there, err := r.Wait(0); there || !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v, %v", there, err)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(1)
		r := n.Join(simnet.JoinConfig{Group: group, Link: simnet.Link{Delay: time.Hour}})
		s := n.Dial(source, group)
		send(t, s, 0, 1)
		done := make(chan error)
		go func() {
			_, err := r.ReadBatch(slab.NewPool(16, 1).Get(), make([]slab.Datagram, 1))
			done <- err
		}()
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		send(t, s, 1, 1) // nobody hears it
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.WriteBatch([][]byte{{1}}); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}
