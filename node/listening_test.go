package node

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/store/mem"
)

// joined is a Network that counts the sockets that are opened.
type joined struct {
	net    *simnet.Network
	mu     sync.Mutex
	opened []udp.Config
	open   int
}

func (j *joined) Listen(cfg udp.Config) (udp.Source, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.opened = append(j.opened, cfg)
	j.open++
	source := j.net.Join(simnet.JoinConfig{Group: cfg.Group, Source: cfg.Source})
	return &joinedSource{source, j, cfg.ReceiveBuffer}, nil
}

func (*joined) Dial(udp.SendConfig) (udp.Writer, netip.Addr, error) {
	return nil, netip.Addr{}, errors.New("this node receives")
}

type joinedSource struct {
	*simnet.Receiver
	j    *joined
	size int
}

func (s *joinedSource) Close() error {
	s.j.mu.Lock()
	s.j.open--
	s.j.mu.Unlock()
	return s.Receiver.Close()
}

// BufferSize returns the ReceiveBuffer that was asked for.
func (s *joinedSource) BufferSize() int { return s.size }

// TestDeepBuffers: sessions are waited for if the buffers of all their feeds are large.
func TestDeepBuffers(t *testing.T) {
	j := &joined{}
	inWorld(t, Config{Network: j}, func(w *world) {
		j.net = w.net
		for i, c := range []struct {
			size  int
			feeds []flute.Feed
			want  bool
		}{
			{deepBuffer, nil, true},
			{deepBuffer - 1, nil, false},
			{deepBuffer, []flute.Feed{{Group: netip.MustParseAddrPort("239.1.1.9:1")}}, true},
			{deepBuffer - 1, []flute.Feed{{Group: netip.MustParseAddrPort("239.1.1.9:1")}}, false},
		} {
			group := netip.AddrPortFrom(simGroup.Addr(), uint16(5000+i))
			r, err := w.node.Receive(w.ctx, ReceiveConfig{
				Group: group, Feeds: c.feeds, Store: mem.New(), ReceiveBuffer: c.size,
			})
			if err != nil {
				t.Fatal(err)
			}
			w.receptions = append(w.receptions, r)
			if r.isDeep() != c.want {
				t.Errorf("%+v: deep %v", c, !c.want)
			}
		}
	})
}

// Receptions of one group with different sessions share a socket. Each gets the datagrams that its filter takes, and
// counts all; those of neither are counted by both. One that is closed leaves the other as it is, and one that is
// opened again joins it; the last one closes the socket.
func TestReceptionsShareASocket(t *testing.T) {
	j := &joined{}
	inWorld(t, Config{Network: j}, func(w *world) {
		j.net = w.net
		receive := func(cfg ReceiveConfig) (*Reception, *mem.Store) {
			st := mem.New()
			cfg.Group, cfg.Store = simGroup, st
			r, err := w.node.Receive(w.ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			w.receptions = append(w.receptions, r)
			return r, st
		}
		first, one := receive(ReceiveConfig{TSIs: []flute.TSI{1, 2}})
		second, two := receive(ReceiveConfig{TSIs: []flute.TSI{2, 3}})
		send := func(tsi flute.TSI) {
			s := w.send(tsi, 1e6, sender.Config{})
			w.add(s, 1, 50_000)
			w.finish(s)
		}
		for tsi := range flute.TSI(4) {
			send(tsi + 1)
		}
		synctest.Wait()
		if n := len(j.opened); n != 1 {
			t.Errorf("%d sockets", n)
		}
		for _, c := range []struct {
			st   *mem.Store
			want []string
		}{{one, []string{"1/1", "2/1"}}, {two, []string{"2/1", "3/1"}}} {
			for _, name := range c.want {
				if got, ok := c.st.Get(name); !ok || string(got) != string(w.sent[name]) {
					t.Errorf("%s is not there", name)
				}
			}
			if n := len(c.st.Files()); n != 2 {
				t.Errorf("%d files", n)
			}
		}
		read1, drops1 := first.Datagrams()
		read2, drops2 := second.Datagrams()
		if read1 != read2 || read1 == 0 || drops1[drop.ForeignTSI] == 0 || drops1[drop.ForeignTSI] >= read1 ||
			drops2[drop.ForeignTSI] == 0 {
			t.Errorf("read %d and %d, dropped %v and %v", read1, read2, drops1, drops2)
		}
		if err := first.Close(w.ctx); err != nil {
			t.Fatal(err)
		}
		third, three := receive(ReceiveConfig{TSIs: []flute.TSI{5}})
		s := w.send(3, 1e6, sender.Config{FDTStartID: 9})
		w.addNamed(s, "again", 7, 50_000)
		w.finish(s)
		send(5)
		if got, ok := two.Get("3/again"); !ok || string(got) != string(w.sent["3/again"]) {
			t.Error("the other reception has stopped, too")
		}
		if _, ok := three.Get("5/1"); !ok || len(three.Files()) != 1 {
			t.Errorf("joined later: %v", three.Files())
		}
		later, _ := first.Datagrams()
		mine, _ := third.Datagrams()
		all, _ := second.Datagrams()
		if later != read1 || mine+read2 != all {
			t.Errorf("first read %d, then %d; second %d, then %d; third %d", read1, later, read2, all, mine)
		}
		for _, r := range []*Reception{second, third} {
			if err := r.Close(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if len(j.opened) != 1 || j.open != 0 || len(w.node.listening) != 0 {
			t.Errorf("%d sockets, %d open", len(j.opened), j.open)
		}
		other := netip.MustParseAddr("192.0.2.99")
		receive(ReceiveConfig{Source: other})
		receive(ReceiveConfig{})
		if len(j.opened) != 3 {
			t.Errorf("%d sockets: what is joined differs", len(j.opened))
		}
	})
}

// Sessions of both FLUTE versions are received on one group and port.
func TestConf_E02_VersionsOnOneGroup(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		old := w.send(1, 1e6, sender.Config{Profile: fdt.RFC3926})
		current := w.send(2, 1e6, sender.Config{Profile: fdt.RFC6726})
		w.add(old, 1, 50_000)
		w.add(current, 1, 50_000)
		w.finish(old, current)
		w.delivered()
	})
}

// RFC 5651, section 6.1: "Before joining an LCT session, a receiver MUST obtain a session description": without an
// address nothing is joined, on no feed.
func TestConf_L42_NothingIsJoinedWithoutAnAddress(t *testing.T) {
	j := &joined{}
	inWorld(t, Config{Network: j}, func(w *world) {
		j.net = w.net
		for _, cfg := range []ReceiveConfig{
			{}, {Group: netip.AddrPortFrom(netip.Addr{}, 4000)}, {Group: simGroup, Feeds: []flute.Feed{{}}},
		} {
			cfg.Store = mem.New()
			if r, err := w.node.Receive(w.ctx, cfg); err == nil {
				t.Errorf("%v, %v: joined", cfg.Group, cfg.Feeds)
				_ = r.Close(w.ctx)
			}
		}
		if len(j.opened) > 0 {
			t.Errorf("sockets for %v", j.opened)
		}
	})
}
