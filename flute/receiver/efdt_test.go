package receiver

import (
	"errors"
	"testing"

	"github.com/flute-node/flute-node/flute/internal/route"
)

// routePacket is a packet of ROUTE with n bytes at off.
type routePacket struct {
	off, n uint64
	length uint64 // by EXT_TOL; 0: it tells none
	closes bool   // close-object flag
	fill   byte
}

func (p *routePacket) packet() *Packet {
	var packet Packet
	a := &packet.alc
	a.HasOffset, a.Offset = true, uint32(p.off)
	for range p.n {
		a.Body = append(a.Body, p.fill)
	}
	a.HasLength, a.Length, a.CloseObject = p.length > 0, p.length, p.closes
	return &packet
}

// TestDocumentInPieces: of a document with TOI 0 what fits together is kept. Where packets contradict each other, what
// came before is of another version, and goes.
func TestDocumentInPieces(t *testing.T) {
	for name, c := range map[string]struct {
		packets []routePacket
		bytes   uint64 // kept at the end
		length  uint64
		sized   bool
		err     error // of the last packet
	}{
		"two pieces":           {[]routePacket{{n: 10}, {off: 20, n: 10}}, 20, 0, false, nil},
		"in disorder":          {[]routePacket{{off: 20, n: 10}, {n: 10}}, 20, 0, false, nil},
		"next to each other":   {[]routePacket{{n: 10}, {off: 20, n: 10}, {off: 10, n: 10}}, 30, 0, false, nil},
		"repeated":             {[]routePacket{{n: 10}, {n: 10}}, 10, 0, false, errDuplicate},
		"other bytes":          {[]routePacket{{n: 10}, {n: 10, fill: 1}}, 10, 0, false, nil},
		"longer":               {[]routePacket{{n: 10}, {n: 11}}, 11, 0, false, nil},
		"into the one before":  {[]routePacket{{n: 10}, {off: 9, n: 9}}, 9, 0, false, nil},
		"into the one after":   {[]routePacket{{off: 9, n: 9}, {n: 10}}, 10, 0, false, nil},
		"length":               {[]routePacket{{n: 10, length: 30}, {off: 10, n: 10}}, 20, 30, true, nil},
		"length is repeated":   {[]routePacket{{n: 10, length: 30}, {off: 10, n: 10, length: 30}}, 20, 30, true, nil},
		"another length":       {[]routePacket{{n: 10, length: 30}, {off: 10, n: 9, length: 31}}, 9, 31, true, nil},
		"length comes late":    {[]routePacket{{n: 10}, {off: 10, n: 9, length: 30}}, 9, 30, true, nil},
		"to the end":           {[]routePacket{{n: 10, length: 30}, {off: 21, n: 9}}, 19, 30, true, nil},
		"beyond the end":       {[]routePacket{{n: 10, length: 30}, {off: 21, n: 10}}, 0, 0, false, errOTIConflict},
		"another, with length": {[]routePacket{{n: 10, length: 30}, {n: 9, length: 30, fill: 1}}, 9, 30, true, nil},
		"another, without":     {[]routePacket{{n: 10, length: 30}, {n: 9, fill: 1}}, 9, 0, false, nil},
		"closed, and a piece is missing": {
			[]routePacket{{n: 10}, {off: 20, n: 10, closes: true}}, 20, 30, true, nil,
		},
		"closed in disorder": {
			[]routePacket{{off: 20, n: 10}, {n: 10}, {off: 40, n: 10, closes: true}}, 30, 0, false, nil,
		},
		"as long as may be": {[]routePacket{{n: 10, length: route.MaxDocument}}, 10, route.MaxDocument, true, nil},
		"too long":          {[]routePacket{{n: 10, length: route.MaxDocument + 1}}, 0, 0, false, errBudget},
		"at the end of all": {[]routePacket{{off: route.MaxDocument - 10, n: 10}}, 10, 0, false, nil},
		"beyond all":        {[]routePacket{{off: route.MaxDocument - 9, n: 10}}, 0, 0, false, errBudget},
	} {
		r := newRig(t, func(c *Config) { c.ROUTE = true })
		var err error
		for i := range c.packets {
			err = r.s.efdtPacket(r.now, &line{}, c.packets[i].packet())
		}
		x := &r.l.extended
		if x.bytes != c.bytes || x.length != c.length || x.sized != c.sized || !errors.Is(err, c.err) {
			t.Errorf("%s: %d bytes, length %d, %v, %v; want %+v", name, x.bytes, x.length, x.sized, err, c)
		}
		if got, want := r.l.listings.Used(), x.bytes+uint64(len(x.stretches))*stretchOverhead; got != want {
			t.Errorf("%s: %d bytes are charged, want %d", name, got, want)
		}
		r.close()
	}
	r := newRig(t, func(c *Config) { c.ROUTE = true })
	for i := range uint64(maxStretches + 1) {
		p := routePacket{off: 2 * i, n: 1}
		if err := r.s.efdtPacket(r.now, &line{}, p.packet()); err != nil {
			t.Fatal(err)
		}
		if got, want := uint64(len(r.l.extended.stretches)), i%maxStretches+1; got != want {
			t.Fatalf("%d pieces are kept after %d", got, i+1)
		}
	}
	r.close()
}

