package md5many

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

// pattern returns n bytes that seed determines.
func pattern(seed uint64, n int) []byte {
	b := make([]byte, n+8)
	r := rand.NewPCG(seed, uint64(n))
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return b[:n:n]
}

// TestSums: each content has the sum that crypto/md5 gives it, whatever the others are.
func TestSums(t *testing.T) {
	sizes := []int{0, 1, 55, 56, 63, 64, 65, 127, 128, 1000, 4096, 100_000, atOnce*block + 65, 256 << 10}
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range levels() {
		for run := range 50 {
			contents := make([][]byte, 1+run%l.width())
			for i := range contents {
				contents[i] = pattern(uint64(run), sizes[r.IntN(len(sizes))])
			}
			got := make([][md5.Size]byte, len(contents))
			l.sums(got, contents)
			for i, c := range contents {
				if want := md5.Sum(c); got[i] != want {
					t.Fatalf("level %d, content %d of %d, %d bytes: %x, want %x",
						l, i, len(contents), len(c), got[i], want)
				}
			}
		}
	}
}

// TestSumsAllocateNothing: a content costs no memory.
func TestSumsAllocateNothing(t *testing.T) {
	contents := make([][]byte, Width())
	for i := range contents {
		contents[i] = pattern(3, 1000+i)
	}
	got := make([][md5.Size]byte, len(contents))
	if n := testing.AllocsPerRun(100, func() { active.sums(got, contents) }); n != 0 {
		t.Errorf("%v allocations for %d contents", n, len(contents))
	}
}

func FuzzSums(f *testing.F) {
	f.Add([]byte("content"), uint8(3), uint8(7))
	f.Add(pattern(1, 1000), uint8(100), uint8(64))
	f.Fuzz(func(t *testing.T, b []byte, first, step uint8) {
		for _, l := range levels() {
			contents := make([][]byte, l.width())
			for i := range contents { // each begins somewhere else, and ends there, too
				from := min(len(b), i*int(first))
				contents[i] = b[from:max(from, len(b)-i*int(step))]
			}
			got := make([][md5.Size]byte, len(contents))
			l.sums(got, contents)
			for i, c := range contents {
				if want := md5.Sum(c); got[i] != want {
					t.Fatalf("level %d, content %d with %d bytes: %x, want %x", l, i, len(c), got[i], want)
				}
			}
		}
	})
}

// BenchmarkSums: contents of 100 kB, as many as given at a time.
func BenchmarkSums(b *testing.B) {
	const size = 100_000
	for _, l := range levels() {
		for n := 1; n <= l.width(); n *= 2 {
			b.Run(fmt.Sprintf("level=%d/contents=%d", l, n), func(b *testing.B) {
				contents := make([][]byte, n)
				for i := range contents {
					contents[i] = pattern(uint64(i), size)
				}
				sums := make([][md5.Size]byte, n)
				b.SetBytes(int64(n * size))
				b.ReportAllocs()
				for b.Loop() {
					l.sums(sums, contents)
				}
			})
		}
	}
}
