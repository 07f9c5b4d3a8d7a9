package port

import (
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/utp/core"
	"github.com/flute-node/flute-node/utp/wire"
)

// silent is a Source that has nothing.
type silent struct{}

func (silent) ReadBatch(*slab.Slab, []slab.Datagram) (int, error) { return 0, ErrClosed }
func (silent) Joins() bool                                        { return false }
func (silent) Close() error                                       { return nil }
func (silent) WriteBatch(d []udp.Outgoing) (int, error)           { return len(d), nil }
func (silent) WriteTo([]byte, netip.AddrPort) error               { return nil }

// TestPanicAmongPackets: a panic in the midst of a read leaves no slab behind that a connection was to get.
func TestPanicAmongPackets(t *testing.T) {
	now := time.Now()
	p, err := New(1, Config{MaxConns: 10, Random: func() uint16 { panic("no randomness") }}, silent{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.shut(ErrClosed)
	p.backlog = NewBacklog(1)
	conn, err := core.Dial(now, core.Config{}, 100, 1)
	if err != nil {
		t.Fatal(err)
	}
	remote := netip.MustParseAddrPort("10.0.0.2:1000")
	c := channel.New(1, p.line, remote, 101, conn)
	p.table[c.Key()] = c

	pool := slab.NewPool(1<<10, 1)
	var batches channel.Batches
	b := batches.Get(pool.Get())
	for _, packet := range []wire.Packet{
		{Type: wire.State, ConnID: 100}, {Type: wire.State, ConnID: 100}, {Type: wire.Syn, ConnID: 7, Seq: 9},
	} {
		b.Datagrams = append(b.Datagrams, slab.Datagram{Data: packet.AppendBinary(nil), Source: remote})
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		(&portActor{Port: p}).packets(nil, now, b)
	}()
	b.Release()
	if n := pool.Outstanding(); n > 0 {
		t.Errorf("%d slabs are held", n)
	}
	if n := p.counts.Faults.Load(); n != 2 {
		t.Errorf("%d datagrams were counted as lost, want 2", n)
	}
}