// TestLengthOfROUTE: the length of an object is told by EXT_TOL, or by the end of the packet with the close-object
// flag, if packets came in order until then.
func TestLengthOfROUTE(t *testing.T) {
	for name, c := range map[string]struct {
		packets []routePacket
		length  uint64 // 0: it is not known
		weak    bool
		err     error // of the last packet
	}{
		"in order":             {[]routePacket{{n: 10}, {off: 10, n: 5, closes: true}}, 15, true, nil},
		"some is lost":         {[]routePacket{{n: 10}, {off: 20, n: 5, closes: true}}, 25, true, nil},
		"in disorder":          {[]routePacket{{off: 10, n: 5}, {n: 10, closes: true}}, 0, false, nil},
		"disorder before":      {[]routePacket{{off: 10, n: 5}, {n: 10}, {off: 15, n: 5, closes: true}}, 0, false, nil},
		"the last is repeated": {[]routePacket{{n: 10}, {off: 10, n: 5}, {off: 10, n: 5, closes: true}}, 15, true, nil},
		"the first is repeated": {
			[]routePacket{{n: 10}, {off: 10, n: 5}, {n: 10}, {off: 15, n: 5, closes: true}}, 0, false, nil,
		},
		"closed without bytes":   {[]routePacket{{n: 10}, {off: 10, closes: true}}, 0, false, nil},
		"closed again":           {[]routePacket{{n: 10, closes: true}, {off: 10, n: 5, closes: true}}, 10, true, nil},
		"EXT_TOL":                {[]routePacket{{n: 10, length: 30}, {off: 10, n: 5, closes: true}}, 30, false, nil},
		"EXT_TOL is repeated":    {[]routePacket{{n: 10, length: 30}, {n: 10, length: 30}}, 30, false, nil},
		"another EXT_TOL":        {[]routePacket{{n: 10, length: 30}, {n: 10, length: 31}}, 30, false, errOTIConflict},
		"EXT_TOL knows better":   {[]routePacket{{n: 10, closes: true}, {n: 10, length: 30}}, 30, false, nil},
		"EXT_TOL says the same":  {[]routePacket{{n: 10, closes: true}, {n: 10, length: 10}}, 10, false, nil},
		"EXT_TOL without packet": {[]routePacket{{length: 30}}, 30, false, nil},
	} {
		var a address
		var err error
		for i := range c.packets {
			p := &c.packets[i]
			err = a.learn(&p.packet().alc, p.off, p.n)
		}
		if a.length != c.length || a.known != (c.length > 0) || a.weak != c.weak || !errors.Is(err, c.err) {
			t.Errorf("%s: length %d, known %v, weak %v, %v; want %+v", name, a.length, a.known, a.weak, err, c)
		}
	}
}
