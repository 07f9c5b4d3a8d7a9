package assembly

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/storetest"
)

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// bench is an Assembly with what surrounds it: no session, no FDT.
type bench struct {
	Assembly
	t       *testing.T
	content []byte
	budget  *store.Budget
	files   *mem.Store
	broken  error // of each write and read
	writes  int   // of bytes, that were begun
}

func newBench(t *testing.T, oti fec.OTI, limit uint64) *bench {
	t.Helper()
	if err := oti.Validate(); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, content: make([]byte, oti.TransferLength), budget: store.NewBudget(limit, nil), files: mem.New()}
	rng := rand.New(rand.NewPCG(oti.TransferLength, 1))
	for i := range b.content {
		b.content[i] = byte(rng.Uint32())
	}
	scheme, err := schemes.Default().Scheme(&oti)
	if err != nil {
		t.Fatal(err)
	}
	sender := &Sender{Variant: rs.Rizzo, Arenas: &Arenas{}, Labour: NewLabour(2)}
	fragile := &storetest.Faulty{Store: b.files, Before: func(c storetest.Call) error {
		if c.Method == "WriteAt" {
			b.writes++
		}
		return b.broken
	}}
	b.Assembly = New(sender, scheme, oti, nil, staging.New(fragile, oti.TransferLength), b.budget)
	b.object.Use()
	return b
}

// write writes all that is to be written.
func (b *bench) write() {
	b.t.Helper()
	for tail := b.Begin(); tail != nil; tail = b.Begin() {
		o, err := b.object.Open()
		if err == nil {
			err = tail.Write(o)
		}
		if err != nil {
			b.t.Fatal(err)
		}
		b.End(tail)
	}
}

// run runs an Attempt and brings it back.
func (b *bench) run(at *Attempt) error { return b.Conclude(now, at, at.Run(nil)) }

