package receiver

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
)

// checkModel makes the model of a and fails unless what it says of b is what alc.Parse says.
func checkModel(t *testing.T, a, b []byte) (modelled bool) {
	t.Helper()
	p, err := alc.Parse(a)
	if err != nil {
		return false
	}
	var m model
	memory := bytes.Clone(a)
	modelled = m.set(&p, memory)
	for i := range memory {
		memory[i] ^= 0xff // nothing of it may be kept
	}
	got := alc.Packet{Header: lct.Header{TSI: 99}, Body: []byte{1}}
	if !m.parse(&got, b) {
		if modelled && bytes.HasPrefix(b, m.header[:m.length]) {
			t.Fatalf("%x was not recognised as one with the header of %x", b, a)
		}
		return false
	}
	want, err := alc.Parse(b)
	if err != nil {
		t.Fatalf("%x was taken for one like %x: %v", b, a, err)
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(x, y flute.TOI) bool { return x == y })); d != "" {
		t.Fatalf("%x after %x (-want +got):\n%s", b, a, d)
	}
	for name, views := range map[string][2][]byte{
		"Body": {want.Body, got.Body}, "FTI": {want.FTI, got.FTI}, "Extensions": {want.Extensions, got.Extensions},
	} {
		if cap(views[0]) != cap(views[1]) || cap(views[0]) > 0 && &views[0][:1][0] != &views[1][:1][0] {
			t.Fatalf("%s is another view, of %d bytes at most, want %d", name, cap(views[1]), cap(views[0]))
		}
	}
	return modelled
}

