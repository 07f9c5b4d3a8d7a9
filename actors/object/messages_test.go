package object

import (
	"testing"

	"github.com/flute-node/flute-node/flute/alc"
)

// memory is an owner that counts its releases.
type memory struct{ released int }

func (m *memory) Release() { m.released++ }

// TestReleaseKeepsNoBytes: Packets that wait for their next use keep no slab that was given up in memory.
func TestReleaseKeepsNoBytes(t *testing.T) {
	var free FreeList
	var m memory
	for range 2 {
		p := free.Get(&m)
		if p.Unhandled() != 0 || p.Bytes() != 0 {
			t.Errorf("fresh ones have %d packets of %d bytes", p.Unhandled(), p.Bytes())
		}
		p.Add(alc.Packet{Body: make([]byte, 10)}, 10)
		if p.Unhandled() != 1 || p.Bytes() != 10 {
			t.Errorf("%d packets of %d bytes, want 1 of 10", p.Unhandled(), p.Bytes())
		}
		p.Release()
		if p.packets = p.packets[:1]; p.packets[0].Body != nil {
			t.Error("the bytes of a packet are kept")
		}
		p.packets = p.packets[:0]
	}
	if m.released != 2 {
		t.Errorf("released %d times, want 2", m.released)
	}
	if free.list.Get() == nil || free.list.Get() != nil {
		t.Error("want one that is free")
	}
}
