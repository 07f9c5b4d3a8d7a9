package object

import (
	"reflect"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/store/mem"
)

// memory is an owner that counts its releases.
type memory struct{ released int }

func (m *memory) Release() { m.released++ }

// packet returns a packet of an object.
func packet(t *testing.T) *receiver.Packet {
	t.Helper()
	toi := flute.NewTOI(1)
	template, err := alc.NewTemplate(alc.Spec{TSI: 7, TOI: toi})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New()}.Validated()
	if err != nil {
		t.Fatal(err)
	}
	s := receiver.NewLedger(cfg, flute.SessionKey{TSI: 7}).NewSession()
	datagram := append(template.Append(nil, false), make([]byte, 14)...) // FEC Payload ID and 10 bytes
	// the session has kept it: nothing describes the object yet
	p, _ := s.Route(time.Unix(0, 0), receiver.Origin{}, datagram)
	if p.TOI() != toi {
		t.Fatalf("TOI %v, want %v", p.TOI(), toi)
	}
	return &p
}

// TestReleaseKeepsNoBytes: Packets that wait for their next use keep no slab that was given up in memory.
func TestReleaseKeepsNoBytes(t *testing.T) {
	var free FreeList
	var m memory
	for range 2 {
		p := free.Get(&m)
		if p.Unhandled()[0] != 0 || p.Bytes() != 0 {
			t.Errorf("fresh ones have %d packets of %d bytes", p.Unhandled()[0], p.Bytes())
		}
		p.Add(packet(t), 10)
		*p.Place() = *packet(t)
		p.AddPlaced(20)
		*p.Place() = *packet(t) // and it is not added
		if p.Unhandled()[0] != 2 || p.Bytes() != 30 {
			t.Errorf("%d packets of %d bytes, want 2 of 30", p.Unhandled()[0], p.Bytes())
		}
		p.Release()
		for i, q := range p.packets[:3] {
			if !reflect.ValueOf(q).IsZero() {
				t.Errorf("the bytes of packet %d are kept", i)
			}
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
