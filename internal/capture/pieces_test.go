package capture

import (
	"bytes"
	"testing"
)

// TestPieces: datagrams of one session that a capture shows as one packet are several again, the last one with what
// the capture has cut off; all else is one.
func TestPieces(t *testing.T) {
	lct := func(n int) []byte {
		b := append([]byte{0x10, 0xa0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1}, make([]byte, n-16)...)
		b[n-1] = byte(n)
		return b
	}
	whole := bytes.Join([][]byte{lct(1400), lct(1400), lct(300)}, nil)
	for name, test := range map[string]struct {
		payload []byte
		length  int
		want    []int // lengths
	}{
		"joined":  {whole, len(whole), []int{1400, 1400, 300}},
		"cut":     {whole[:2900], len(whole), []int{1400, 1400, 300}},
		"one":     {lct(1400), 1400, []int{1400}},
		"jumbo":   {lct(8000), 8000, []int{8000}},
		"no LCT":  {make([]byte, 3000), 3000, []int{3000}},
		"empty":   {nil, 0, []int{0}},
		"nothing": {nil, 900, []int{900}},
	} {
		d := Datagram{Number: 3, Payload: test.payload, Length: test.length}
		var got []int
		var joined []byte
		n := d.Pieces(func(p *Datagram) {
			got = append(got, p.Length)
			joined = append(joined, p.Payload...)
			if p.Number != 3 {
				t.Errorf("%s: number %d", name, p.Number)
			}
		})
		if n != len(test.want) || len(got) != n || !bytes.Equal(joined, test.payload) {
			t.Fatalf("%s: %d pieces, %v, want %v", name, n, got, test.want)
		}
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%s: %v, want %v", name, got, test.want)
			}
		}
	}
}