// payload returns the FEC Payload ID and symbol of one packet.
func (b *bench) payload(sbn fec.SBN, esi fec.ESI) []byte {
	b.t.Helper()
	k := b.part.BlockSymbols(sbn)
	p := b.OTI.AppendPayloadID(nil, fec.PayloadID{SBN: sbn, ESI: esi, SourceBlockLength: uint16(k)})
	if uint32(esi) < k {
		if !b.part.HasSubBlocks() {
			off, n := b.part.Symbol(sbn, esi)
			return append(p, b.content[off:off+uint64(n)]...)
		}
		symbol := make([]byte, b.OTI.SymbolLength)
		for i := range b.part.Pieces() {
			off, at, n := b.part.Piece(sbn, esi, i)
			copy(symbol[at:], b.content[off:off+uint64(n)])
		}
		return append(p, symbol...)
	}
	off, n := b.part.Block(sbn)
	block := b.content[off : off+n]
	if b.part.HasSubBlocks() {
		block = make([]byte, k*uint32(b.OTI.SymbolLength))
		b.part.GatherSymbols(block, b.content[off:off+n], sbn)
	}
	enc, err := b.scheme.NewEncoder(&b.OTI, b.sender.Variant, k, block)
	if err == nil {
		p, err = enc.AppendRepair(p, esi)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// take takes the symbols esis of a block, none of which may be refused.
func (b *bench) take(sbn fec.SBN, esis ...fec.ESI) {
	b.t.Helper()
	for _, esi := range esis {
		if err := b.Take(now, b.payload(sbn, esi)); err != nil {
			b.t.Fatalf("block %d, symbol %d: %v", sbn, esi, err)
		}
	}
}

// whole checks that the object has all bytes.
func (b *bench) whole() {
	b.t.Helper()
	if !b.IsWhole() || b.Missing() != "" || b.Prefix() != b.OTI.TransferLength {
		b.t.Fatal(b.Missing())
	}
	b.Flush()
	b.write()
	got := make([]byte, len(b.content))
	o, err := b.object.Open()
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := o.ReadAt(got, 0); err != nil || !bytes.Equal(got, b.content) {
		n := 0
		for n < len(got) && got[n] == b.content[n] {
			n++
		}
		b.t.Errorf("%v: other bytes from %d of %d on, %v", b.OTI.EncodingID, n, len(got), err)
	}
}

// end releases the Assembly; nothing may be left.
func (b *bench) end() {
	b.t.Helper()
	b.Release()
	b.Release() // does nothing
	b.object.Forget()
	b.object.Leave()
	if n := b.budget.Used(); n != 0 || b.files.Staged() != 0 {
		b.t.Errorf("%d bytes held, %d objects staged", n, b.files.Staged())
	}
}

// large has blocks that are too large to be decoded at once.
func large() fec.OTI {
	return fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 19*30_000 + 77, SymbolLength: 30_000,
		MaxSourceBlockLength: 10, MaxEncodingSymbols: 14,
	}
}

// small is large, but of length bytes in symbols of 100.
func small(length uint64) fec.OTI {
	oti := large()
	oti.TransferLength, oti.SymbolLength = length, 100
	return oti
}

// Symbols in any order become the bytes of the object; what a small block has lost is recovered by the packet that
// makes it possible.
func TestTake(t *testing.T) {
	for _, oti := range []fec.OTI{
		{TransferLength: 1, SymbolLength: 1, MaxSourceBlockLength: 1},
		{TransferLength: 10_001, SymbolLength: 100, MaxSourceBlockLength: 7},
		{EncodingID: fec.ReedSolomonGF28, TransferLength: 10_001, SymbolLength: 100, MaxSourceBlockLength: 7, MaxEncodingSymbols: 10},
		{EncodingID: fec.RaptorQ, TransferLength: 10_000, SymbolLength: 100, SourceBlocks: 3, SubBlocks: 2, Alignment: 4},
	} {
		b := newBench(t, oti, 1<<24)
		for _, sbn := range rand.Perm(int(b.part.Blocks())) {
			k := int(b.part.BlockSymbols(fec.SBN(sbn)))
			order := rand.Perm(k)
			if oti.EncodingID == fec.ReedSolomonGF28 {
				order[0] = k // instead of a source symbol
			}
			for _, esi := range order {
				b.take(fec.SBN(sbn), fec.ESI(esi))
			}
			if err := b.Take(now, b.payload(fec.SBN(sbn), fec.ESI(order[k-1]))); !errors.Is(err, ErrDuplicate) {
				t.Errorf("%v: a symbol of a block that is complete: %v", oti.EncodingID, err)
			}
		}
		b.whole()
		if want := oti.EncodingID == fec.ReedSolomonGF28; b.Repaired > 0 != want || b.Received == 0 {
			t.Errorf("%v: %d symbols repaired", oti.EncodingID, b.Repaired)
		}
		if f := b.Effects(); len(f.Attempts) > 0 || f.Short || f.Variant != "" {
			t.Errorf("%v: %+v", oti.EncodingID, f)
		}
		b.end()
	}
}

// A packet that cannot be of the object is refused with its reason, and changes nothing.
func TestTakeRefuses(t *testing.T) {
	oti := large()
	b := newBench(t, oti, 1<<24)
	held := b.budget.Used()
	good, repair := b.payload(0, 3), b.payload(0, 10)
	for name, test := range map[string]struct {
		payload []byte
		want    flute.DropReason
	}{
		"cut in the Payload ID":  {good[:3], drop.PayloadID},
		"no symbol":              {good[:4], drop.SymbolLength},
		"cut in the symbol":      {good[:len(good)-1], drop.SymbolLength},
		"cut in a repair symbol": {repair[:len(repair)-1], drop.SymbolLength},
		"more than the symbol":   {append(bytes.Clone(good), 0), drop.SymbolLength},
		"SBN":                    {oti.AppendPayloadID(nil, fec.PayloadID{SBN: 2}), drop.SBN},
		"ESI":                    {append(oti.AppendPayloadID(nil, fec.PayloadID{ESI: 14}), good[4:]...), drop.ESI},
		"ESI of the second":      {append(oti.AppendPayloadID(nil, fec.PayloadID{ESI: 13}), append(good[4:], good[4:]...)...), drop.ESI},
	} {
		err := b.Take(now, test.payload)
		if err == nil || drop.Of(err) != test.want || AsFailure(err) != nil {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if b.HoldsSymbols() || b.budget.Used() != held {
		t.Errorf("%d bytes held of nothing", b.budget.Used())
	}
	if err := b.Take(now, nil); err != nil {
		t.Errorf("a packet without payload: %v", err)
	}
	b.end()
}

// A large block is decoded by an Attempt, which is an effect: it waits until it is drained, and is concluded once.
func TestAttempt(t *testing.T) {
	b := newBench(t, large(), 1<<24)
	b.take(1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	b.take(0, 0, 1, 2, 10, 4, 5, 6, 11, 8, 9)
	f := b.Effects()
	if len(f.Attempts) != 1 || !b.IsDecoding() || b.IsWhole() || len(b.Effects().Attempts) != 0 {
		t.Fatalf("%+v", f)
	}
	if err := b.run(f.Attempts[0]); err != nil || b.IsDecoding() {
		t.Fatal(err)
	}
	b.whole()
	b.end()
}

// What ends an Assembly while an Attempt is out leaves the Attempt what it uses; one that nobody has drained ends with
// it.
func TestReleaseDuringAttempt(t *testing.T) {
	for _, drained := range []bool{true, false} {
		b := newBench(t, large(), 1<<24)
		b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10)
		var at *Attempt
		if drained {
			at = b.Effects().Attempts[0]
		}
		b.Release()
		want := uint64(0)
		if drained { // the block, a repair symbol
			want = 10*30_000 + 30_000
		}
		if held := b.budget.Used(); held < want || held > 2*want {
			t.Errorf("drained %v: %d bytes held", drained, held)
		}
		if drained {
			if err := at.Run(nil); err != nil {
				t.Error(err)
			}
			at.Release()
			at.Release() // once is enough, twice does no harm
		}
		if n := b.budget.Used(); n != 0 {
			t.Errorf("drained %v: %d bytes held at the end", drained, n)
		}
	}
}

// TestManyAttempts: no more than maxAttempts source blocks are decoded at the same time. Those that wait go on when one
// of them has ended, and hold no memory meanwhile; nothing is left of any in the end.
func TestManyAttempts(t *testing.T) {
	oti := large()
	oti.TransferLength = (maxAttempts + 3) * 10 * 30_000
	for _, variant := range []fec.Variant{rs.Rizzo, ""} { // or it is guessed
		b := newBench(t, oti, 1<<24)
		for sbn := range fec.SBN(maxAttempts + 3) {
			b.sender.Variant = rs.Rizzo // of what is sent
			repair := b.payload(sbn, 10)
			b.sender.Variant = variant
			b.take(sbn, 0, 1, 2, 3, 4, 5, 6, 7, 8)
			if err := b.Take(now, repair); err != nil {
				t.Fatal(err)
			}
		}
		f := b.Effects()
		if len(f.Attempts) != maxAttempts || b.Stalled() != 3 {
			t.Fatalf("variant %q: %d attempts, %d blocks wait", variant, len(f.Attempts), b.Stalled())
		}
		for ran := 0; len(f.Attempts) > 0; ran++ {
			if err := errors.Join(b.run(f.Attempts[0]), b.Retry(now)); err != nil {
				t.Fatal(err)
			}
			f.Attempts = append(f.Attempts[1:], b.Effects().Attempts...)
			if len(f.Attempts) > maxAttempts || ran > 100 {
				t.Fatalf("variant %q: %d attempts", variant, len(f.Attempts))
			}
		}
		if !b.IsWhole() || b.Stalled() != 0 {
			t.Errorf("variant %q: %s", variant, b.Missing())
		}
		b.end()
	}
}

// TestVariantFound: a symbol more than a source block needs shows which variant of the code the sender uses, if it
// comes before the block is decoded.
func TestVariantFound(t *testing.T) {
	oti := large()
	oti.TransferLength = (maxAttempts + 1) * 10 * 30_000
	b := newBench(t, oti, 1<<24)
	packets := func(sbn fec.SBN, esis ...fec.ESI) (list [][]byte) {
		b.sender.Variant = rs.Rizzo // of what is sent
		defer func() { b.sender.Variant = "" }()
		for _, esi := range esis {
			list = append(list, b.payload(sbn, esi))
		}
		return list
	}
	for sbn := range fec.SBN(maxAttempts + 1) { // the last one waits
		for _, p := range packets(sbn, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10) {
			if err := b.Take(now, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	waiting := b.Effects().Attempts
	if err := b.Take(now, packets(maxAttempts, 11)[0]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.run(waiting[0]), b.Retry(now)); err != nil {
		t.Fatal(err)
	}
	for _, at := range b.Effects().Attempts {
		if err := b.run(at); err != nil {
			t.Fatal(err)
		}
	}
	if f := b.Effects(); f.Variant != rs.Rizzo || f.By != "surplus_symbol" || b.sender.Variant != rs.Rizzo {
		t.Errorf("%q is found, by %q", f.Variant, f.By)
	}
	for _, at := range waiting[1:] {
		if err := b.run(at); err != nil {
			t.Fatal(err)
		}
	}
	b.end()
}

// TestReserve: what is held beside the Assembly is charged if there is room for it, and given back in the end.
func TestReserve(t *testing.T) {
	b := newBench(t, large(), 1000)
	used := b.budget.Used()
	if b.Reserve(1001) || b.budget.Used() != used {
		t.Errorf("more than there is: %d bytes are charged", b.budget.Used()-used)
	}
	if !b.Reserve(10) || b.budget.Used() != used+10 {
		t.Errorf("%d bytes are charged, want 10", b.budget.Used()-used)
	}
	b.end()
}

// TestMissing: what a person is told of an object at each step.
func TestMissing(t *testing.T) {
	b := newBench(t, large(), 1<<24)
	for _, step := range []struct {
		sbn  fec.SBN
		esis []fec.ESI
		want string
	}{
		{0, nil, "2 of 2 source blocks are incomplete; number 0 has none of its 10 source symbols"},
		{0, []fec.ESI{3, 5}, "2 of 2 source blocks are incomplete; number 0 has 2 of its 10 source symbols"},
		{0, []fec.ESI{12}, "2 of 2 source blocks are incomplete; " +
			"number 0 has 2 of its 10 source symbols and 1 repair symbols"},
		{0, []fec.ESI{0, 1, 2, 4, 6, 7, 8}, "2 of 2 source blocks are incomplete; " +
			"number 0 has 9 of its 10 source symbols and 1 repair symbols, and is being decoded"},
		{0, []fec.ESI{9}, "1 of 2 source blocks are incomplete; number 1 has none of its 10 source symbols"},
	} {
		b.take(step.sbn, step.esis...)
		if got := b.Missing(); got != step.want {
			t.Errorf("after %v: %q, want %q", step.esis, got, step.want)
		}
	}
	b.end()
}

// What an Assembly fails for comes back with its cause.
func TestFailures(t *testing.T) {
	bad := errors.New("bad sector")
	b := newBench(t, large(), 1<<24)
	b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	b.write()
	b.take(0, 10)
	b.broken = bad
	err := b.run(b.Effects().Attempts[0])
	b.broken = nil
	if f := AsFailure(err); f == nil || f.Cause != CauseStore || !errors.Is(f, bad) {
		t.Errorf("the store: %v", err)
	}
	b.end()

	b = newBench(t, large(), 1<<24)
	b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10)
	err = b.Crashed(b.Effects().Attempts[0], errors.New("it panicked"))
	if f := AsFailure(err); f == nil || f.Cause != CauseCrash || f.Error() != "source block 0: it panicked" {
		t.Errorf("a crash: %v", err)
	}
	b.end()

	b = newBench(t, large(), 1<<24)
	b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10)
	at := b.Effects().Attempts[0]
	b.take(0, 9) // all is there: what becomes of the attempt does not matter
	if err := b.Crashed(at, errors.New("it panicked")); err != nil || b.IsDecoding() {
		t.Errorf("a crash that does not matter: %v", err)
	}
	b.end()

	b = newBench(t, large(), 1<<24)
	b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10)
	err = b.Conclude(now, b.Effects().Attempts[0], errors.New("no such matrix"))
	if f := AsFailure(err); f == nil || f.Cause != CauseCode {
		t.Errorf("the code: %v", err)
	}
	b.end()
	if AsFailure(nil) != nil || AsFailure(ErrDuplicate) != nil || AsFailure(ErrBudget) != nil {
		t.Error("an error of a packet is a Failure")
	}
}

// A block that cannot be paid says so, and is decoded by a Retry when there is memory.
func TestShort(t *testing.T) {
	b := newBench(t, large(), 700_000)
	b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	b.Flush()
	b.write()
	taken := b.budget.Limit() - b.budget.Used() - 50_000
	if !b.budget.TryReserve(taken) {
		t.Fatal("no room")
	}
	b.take(0, 10)
	if f := b.Effects(); !f.Short || len(f.Attempts) != 0 || !b.IsWaiting() || b.Stalled() != 1 {
		t.Fatalf("%+v, waiting %v, %d stalled", f, b.IsWaiting(), b.Stalled())
	}
	if err := b.Retry(now); err != nil || !b.Effects().Short {
		t.Fatalf("still no memory: %v", err)
	}
	b.budget.Release(taken)
	if err := b.Retry(now); err != nil || b.IsWaiting() || b.Stalled() != 0 {
		t.Fatal(err)
	}
	f := b.Effects()
	if len(f.Attempts) != 1 || f.Short {
		t.Fatalf("%+v", f)
	}
	if err := b.run(f.Attempts[0]); err != nil {
		t.Fatal(err)
	}
	b.take(1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	b.whole()
	b.end()
}

// A panic of a codec costs the packet in hand: the block is known, and the Assembly goes on.
func TestPanic(t *testing.T) {
	b := newBench(t, fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 10_001, SymbolLength: 100, MaxSourceBlockLength: 7,
		MaxEncodingSymbols: 10,
	}, 1<<24)
	b.take(1, 0)
	if _, ok := b.InHand(); ok {
		t.Error("a block is in hand after Take")
	}
	b.take(0, 0, 1, 2, 3, 4, 5)
	crash := errors.New("crash")
	scheme := b.scheme
	b.scheme = panicking{scheme, crash}
	func() {
		defer func() {
			if v := recover(); v != any(crash) {
				t.Errorf("recovered %v", v)
			}
		}()
		b.take(0, 7)
	}()
	if sbn, ok := b.InHand(); !ok || sbn != 0 {
		t.Errorf("in hand: block %d, %v", sbn, ok)
	}
	b.scheme = scheme
	b.blocks[0].decoder = nil
	b.take(0, 6)
	for sbn := fec.SBN(1); uint32(sbn) < b.part.Blocks(); sbn++ {
		for esi := range fec.ESI(b.part.BlockSymbols(sbn)) {
			if err := b.Take(now, b.payload(sbn, esi)); err != nil && !errors.Is(err, ErrDuplicate) {
				t.Fatal(err)
			}
		}
	}
	b.whole()
	b.end()
}

// panicking is a scheme whose decoders panic.
type panicking struct {
	fec.Scheme
	crash error
}

func (p panicking) NewDecoder(*fec.OTI, fec.Variant, uint32) (fec.Decoder, error) { return p, nil }
func (p panicking) Ready(int, int) bool                                           { return true }
func (p panicking) Recover([][]byte, []fec.Symbol) error                          { panic(p.crash) }
func (p panicking) Matches([][]byte, fec.Symbol) bool                             { return false }

// What memory does not hold of a block is read from the object, by an Attempt, and nothing else is.
func TestDecodingReadsWhatWasWritten(t *testing.T) {
	for _, oti := range []fec.OTI{
		{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 200_000, SymbolLength: 1000, MaxSourceBlockLength: 100,
			MaxEncodingSymbols: 110,
		},
		{EncodingID: fec.RaptorQ, TransferLength: 200_000, SymbolLength: 1000, SourceBlocks: 2, SubBlocks: 5, Alignment: 4},
	} {
		b := newBench(t, oti, 1<<24)
		if b.sender.Variant = ""; oti.EncodingID == fec.ReedSolomonGF28 {
			b.sender.Variant = rs.Rizzo
		}
		for esi := range fec.ESI(100) {
			if esi%10 != 3 {
				b.take(0, esi)
			}
			if esi == 50 {
				b.Flush()
				b.write()
			}
		}
		for esi := range fec.ESI(10) {
			b.take(0, 100+esi)
		}
		for n := 0; !b.complete.has(0); n++ {
			if !b.IsDecoding() || n > 5 {
				b.take(0, 200+fec.ESI(n)) // a rateless code may need more
				continue
			}
			at := b.Effects().Attempts[0]
			if at.arena != nil && !at.Reads() {
				t.Error("an Attempt at a block in the object reads nothing")
			}
			if err := b.run(at); err != nil {
				t.Fatal(err)
			}
		}
		for esi := range fec.ESI(100) {
			b.take(1, esi)
		}
		b.whole()
		b.end()
	}
}

// A block that is in memory but for what was lost is decoded at once, without the object.
func TestDecodingInMemory(t *testing.T) {
	b := newBench(t, fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 20_000, SymbolLength: 1000, MaxSourceBlockLength: 20,
		MaxEncodingSymbols: 24,
	}, 1<<24)
	b.broken = errors.New("nobody asks the store")
	for esi := range fec.ESI(20) {
		if esi%7 != 3 {
			b.take(0, esi)
		}
	}
	b.take(0, 20, 21, 22)
	if f := b.Effects(); len(f.Attempts) > 0 || !b.IsWhole() {
		t.Errorf("%d Attempts; %s", len(f.Attempts), b.Missing())
	}
	b.broken = nil
	b.whole()
	b.end()
}

// Recovered symbols for which there is no memory are written from where they were recovered, and their memory is given
// back then.
func TestRecoveredWithoutMemory(t *testing.T) {
	b := newBench(t, large(), 1<<20)
	b.take(1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	b.take(0, 0, 1, 2, 10, 11, 12, 13, 7, 8, 9)
	b.Flush()
	b.write()
	at := b.Effects().Attempts[0]
	err := at.Run(nil)
	for n := b.budget.Limit(); n > 0; n /= 2 {
		for b.budget.TryReserve(n) {
			defer b.budget.Release(n)
		}
	}
	if err := b.Conclude(now, at, err); err != nil {
		t.Fatal(err)
	}
	if !b.IsShort() {
		t.Error("nothing is short")
	}
	b.whole()
	if b.IsShort() {
		t.Error("short after all was written")
	}
}

// TestSecondBlockIsRead: what was written of a source block is read from its place in the object.
func TestSecondBlockIsRead(t *testing.T) {
	b := newBench(t, large(), 1<<24)
	b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	b.take(1, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	b.Flush()
	b.write()
	b.take(1, 10)
	if err := b.run(b.Effects().Attempts[0]); err != nil {
		t.Fatal(err)
	}
	b.whole()
	b.end()
}
