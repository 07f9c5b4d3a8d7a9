package storetest

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
)

// compareBytes compares random writes, reads and truncations with plain bytes.
func compareBytes(s *subject) {
	const size, longest = 200_000, 70_000
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 5))
		o, err := s.store.Create(0)
		if err != nil {
			s.Fatal(err)
		}
		var want []byte
		grow := func(n int) {
			want = append(want, make([]byte, max(0, n-len(want)))...)
		}
		for range 200 {
			off, n := random.IntN(size), random.IntN(longest)
			switch random.IntN(6) {
			case 0:
				if err := o.Truncate(int64(off)); err != nil {
					s.Fatal(err)
				}
				grow(off)
				want = slices.Clone(want[:off])
			case 1:
				got := bytes.Repeat([]byte{0xa5}, n)
				m, err := o.ReadAt(got, int64(off))
				there := max(0, min(n, len(want)-off))
				if m != there || m < n && !errors.Is(err, io.EOF) || m == n && err != nil && !errors.Is(err, io.EOF) {
					s.Fatalf("ReadAt(%d bytes, %d) of %d = %d, %v", n, off, len(want), m, err)
				}
				if m > 0 && !bytes.Equal(got[:m], want[off:off+m]) {
					s.Fatalf("ReadAt(%d bytes, %d): other bytes", n, off)
				}
			default:
				p := bytes.Repeat([]byte{byte(random.Uint32()) | 1}, n)
				if m, err := o.WriteAt(p, int64(off)); m != n || err != nil {
					s.Fatalf("WriteAt = %d, %v", m, err)
				}
				if n > 0 {
					grow(off + n)
				}
				copy(want[min(off, len(want)):], p)
			}
		}
		if err := o.Sync(); err != nil {
			s.Fatal(err)
		}
		path, err := s.store.Publish(o, "x")
		if err != nil {
			s.Fatal(err)
		}
		if got, err := s.read(path); err != nil || !bytes.Equal(got, want) {
			s.Fatalf("seed %d: the file differs: %v", seed, err)
		}
	}
}

// claims: the size that an object is expected to have is a claim, for which nothing is allocated.
func claims(s *subject) {
	for _, size := range []uint64{0, 1, math.MaxInt64} {
		o, err := s.store.Create(size)
		if err != nil {
			s.Errorf("Create(%d): %v", size, err)
			continue
		}
		if _, err := o.WriteAt([]byte("content"), 0); err != nil {
			s.Error(err)
		}
		path, err := s.store.Publish(o, "x")
		if err != nil {
			s.Errorf("Publish of an object that was expected to have %d bytes: %v", size, err)
			continue
		}
		s.holds(path, "content")
	}
}

// ranges: what is no range in an object is an error, and changes nothing.
func ranges(s *subject) {
	o := s.create("content")
	for call, err := range map[string]error{
		"WriteAt(-1)":        second(o.WriteAt([]byte("x"), -1)),
		"WriteAt(2^63-2, 2)": second(o.WriteAt([]byte("xy"), math.MaxInt64-1)),
		"ReadAt(-1)":         second(o.ReadAt([]byte("x"), -1)),
		"Truncate(-1)":       o.Truncate(-1),
	} {
		if err == nil {
			s.Errorf("%s: no error", call)
		}
	}
	path, err := s.store.Publish(o, "x")
	if err != nil {
		s.Fatal(err)
	}
	s.holds(path, "content")
}

func second(_ int, err error) error { return err }
