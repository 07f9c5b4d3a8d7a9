package prefetch

import (
	"bytes"
	"testing"
)

// Any memory can be named, whatever its length and place, and none of it changes.
func TestLines(t *testing.T) {
	p := make([]byte, 300)
	for i := range p {
		p[i] = byte(i)
	}
	before := bytes.Clone(p)
	for from := range len(p) + 1 {
		Lines(p[from:])
		Lines(p[:from])
	}
	Lines(nil)
	if !bytes.Equal(p, before) {
		t.Error("memory that was named has changed")
	}
}

// BenchmarkCopy copies what is warm to memory that no cache holds, as a receiver does: with Lines and without.
func BenchmarkCopy(b *testing.B) {
	const symbol, ahead = 1400, 2
	from, to := make([]byte, symbol), bytes.Repeat([]byte{1}, 128<<20)
	for _, c := range []struct {
		name  string
		fetch func([]byte)
	}{{"plain", func([]byte) {}}, {"fetched", Lines}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(to)))
			for b.Loop() {
				for at := 0; at+(ahead+1)*symbol <= len(to); at += symbol {
					c.fetch(to[at+ahead*symbol:][:symbol])
					copy(to[at:], from)
				}
			}
		})
	}
}
