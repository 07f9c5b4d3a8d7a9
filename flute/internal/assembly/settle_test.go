package assembly

import (
	"errors"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// as takes symbols that a sender of variant v sends, by a receiver that does not know it.
func (b *bench) as(v fec.Variant, sbn fec.SBN, esis ...fec.ESI) {
	b.t.Helper()
	known := b.sender.Variant
	for _, esi := range esis {
		b.sender.Variant = v
		payload := b.payload(sbn, esi)
		b.sender.Variant = known
		if err := b.Take(now, payload); err != nil && !errors.Is(err, ErrDuplicate) {
			b.t.Fatal(err)
		}
	}
}

// runAll runs the Attempts that there are, and those that follow.
func (b *bench) runAll() {
	b.t.Helper()
	for {
		f := b.Effects()
		if len(f.Attempts) == 0 {
			return
		}
		for _, at := range f.Attempts {
			if err := b.run(at); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// settle has the blocks hold what they should.
func (b *bench) settle() {
	b.t.Helper()
	for range 100 {
		done, err := b.Settle(now)
		if err != nil {
			b.t.Fatal(err)
		}
		if done {
			return
		}
		if !b.IsDecoding() {
			b.t.Fatal("nothing is under way, and nothing is settled")
		}
		b.runAll()
	}
	b.t.Fatal("it is never settled")
}

// Without a symbol that proves a variant, one after the other is assumed until the digest agrees, and that proves it. A
// block of which all has come meanwhile is no guess any more, and one of another guess is decoded again.
func TestVariantsAreAssumed(t *testing.T) {
	for _, oti := range []fec.OTI{small(4000), large()} {
		variants := newBench(t, oti, 1<<24).scheme.Variants()
		for turn, variant := range variants {
			b := newBench(t, oti, 1<<24)
			b.sender.Variant = ""
			last := fec.SBN(b.part.Blocks() - 1)
			for sbn := range last + 1 {
				b.as(variant, sbn, 0, 2, 4, 5, 6, 7, 8, 9, 11, 12) // 1 and 3 are lost, nothing is left over
			}
			b.runAll()
			if !b.IsWhole() || b.guesses != int(last)+1 || b.Prefix() != 0 {
				t.Fatalf("%d guesses of %d blocks; %s", b.guesses, last+1, b.Missing())
			}
			for assumed := 0; ; assumed++ {
				b.settle()
				if slices.Equal(b.assembled(), b.content) != (assumed == turn) {
					t.Fatalf("%s: other bytes with variant %d of %d", variant, assumed, turn)
				}
				if assumed == turn {
					break
				}
				if !b.AssumeNext() {
					t.Fatalf("%s: there is no variant after %d", variant, assumed)
				}
			}
			if more := b.AssumeNext(); more != (turn+1 < len(variants)) {
				t.Errorf("%s: another variant: %v", variant, more)
			}
			b.assumed = variants[turn]
			b.Proved()
			if f := b.Effects(); f.Variant != variant || f.By != "digest" || b.sender.Variant != variant {
				t.Errorf("%s: %+v", variant, f)
			}
			b.Proved()
			if f := b.Effects(); f.Variant != "" {
				t.Errorf("%s is found twice", f.Variant)
			}
			if b.settle(); b.guesses != 0 || b.AssumeNext() || b.Prefix() != oti.TransferLength {
				t.Errorf("%s: %d guesses", variant, b.guesses)
			}
			if b.Tagging() == nil {
				t.Error("what is proved cannot be doubted")
			}
			b.whole()
			b.end()
		}
	}
}

// What nothing was guessed of proves nothing, and neither does a block that all variants make the same of.
func TestNothingIsProved(t *testing.T) {
	oti := small(2000)
	b := newBench(t, oti, 1<<24)
	variants := b.scheme.Variants()
	b.sender.Variant = ""
	b.as(variants[0], 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	if b.Proved(); b.AssumeNext() || b.HasEffects() || b.sender.Variant != "" {
		t.Error("something was proved of nothing")
	}
	if done, err := b.Settle(now); !done || err != nil {
		t.Errorf("settled: %v, %v", done, err)
	}
	b.as(variants[1], 1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	if b.guesses != 1 || !b.decisive || b.Tagging() != nil {
		t.Fatalf("%d guesses, decisive %v", b.guesses, b.decisive)
	}
	b.decisive = false
	if b.Proved(); b.sender.Variant != "" {
		t.Error("what is the same in all variants has proved one")
	}
	// Another object has shown it since: it is that which is assumed, whatever was before.
	b.sender.Variant = variants[1]
	if b.settle(); b.guesses != 0 || b.assumed != variants[1] {
		t.Errorf("%d guesses, %q is assumed", b.guesses, b.assumed)
	}
	b.whole()
	b.end()
}

// A symbol more than was needed proves a variant, here and there, up to maxProbes times; what is held proves nothing.
func TestProofs(t *testing.T) {
	oti := small(2000)
	for name, c := range map[string]struct {
		before []fec.ESI
		probes int
		symbol fec.ESI
		probed bool
		found  bool
	}{
		"a repair symbol, guessed": {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 10}, 0, 12, true, true},
		"the one it was made of":   {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 10}, 0, 10, false, false},
		"a source symbol held":     {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 10}, 0, 8, false, false},
		"the source symbol lost":   {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 10}, 0, 9, true, true},
		"a repair symbol, whole":   {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, 10, true, true},
		"a source symbol, whole":   {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, 0, false, false},
		"the last probe":           {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, maxProbes - 1, 10, true, true},
		"no more probes":           {[]fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, maxProbes, 10, false, false},
	} {
		for _, at := range []int{0, 1, 2} {
			b := newBench(t, oti, 1<<24)
			variants := b.scheme.Variants()
			b.sender.Variant, b.sender.probes = "", c.probes
			b.as(variants[at], 0, c.before...)
			b.as(variants[at], 0, c.symbol)
			f := b.Effects()
			if (b.sender.probes == c.probes+1) != c.probed || (b.sender.Variant == variants[at]) != c.found ||
				(f.By == "surplus_symbol") != c.found {
				t.Errorf("%s, %s: %d probes, %q by %q", name, variants[at], b.sender.probes-c.probes, f.Variant, f.By)
			}
			b.end()
		}
	}
}

// grouping is a scheme whose packets hold every other symbol.
type grouping struct {
	fec.Scheme
	err error
}

func (g grouping) AppendGroup(b []fec.ESI, o *fec.OTI, _ uint32, esi fec.ESI) ([]fec.ESI, error) {
	for i := range fec.ESI(o.GroupSize) {
		b = append(b, esi+2*i)
	}
	return b, g.err
}

func (g grouping) AppendPacket(b []fec.ESI, _ *fec.OTI, _, _ uint32) ([]fec.ESI, error) {
	return b, nil
}

// The symbols of a packet are consecutive unless the code says which they are; none of them is beyond the last. As many
// as the group has may be in a packet, and fewer.
func TestGroups(t *testing.T) {
	b := newBench(t, small(2000), 1<<20)
	plain := b.scheme
	for name, c := range map[string]struct {
		scheme fec.Scheme
		group  uint8
		esi    fec.ESI
		bytes  int
		want   []fec.ESI
		err    error
	}{
		"one":                        {plain, 1, 3, 100, []fec.ESI{3}, nil},
		"a part of one":              {plain, 1, 3, 1, []fec.ESI{3}, nil},
		"two":                        {plain, 1, 3, 200, []fec.ESI{3, 4}, nil},
		"two, of a group":            {plain, 3, 3, 101, []fec.ESI{3, 4}, nil},
		"the last":                   {plain, 1, 13, 100, []fec.ESI{13}, nil},
		"beyond the last":            {plain, 1, 14, 100, nil, errESI},
		"up to the last":             {plain, 1, 11, 300, []fec.ESI{11, 12, 13}, nil},
		"one beyond the last":        {plain, 1, 11, 301, nil, errESI},
		"a group of the code":        {grouping{plain, nil}, 3, 3, 300, []fec.ESI{3, 5, 7}, nil},
		"a part of it":               {grouping{plain, nil}, 3, 3, 200, []fec.ESI{3, 5}, nil},
		"one of it":                  {grouping{plain, errGroup}, 3, 3, 100, []fec.ESI{3}, nil},
		"more than it":               {grouping{plain, nil}, 3, 3, 301, nil, errSymbolLength},
		"no group of the code":       {grouping{plain, errGroup}, 3, 3, 300, nil, errSymbolLength},
		"groups of one":              {grouping{plain, errGroup}, 1, 3, 200, []fec.ESI{3, 4}, nil},
		"a group that is too far":    {grouping{plain, nil}, 3, 14, 300, nil, errESI},
		"groups of two, of the code": {grouping{plain, nil}, 2, 3, 200, []fec.ESI{3, 5}, nil},
	} {
		b.scheme, b.OTI.GroupSize = c.scheme, c.group
		got, err := b.group(c.esi, 10, c.bytes)
		if !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", name, got, err, c.want, c.err)
		}
	}
	b.scheme = plain
	b.end()
}

var errGroup = errors.New("no such group")
