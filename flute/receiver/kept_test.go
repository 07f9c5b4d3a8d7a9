package receiver

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
)

// kept returns a packet with a symbol of an object, and EXT_FTI if it tells one.
func kept(oti, fti fec.OTI, sbn fec.SBN, esi fec.ESI) *alc.Packet {
	p := &alc.Packet{Body: append(oti.AppendPayloadID(nil, fec.PayloadID{SBN: sbn, ESI: esi}), make([]byte, 10)...)}
	p.Codepoint = uint8(oti.EncodingID)
	if fti.SymbolLength > 0 {
		p.FTI = fti.AppendFTI(nil)
	}
	return p
}

// keeping returns what is kept of packets with the ESIs of block 0.
func keeping(oti fec.OTI, esis ...fec.ESI) *pending {
	k := &pending{}
	for _, esi := range esis {
		k.add(kept(oti, oti, 0, esi))
	}
	return k
}

func firstESIs(n fec.ESI) (esis []fec.ESI) {
	for esi := range n {
		esis = append(esis, esi)
	}
	return esis
}

// A source block can do without another packet if all its source symbols are kept, or so many symbols that any code can
// decode it; with LDPC codes never. What EXT_FTI does not tell is not assumed.
func TestEnoughIsKept(t *testing.T) {
	rs := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 80, SymbolLength: 10, MaxSourceBlockLength: 4,
		MaxEncodingSymbols: 40,
	}
	ldpc := rs
	ldpc.EncodingID, ldpc.MaxEncodingSymbols = fec.LDPCStaircase, 40
	ldpc.N1, ldpc.Seed, ldpc.GroupSize = 3, 1, 1
	triangle := ldpc
	triangle.EncodingID = fec.LDPCTriangle
	wide := rs
	wide.EncodingID, wide.FieldBits, wide.GroupSize = fec.ReedSolomonGF2m, 8, 1
	grouped, empty, bad := wide, rs, rs
	grouped.GroupSize = 2
	empty.TransferLength = 0
	bad.MaxSourceBlockLength = 0
	other := rs
	other.TransferLength = 79
	repair := func(n fec.ESI) (esis []fec.ESI) { // without source symbol 0
		return firstESIs(n + 1)[1:]
	}
	for name, c := range map[string]struct {
		kept *pending
		next *alc.Packet
		want bool
	}{
		"nothing kept":            {&pending{}, kept(rs, rs, 0, 0), false},
		"all source symbols":      {keeping(rs, firstESIs(4)...), kept(rs, rs, 0, 9), true},
		"all but one":             {keeping(rs, firstESIs(3)...), kept(rs, rs, 0, 9), false},
		"as many as may be short": {keeping(rs, repair(4+surplusSymbols-1)...), kept(rs, rs, 0, 0), false},
		"surely enough":           {keeping(rs, repair(4+surplusSymbols)...), kept(rs, rs, 0, 0), true},
		"of another source block": {keeping(rs, firstESIs(4)...), kept(rs, rs, 1, 0), false},
		"of another EXT_FTI":      {keeping(other, firstESIs(4)...), kept(rs, rs, 0, 9), false},
		"no EXT_FTI":              {keeping(rs, firstESIs(4)...), kept(rs, fec.OTI{}, 0, 9), false},
		"an object of no bytes":   {keeping(empty, firstESIs(4)...), kept(rs, empty, 2, 9), false},
		"not an OTI":              {keeping(bad, firstESIs(4)...), kept(rs, bad, 0, 9), false},
		"LDPC, repair":            {keeping(ldpc, repair(30)...), kept(ldpc, ldpc, 0, 0), false},
		"LDPC, source":            {keeping(ldpc, firstESIs(4)...), kept(ldpc, ldpc, 0, 9), true},
		"triangle, repair":        {keeping(triangle, repair(30)...), kept(triangle, triangle, 0, 0), false},
		"triangle, source":        {keeping(triangle, firstESIs(4)...), kept(triangle, triangle, 0, 9), true},
		"groups of one":           {keeping(wide, firstESIs(4)...), kept(wide, wide, 0, 9), true},
		"groups":                  {keeping(grouped, firstESIs(4)...), kept(grouped, grouped, 0, 9), false},
	} {
		if got := c.kept.enough(c.next); got != c.want {
			t.Errorf("%s: enough %v", name, got)
		}
	}
	short := kept(rs, rs, 0, 9)
	if short.Body = short.Body[:3]; keeping(rs, firstESIs(4)...).enough(short) {
		t.Error("a packet without FEC Payload ID is not needed")
	}
	short = kept(rs, rs, 0, 9)
	if short.FTI = short.FTI[1:]; keeping(rs, firstESIs(4)...).enough(short) {
		t.Error("a packet with half an EXT_FTI is not needed")
	}
}