// headers are datagrams of all kinds.
func headers(t testing.TB) [][]byte {
	o := plain(t, 1, 300, 100, 2)
	bare := plain(t, 2, 300, 100, 2)
	bare.noFTI = true
	extended := func(b []byte) []byte {
		p, err := alc.Parse(o.packet(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		p.Extensions = append(b, p.Extensions...)
		header, err := p.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		return append(header, p.Body...)
	}
	fti, _ := mustParse(t, o.packet(0, 0, 1)).Extensions.Lookup(lct.HETFTI)
	return [][]byte{
		o.packet(0, 0, 1), o.packet(1, 0, 1), o.packet(0, 0, 2),
		bare.packet(0, 0, 1), bare.packet(0, 0, 1, closeObject),
		fdtInstance{files: []fdt.File{o.file("a")}, e: 300}.packets(t)[0], alc.AppendCloseSession(nil, key.TSI),
		extended(lct.AppendExtension(nil, lct.HETTime, make([]byte, 6))),
		extended(lct.AppendExtension(nil, lct.HETAuth, make([]byte, 6))),
		extended(lct.AppendExtension(nil, 50, make([]byte, 200))),
		extended(lct.AppendExtension(nil, 200, []byte{1, 2, 3})),
		extended(bytes.Clone(fti.Raw)),
		extended(lct.AppendExtension(nil, lct.HETCENC, []byte{1, 0, 0})),
	}
}

func mustParse(t testing.TB, b []byte) alc.Packet {
	t.Helper()
	p, err := alc.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestModel: what a model says of a datagram is what a full parse says, whatever the datagram is.
func TestModel(t *testing.T) {
	all := headers(t)
	rng := rand.New(rand.NewPCG(1, 2))
	hits := 0
	for range 20_000 {
		a := all[rng.IntN(len(all))]
		b := bytes.Clone(a)
		switch rng.IntN(4) {
		case 0:
			b = bytes.Clone(all[rng.IntN(len(all))])
		case 1:
			b = b[:rng.IntN(len(b)+1)]
		case 2:
			b = append(b, make([]byte, rng.IntN(40))...)
		}
		for range rng.IntN(3) {
			if len(b) > 0 {
				b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
			}
		}
		if checkModel(t, a, b) {
			hits++
		}
	}
	if hits < 5000 {
		t.Errorf("%d datagrams were like the one before", hits)
	}
}

func FuzzModel(f *testing.F) {
	all := headers(f)
	for i, a := range all {
		f.Add(a, a)
		f.Add(a, all[(i+1)%len(all)])
		f.Add(a, append(a[:len(a)-1:len(a)-1], 7))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) { checkModel(t, a, b) })
}

// twins returns two sessions that know what describes objects, and the packets that may come of these: their symbols,
// the FDT Instance, and those with the flags B and A.
func twins(t *testing.T, objects ...object) (one, other *rig, packets [][]byte) {
	t.Helper()
	var files []fdt.File
	for i, o := range objects {
		files = append(files, o.file(string(rune('a'+i))))
		packets = append(packets, o.all()...)
	}
	instance := fdtInstance{files: files, e: 300}.packets(t)
	packets = append(packets, instance...)
	packets = append(packets, objects[0].packet(0, 0, 1, closeObject), alc.AppendCloseSession(nil, key.TSI))
	one, other = newRig(t), newRig(t)
	one.feed(instance...)
	other.feed(instance...)
	return one, other, packets
}

// feedAnew is feed for a session that looks at each datagram as if it were the first.
func (r *rig) feedAnew(datagram []byte) {
	r.s.latest = latest{}
	r.feed(datagram)
}

// TestRouteAlike: a session that takes a short way with datagrams like the one before is in the same state, after each
// of them, as one that does not: whatever comes, from any port, at any time.
func TestRouteAlike(t *testing.T) {
	const ordinary = 95 // percent of the datagrams that follow the one before, at the same time
	short := 0
	for seed := range uint64(40) {
		one, other, packets := twins(t, plain(t, 1, 20_000, 100, 4), coded(t, 2, 20_000, 100, 5, 8, ""))
		rng := rand.New(rand.NewPCG(seed, 3))
		at, from := 0, 0
		for range 600 {
			at = (at + 1) % len(packets)
			if rng.IntN(100) >= ordinary {
				at = rng.IntN(len(packets))
				pause := time.Duration(rng.IntN(3)) * time.Duration(rng.IntN(900)) * time.Millisecond
				port := uint16(rng.IntN(3))
				for _, r := range []*rig{one, other} {
					r.port = port
					r.wait(pause)
				}
			}
			d := bytes.Clone(packets[at])
			if rng.IntN(50) == 0 {
				d[rng.IntN(len(d))] ^= 1 << rng.IntN(8)
			}
			if one.s.Ended() || other.s.Ended() {
				break
			}
			var p Packet
			if one.s.latest.entry != nil && one.s.latest.model.parse(&p.alc, d) {
				short++
			}
			one.feed(d)
			other.feedAnew(d)
			compareSessions(t, one, other, from)
			from = len(one.events)
			if t.Failed() {
				t.Fatalf("seed %d, datagram %x", seed, d)
			}
		}
		one.close()
		other.close()
	}
	if short < 1500 {
		t.Errorf("%d datagrams went the short way", short)
	}
}

// told returns the events of r from an index on, in an order that does not depend on that of objects.
func told(r *rig, from int) []string {
	var list []string
	for _, e := range r.events[from:] {
		list = append(list, fmt.Sprintf("%T%+v", e, e))
	}
	slices.Sort(list)
	return list
}

// compareSessions fails unless both sessions know the same, and have told the same from that event on.
func compareSessions(t *testing.T, a, b *rig, from int) {
	t.Helper()
	if !reflect.DeepEqual(a.l.sessionRecord, b.l.sessionRecord) {
		t.Errorf("sessions:\n%+v\n%+v", a.l.sessionRecord, b.l.sessionRecord)
	}
	if !reflect.DeepEqual(a.l.arrivals, b.l.arrivals) || a.l.wake != b.l.wake || a.l.now != b.l.now {
		t.Errorf("arrivals:\n%+v\n%+v", a.l.arrivals, b.l.arrivals)
	}
	// Margins depend on which of two objects gets first what was held apart for them.
	if x, y := a.l.Account(a.now), b.l.Account(b.now); x.Symbols != y.Symbols || x.Useful != y.Useful {
		t.Errorf("accounts:\n%+v\n%+v", x, y)
	}
	if x, y := told(a, from), told(b, from); !slices.Equal(x, y) {
		t.Errorf("events:\n%s\n%s", x, y)
	}
	for toi, e := range a.l.entries {
		o := b.l.entries[toi]
		if o == nil || e.phase != o.phase || e.open != o.open || e.heard != o.heard || e.closeAt != o.closeAt ||
			e.run != o.run {
			t.Errorf("TOI %v:\n%+v\n%+v", toi, e, o)
		}
	}
}
