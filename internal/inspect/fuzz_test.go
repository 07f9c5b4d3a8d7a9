package inspect

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/capture"
)

// FuzzInspect: any payloads, cut into datagrams by their first byte, are judged without a panic, and shown.
func FuzzInspect(f *testing.F) {
	var seed []byte
	for _, p := range sent(f, []int{300}, nil) {
		seed = append(append(seed, byte(len(p.payload)>>3)), p.payload...)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		in := New(Config{Memory: 8 << 20})
		for i := 0; len(b) > 0; i++ {
			n := min(1+int(b[0])<<3, len(b))
			d := capture.Datagram{
				Number: uint64(i + 1), Time: begin.Add(time.Duration(i) * time.Millisecond), Src: source,
				Dst: group, Payload: b[1:n], Length: n - 1 + i%2,
			}
			in.Datagram(&d)
			b = b[n:]
		}
		r := in.Report()
		r.Finish("x", capture.Counts{}, nil)
		_ = r.Text()
		if _, err := r.HTML(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzLint: any document and any datagram is judged without a panic.
func FuzzLint(f *testing.F) {
	f.Add([]byte(`<FDT-Instance Expires="1"><File TOI="1" Content-Location="a"/></FDT-Instance>`))
	for _, p := range sent(f, []int{300}, nil) {
		f.Add(p.payload)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_ = LintFDT(b, begin).Text()
		_ = LintDatagram(b, begin).Text()
		_, _ = LintHex(string(b), begin)
	})
}