// What is kept may be a whole object if it has as many symbols, and all of them have a place in it.
func TestWholeIsKept(t *testing.T) {
	noCode := fec.OTI{TransferLength: 75, SymbolLength: 10, MaxSourceBlockLength: 8} // 8 symbols, 1 block
	rs := noCode
	rs.EncodingID, rs.MaxEncodingSymbols = fec.ReedSolomonGF28, 12
	empty, same, longer, grouped := noCode, rs, noCode, rs
	empty.TransferLength = 0
	same.MaxEncodingSymbols = 20
	longer.TransferLength = 81
	grouped.EncodingID, grouped.GroupSize, grouped.FieldBits = fec.ReedSolomonGF2m, 2, 8
	with := func(k *pending, p *alc.Packet) *pending {
		k.add(p)
		return k
	}
	sevenAnd := func(oti fec.OTI, p *alc.Packet) *pending { return with(keeping(oti, firstESIs(7)...), p) }
	for name, c := range map[string]struct {
		kept         *pending
		oti          fec.OTI
		whole, isAll bool
	}{
		"nothing":               {&pending{}, noCode, false, false},
		"all":                   {keeping(noCode, firstESIs(8)...), noCode, true, true},
		"one is missing":        {keeping(noCode, firstESIs(7)...), noCode, false, false},
		"no bytes":              {keeping(empty, 0), empty, true, false},
		"no EXT_FTI":            {with(&pending{}, kept(noCode, fec.OTI{}, 0, 0)), noCode, false, false},
		"one has no EXT_FTI":    {sevenAnd(noCode, kept(noCode, fec.OTI{}, 0, 7)), noCode, false, true},
		"of a longer one":       {keeping(longer, firstESIs(9)...), noCode, true, false},
		"beyond the block":      {sevenAnd(noCode, kept(noCode, noCode, 0, 8)), noCode, true, false},
		"beyond the last block": {sevenAnd(noCode, kept(noCode, noCode, 1, 0)), noCode, true, false},
		"repair":                {sevenAnd(rs, kept(rs, rs, 0, 9)), rs, true, true},
		"of another code":       {keeping(rs, firstESIs(8)...), noCode, true, false},
		"another of no weight":  {sevenAnd(rs, kept(rs, same, 0, 7)), rs, true, true},
		"another OTI":           {sevenAnd(noCode, kept(noCode, longer, 0, 7)), noCode, false, false},
		"groups":                {keeping(grouped, 0, 2, 4, 6), grouped, true, true},
		"a group is missing":    {keeping(grouped, 0, 2, 4), grouped, false, false},
		"an OTI that is none": {
			keeping(noCode, firstESIs(8)...), fec.OTI{SymbolLength: 10, TransferLength: 75}, true, false,
		},
	} {
		if whole, isAll := c.kept.whole(), c.kept.isAll(&c.oti); whole != c.whole || isAll != c.isAll {
			t.Errorf("%s: whole %v, all %v; want %v, %v", name, whole, isAll, c.whole, c.isAll)
		}
	}
	// What an FDT Instance tells counts where packets do not.
	untold := &pending{}
	for esi := range fec.ESI(8) {
		untold.add(kept(noCode, fec.OTI{}, 0, esi))
	}
	for name, c := range map[string]struct {
		file fdt.File
		want bool
	}{
		"told":       {fdt.File{HasOTI: true, OTI: noCode}, true},
		"longer":     {fdt.File{HasOTI: true, OTI: longer}, false},
		"not told":   {fdt.File{OTI: noCode}, false},
		"no length":  {fdt.File{HasOTI: true, OTI: empty}, false},
		"one symbol": {fdt.File{HasOTI: true, OTI: fec.OTI{TransferLength: 1, SymbolLength: 10}}, true},
	} {
		e := &entry{pending: *untold}
		if got := e.mayBeWhole(&c.file); got != c.want {
			t.Errorf("%s: may be whole %v", name, got)
		}
	}
}

