package node

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// What scratches hold is what was written to each, wherever their pages lie, also those that were another's.
func TestScratch(t *testing.T) {
	p := &scratchpad{}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	content := func(seed uint64, n int) []byte {
		b := make([]byte, n)
		_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
		return b
	}
	for round := range uint64(3) {
		var all []*scratch
		var wants [][]byte
		for i, n := range []int{0, 1, pageSize - 1, pageSize, pageSize + 1, 3*pageSize + 7} {
			s, err := p.Renew()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s.(*scratch))
			wants = append(wants, content(round<<8+uint64(i), n))
		}
		for off := 0; off < 4*pageSize; off += 100_000 { // in turn, so that their pages lie between each other
			for i, s := range all {
				part := wants[i][min(off, len(wants[i])):min(off+100_000, len(wants[i]))]
				if n, err := s.Write(part); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
		}
		for i, s := range all {
			got, err := io.ReadAll(io.NewSectionReader(s, 0, 1<<40))
			if err != nil || !bytes.Equal(got, wants[i]) {
				t.Errorf("round %d: scratch %d has other bytes: %v", round, i, err)
			}
			// Some bytes on both sides of the end of the first page: a read at a time for each takes too long for all.
			from := max(0, min(len(wants[i]), pageSize)-500)
			to := min(from+1000, len(wants[i]))
			if err := iotest.TestReader(io.NewSectionReader(s, int64(from), int64(to-from)),
				wants[i][from:to]); err != nil {
				t.Errorf("round %d: scratch %d: %v", round, i, err)
			}
		}
		if p.end != 9*pageSize {
			t.Errorf("round %d: the pad has %d pages, want 9", round, p.end/pageSize)
		}
		for _, s := range all {
			next, err := s.Renew()
			if err != nil || next == io.Writer(s) {
				t.Error(next, err)
			}
			_ = s.Close()
			_ = s.Close()
		}
	}
}
