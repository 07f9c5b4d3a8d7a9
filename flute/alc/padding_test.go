package alc

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/flute"
)

// TestAppendPadding: receivers read a packet without TOI, flag and payload, as long as was asked for.
func TestAppendPadding(t *testing.T) {
	for _, tsi := range []flute.TSI{0, 7, 1<<32 - 1, 1 << 32, flute.MaxTSI} {
		for n, want := range map[int]int{0: 16, 16: 16, 19: 16, 24: 24, 1000: 1000, 1020: 1020, 9000: 1020} {
			if tsi > 1<<32-1 {
				want = max(want, 20)
			}
			b := AppendPadding([]byte{9}, tsi, n)
			p, err := Parse(b[1:])
			if err != nil || p.TSI != tsi || p.CloseSession || p.CloseObject ||
				len(p.Body) != 0 || p.TOI != (flute.TOI{}) {
				t.Fatalf("TSI %d, %d bytes: %+v, %v", tsi, n, p, err)
			}
			if len(b) != 1+want || b[0] != 9 {
				t.Errorf("TSI %d, %d bytes asked: %d", tsi, n, len(b)-1)
			}
			x, rest, ok := p.Extensions.Next()
			if !ok || x.Type != 0 || len(rest) > 0 || p.HasTOI != (tsi > 1<<32-1) {
				t.Errorf("TSI %d: %+v", tsi, p)
			}
			if len(bytes.Trim(x.Content(), "\x00")) > 0 {
				t.Errorf("TSI %d: it is padded with %x", tsi, x.Content())
			}
		}
	}
	out := make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() { _ = AppendPadding(out, 7, 1020) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
