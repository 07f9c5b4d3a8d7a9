package flute_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/drop"
)

func Example() {
	toi, err := flute.ParseTOI("5192296858534827628530496329220095") // 2^112 - 1
	fmt.Println(toi, toi.Len(), err)
	fmt.Println(flute.InstanceID(0).NewerThan(flute.MaxInstanceID))
	// Output:
	// 5192296858534827628530496329220095 14 <nil>
	// true
}

// TestTOIBothWays compares with math/big over all lengths: bytes, decimal, order, successor.
func TestTOIBothWays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	limit := new(big.Int).Lsh(big.NewInt(1), 8*defaults.TOIBits/8)
	last := flute.TOI{}
	lastBig := new(big.Int)
	for i := range 2000 {
		b := make([]byte, i%(defaults.TOIBits/8+1))
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		if i%7 == 0 {
			for j := range b {
				b[j] = 0xff
			}
		}
		want := new(big.Int).SetBytes(b)
		toi, err := flute.TOIFromBytes(b)
		if err != nil || toi.String() != want.String() || toi.Len() != len(want.Bytes()) {
			t.Fatalf("%x: %v, %d bytes, %v; want %v", b, toi, toi.Len(), err, want)
		}
		if back := toi.AppendBytes(nil, len(b)); string(back) != string(b) {
			t.Fatalf("%x came back as %x", b, back)
		}
		if parsed, err := flute.ParseTOI("00" + want.String()); err != nil || parsed != toi {
			t.Fatalf("%v: %v, %v", want, parsed, err)
		}
		if toi.IsFDT() != (want.Sign() == 0) || toi.Compare(last) != want.Cmp(lastBig) {
			t.Fatalf("%v: IsFDT %v, compared with %v: %d", toi, toi.IsFDT(), last, toi.Compare(last))
		}
		next := new(big.Int).Add(want, big.NewInt(1))
		if next.Cmp(limit) == 0 {
			next.SetInt64(1) // 0 is the FDT's
		}
		if toi.Next().String() != next.String() {
			t.Fatalf("after %v comes %v, want %v", toi, toi.Next(), next)
		}
		last, lastBig = toi, want
	}
}

func TestTOIRefused(t *testing.T) {
	for _, s := range []string{"", "-1", "+1", "1.0", "0x1", " 1", "one", "5192296858534827628530496329220096"} {
		if toi, err := flute.ParseTOI(s); err == nil {
			t.Errorf("%q was read as %v", s, toi)
		}
	}
	if _, err := flute.TOIFromBytes(make([]byte, defaults.TOIBits/8+1)); !errors.Is(err, drop.ErrHeaderLength) {
		t.Errorf("15 bytes: %v", err)
	}
}

func TestInstanceIDWraps(t *testing.T) {
	for _, test := range []struct {
		id, o flute.InstanceID
		newer bool
	}{
		{1, 0, true},
		{0, 1, false},
		{5, 5, false},
		{0, flute.MaxInstanceID, true},
		{flute.MaxInstanceID, 0, false},
		{1<<19 - 1, 0, true},
		{1 << 19, 0, false},
		{3, flute.MaxInstanceID - 2, true},
	} {
		if got := test.id.NewerThan(test.o); got != test.newer {
			t.Errorf("%d newer than %d: %v", test.id, test.o, got)
		}
	}
	if next := flute.MaxInstanceID.Next(); next != 0 {
		t.Errorf("after the last comes %d", next)
	}
}

func TestContentEncodingBothWays(t *testing.T) {
	for _, c := range []flute.ContentEncoding{flute.Null, flute.ZLIB, flute.DEFLATE, flute.GZIP} {
		if got, err := flute.ParseContentEncoding(c.String()); err != nil || got != c {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
	for text, want := range map[string]flute.ContentEncoding{
		"": flute.Null, "identity": flute.Null, "GZip": flute.GZIP, "x-gzip": flute.GZIP,
	} {
		if got, err := flute.ParseContentEncoding(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	if _, err := flute.ParseContentEncoding("br"); err == nil {
		t.Error("br was accepted")
	}
}

func TestReasonsAreNamed(t *testing.T) {
	seen := map[string]flute.DropReason{}
	for r := range drop.NumReasons {
		if other, ok := seen[r.String()]; ok || r.String() == "" || r.String() == "unknown" {
			t.Errorf("reason %d is called %q, like %d", r, r, other)
		}
		seen[r.String()] = r
	}
	if drop.Of(nil) != drop.None || drop.Of(errors.New("any")) != drop.Fault ||
		drop.Of(fmt.Errorf("wrapped: %w", flute.ErrOTI)) != drop.OTI ||
		drop.Of(drop.ErrTruncated) != drop.Truncated {
		t.Error("an error has another reason than its own")
	}
}

func TestCountersBalance(t *testing.T) {
	var c, sum flute.Counters
	c.Accept()
	c.Repeat()
	c.Drop(drop.SBN, 3)
	c.Drop(drop.Mailbox, 2)
	sum.Add(c)
	sum.Add(c)
	if sum.Received != 14 || sum.Received != sum.Accepted+sum.Duplicate+sum.DropTotal() {
		t.Errorf("%+v", sum)
	}
	got, err := json.Marshal(c)
	if want := `{"received":7,"accepted":1,"duplicate":1,"dropped":{"mailbox":2,"sbn":3}}`; string(got) != want ||
		err != nil {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// TestTOIIsReadAtOnce: there is one in each File entry.
func TestTOIIsReadAtOnce(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		if _, err := flute.ParseTOI("18446744073709551615"); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
