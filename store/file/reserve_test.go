package file

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// reserving returns a store on a disk that reserves what it is asked to, of which it tells, unless err is set.
func reserving(t *testing.T, opts Options, err error) (s *Store, spans *[]store.Span) {
	t.Helper()
	s, newErr := opts.New(t.TempDir())
	if newErr != nil {
		t.Fatal(newErr)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.current().stage.reserves = true
	spans = &[]store.Span{}
	if s.allocate != nil {
		s.allocate = func(_ *os.File, off, n int64) error {
			*spans = append(*spans, store.Span{Off: off, Len: int(n)})
			return err
		}
	}
	return s, spans
}

// skipUnreserved skips a test on a disk of which nothing is reserved.
func skipUnreserved(t *testing.T, s *Store) {
	t.Helper()
	stage := s.current().stage
	if stage.at == nil || !isExt4(stage.at) {
		t.Skip("nothing is reserved on this file system")
	}
	if !stage.reserves {
		t.Error("nothing is reserved on ext4")
	}
	if free, err := freeBytes(s.path); err != nil || free < 2*leastFree {
		t.Skipf("%d bytes are free: %v", free, err)
	}
}

// TestReserve has a place for what comes in order before it comes: never much more than is there, each byte once, and
// nothing beyond the size that was told.
func TestReserve(t *testing.T) {
	s, spans := reserving(t, Options{}, nil)
	const size = 200 << 20
	o, err := s.Create(size)
	if err != nil {
		t.Fatal(err)
	}
	end := int64(behindBytes)
	for off := int64(0); off < size; off += 4 << 20 {
		seen := len(*spans)
		fill(t, o, off, 4<<20)
		for _, span := range (*spans)[seen:] {
			if span.Off != end || span.End() > 2*(off+4<<20)+(80<<20) || span.End() > size {
				t.Errorf("%v reserved with %d bytes there and a place for %d", span, off, end)
			}
			end = span.End()
		}
	}
	if end != size {
		t.Errorf("a place for %d of %d bytes", end, size)
	}
}

// TestReservedBounds: a place is reserved from behindBytes on, as soon as less than reserveAhead is left of the one
// before, for as many bytes as are there, up to reserveBytes and the size. Half of what is before the end must be
// there.
func TestReservedBounds(t *testing.T) {
	const far = 1 << 40
	for _, c := range []struct {
		bytes, reserved, end, size int64
		off, n                     int64
	}{
		{behindBytes, 0, behindBytes - 1, far, 0, 0},
		{behindBytes, 0, behindBytes, far, behindBytes, behindBytes},
		{behindBytes / 2, 0, behindBytes, far, behindBytes, behindBytes},
		{behindBytes/2 - 1, 0, behindBytes, far, 0, 0},
		{far, 32 << 20, 32<<20 - reserveAhead, far, 0, 0},
		{far, 32 << 20, 32<<20 - reserveAhead + 1, far, 32 << 20, 32<<20 - reserveAhead + 1},
		{far, 32 << 20, 40 << 20, far, 40 << 20, 40 << 20},
		{far, 0, reserveBytes + 1, far, reserveBytes + 1, reserveBytes},
		{far, 0, 32 << 20, 32<<20 + 1, 32 << 20, 1},
		{far, 0, 32 << 20, 32 << 20, 0, 0},
		{far, 0, 32 << 20, 0, 0, 0},
	} {
		r := reserved{bytes: c.bytes, end: c.reserved}
		off, n := r.next(c.end, c.size)
		want := c.reserved
		if c.n > 0 {
			want = c.off + c.n
		}
		if off != c.off || n != c.n || r.end != want {
			t.Errorf("%+v: %d bytes at %d, reserved up to %d", c, n, off, r.end)
		}
	}
}

// TestReserveForSparse: whoever claims a long file, and sends a symbol here and there, takes no disk space for it.
func TestReserveForSparse(t *testing.T) {
	s, spans := reserving(t, Options{}, nil)
	o, err := s.Create(1 << 40)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(100) {
		fill(t, o, i<<33, 1<<20)
	}
	if len(*spans) > 0 {
		t.Errorf("%v reserved", *spans)
	}
}

// TestReserveFails: where the disk reserves nothing, bytes are written all the same, and it is not asked again.
func TestReserveFails(t *testing.T) {
	s, spans := reserving(t, Options{}, errors.ErrUnsupported)
	o, err := s.Create(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, o, 0, 64<<20)
	if _, err := s.Publish(o, "file"); err != nil || len(*spans) != 1 {
		t.Errorf("asked for %v, published: %v", *spans, err)
	}
}

// TestReserveWithinLimits: where somebody has limited what the disk may hold, nothing is taken before it comes.
func TestReserveWithinLimits(t *testing.T) {
	for _, opts := range []Options{{MinFree: 1}, {MaxBytes: 1 << 30}, {Preallocate: true}} {
		if opts.MinFree > 0 && !canTellFree || opts.Preallocate && !canAllocate {
			continue
		}
		s, spans := reserving(t, opts, nil)
		o, err := s.Create(64 << 20)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, o, 0, 32<<20)
		if len(*spans) > 0 {
			t.Errorf("%+v: %v reserved", opts, *spans)
		}
	}
}

// TestReservedIsGivenBack: a file that is shorter than was claimed takes no more of the disk than others.
func TestReservedIsGivenBack(t *testing.T) {
	s, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	skipUnreserved(t, s)
	o, err := s.Create(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	const size = 24 << 20
	fill(t, o, 0, size)
	taken := func(stat func() (os.FileInfo, error)) uint64 {
		info, err := stat()
		if err != nil {
			t.Fatal(err)
		}
		return allocated(info)
	}
	if got := taken(o.(*object).file.Stat); got < size+reserveAhead/2 {
		t.Errorf("%d bytes are reserved with %d there", got, size)
	}
	if _, err := s.Publish(o, "file"); err != nil {
		t.Fatal(err)
	}
	if got := taken(func() (os.FileInfo, error) { return os.Stat(filepath.Join(s.path, "file")) }); got > size+1<<20 {
		t.Errorf("a file of %d bytes takes %d", size, got)
	}
}

// TestReservedOfAnEarlierProcess: a file that is left for a later process takes what has come. What a process that was
// killed had reserved is given back when the file is published.
func TestReservedOfAnEarlierProcess(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{}, root)
	skipUnreserved(t, s)
	o, err := s.Create(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	const size = 24 << 20
	fill(t, o, 0, size)
	if err := o.(*object).Note([]byte("notes"), true); err != nil {
		t.Fatal(err)
	}
	staged := filepath.Join(root, filepath.FromSlash(s.current().staged(o.(*object).name)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	taken := func(path string) uint64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return allocated(info)
	}
	if got := taken(staged); got > size+1<<20 {
		t.Errorf("%d bytes that were left take %d", size, got)
	}
	f, err := os.OpenFile(staged, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(reserveAt(f, size, reserveAhead), f.Close()); err != nil {
		t.Fatal(err)
	}
	s = opened(t, Options{}, root)
	defer s.Close()
	left, err := s.Recover(all)
	if err != nil || len(left) != 1 {
		t.Fatalf("%v, %v", left, err)
	}
	if _, err := s.Publish(left[0].Object, "file"); err != nil {
		t.Fatal(err)
	}
	if got := taken(filepath.Join(root, "file")); got > size+1<<20 {
		t.Errorf("a file of %d bytes takes %d", size, got)
	}
}