// Two OTIs are the same if they divide an object in the same way and say the same of the code, defaults included.
func TestEquivalent(t *testing.T) {
	oti := func(id fec.EncodingID, edit ...func(*fec.OTI)) fec.OTI {
		o := fec.OTI{
			EncodingID: id, TransferLength: 100, SymbolLength: 10, MaxSourceBlockLength: 5, MaxEncodingSymbols: 8,
			FieldBits: 8, GroupSize: 1,
		}
		if id != fec.ReedSolomonGF2m {
			o.FieldBits, o.GroupSize = 0, 0
		}
		for _, e := range edit {
			e(&o)
		}
		return o
	}
	for i, c := range []struct {
		a, b fec.OTI
		want bool
	}{
		{oti(5), oti(5), true},
		{oti(5), oti(5, func(o *fec.OTI) { o.MaxEncodingSymbols = 9 }), true},
		{oti(5), oti(5, func(o *fec.OTI) { o.MaxSourceBlockLength = 6 }), true}, // two blocks of 5 all the same
		{oti(5), oti(5, func(o *fec.OTI) { o.MaxSourceBlockLength = 4 }), false},
		{oti(5), oti(5, func(o *fec.OTI) { o.TransferLength = 99 }), false},
		{oti(5), oti(0), false},
		{oti(2), oti(2, func(o *fec.OTI) { o.FieldBits = 0 }), true},  // RFC 5510, section 4.2.3
		{oti(2), oti(2, func(o *fec.OTI) { o.FieldBits = 1 }), false}, // there is no such field
		{oti(2), oti(2, func(o *fec.OTI) { o.FieldBits = 9 }), false},
		{oti(2, func(o *fec.OTI) { o.FieldBits = 9 }), oti(2, func(o *fec.OTI) { o.FieldBits = 10 }), false},
		{oti(2), oti(2, func(o *fec.OTI) { o.GroupSize = 0 }), true},
		{oti(2), oti(2, func(o *fec.OTI) { o.GroupSize = 2 }), false},
		{fec.OTI{}, fec.OTI{}, true}, // whatever it is
		{fec.OTI{}, fec.OTI{GroupSize: 1}, false},
	} {
		if got, back := equivalent(c.a, c.b), equivalent(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("%d: %+v and %+v: %v, %v", i, c.a, c.b, got, back)
		}
	}
}

// What stands in front of an object is put together from the packets that have come of it, in whatever order.
func TestFront(t *testing.T) {
	type piece struct {
		off  uint32
		data string
	}
	for i, c := range []struct {
		kept []piece
		off  uint64
		data string
		want string
	}{
		{nil, 0, "abc", "abc"},
		{nil, 3, "def", ""},
		{[]piece{{3, "def"}}, 0, "abc", "abcdef"},
		{[]piece{{0, "abc"}}, 3, "def", "abcdef"},
		{[]piece{{0, "abc"}}, 4, "ef", "abc"},
		{[]piece{{6, "g"}, {0, "abc"}}, 3, "def", "abcdefg"},
		{[]piece{{0, "abc"}}, 0, "abc", "abc"},
		{[]piece{{0, "abcd"}, {1, "b"}}, 2, "cdef", "abcdef"},
		{[]piece{{3, "def"}}, 0, "a\n\r\n", "a\n\r\n"}, // whole: the others are not looked at
		{[]piece{{0, "abc"}}, 3, "a\n\r\n", "abca\n\r\n"},
		{[]piece{{40_000, "far"}}, 0, "abc", "abc"},
	} {
		e := &entry{}
		for _, p := range c.kept {
			e.pending.add(&alc.Packet{HasOffset: true, Offset: p.off, Body: []byte(p.data)})
		}
		if got := string(e.front(c.off, []byte(c.data))); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}
