package store_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store"
)

const symbol = 1400

// TestBufferAgainstArray writes and reads at random through buffers of all tightness and compares with a plain array.
func TestBufferAgainstArray(t *testing.T) {
	const size = 6*store.PageSize + 777
	for _, tc := range []struct {
		name   string
		pages  int
		budget uint64
		length int // of the longest write
	}{
		{"default", store.DefaultPages, 1 << 62, symbol},
		{"tiny writes", store.DefaultPages, 1 << 62, 3},
		{"writes of several pages", store.DefaultPages, 1 << 62, 3 * store.PageSize},
		{"one page", 1, 1 << 62, symbol},
		{"two pages", 2, 1 << 62, symbol},
		{"budget for two pages", store.DefaultPages, 3 * store.PageSize, symbol},
		{"budget for a small page", store.DefaultPages, 16 << 10, symbol},
		{"no budget", store.DefaultPages, 0, symbol},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for seed := range uint64(8) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				budget := store.NewBudget(tc.budget, nil)
				object := &array{}
				b := newDirect(object, budget)
				b.Gather(tc.pages * store.PageSize)
				var want []byte
				for range 200 {
					off, n := rnd.IntN(size), rnd.IntN(tc.length+1)
					n = min(n, size-off)
					switch rnd.IntN(20) {
					case 0:
						checkRead(t, b, want, off, n)
					case 1:
						if err := b.FlushBefore(int64(off)); err != nil {
							t.Fatal(err)
						}
						checkBelow(t, object, want, off)
					case 2:
						if rnd.IntN(10) == 0 {
							if err := b.Flush(); err != nil {
								t.Fatal(err)
							}
							checkBelow(t, object, want, size)
						}
					default:
						p := make([]byte, n)
						for i := range p {
							p[i] = byte(rnd.Uint32())
						}
						if m, err := b.WriteAt(p, int64(off)); m != n || err != nil {
							t.Fatalf("WriteAt = %d, %v", m, err)
						}
						if n > 0 && off+n > len(want) {
							want = append(want, make([]byte, off+n-len(want))...)
						}
						copy(want[min(off, len(want)):], p)
						clear(p) // the buffer has copied it
					}
					if budget.Used() > budget.Limit() {
						t.Fatalf("used %d of %d", budget.Used(), budget.Limit())
					}
				}
				checkRead(t, b, want, 0, size+100)
				if err := b.Flush(); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(object.bytes, want) {
					t.Fatalf("seed %d: the object differs after Flush", seed)
				}
				b.Release()
				if budget.Used() != 0 {
					t.Fatalf("%d bytes reserved after Release", budget.Used())
				}
			}
		})
	}
}

func checkRead(t *testing.T, b *direct, want []byte, off, n int) {
	t.Helper()
	got := bytes.Repeat([]byte{0xa5}, n)
	m, err := b.ReadAt(got, int64(off))
	wantN := max(0, min(n, len(want)-off))
	if m != wantN || (m < n) != errors.Is(err, io.EOF) || (m == n && err != nil) {
		t.Fatalf("ReadAt(%d bytes, %d) = %d, %v; want %d bytes of %d", n, off, m, err, wantN, len(want))
	}
	if m > 0 && !bytes.Equal(got[:m], want[off:off+m]) {
		t.Fatalf("ReadAt(%d bytes, %d): bytes differ", n, off)
	}
}

// checkBelow checks that the object itself holds what was written below end.
func checkBelow(t *testing.T, object *array, want []byte, end int) {
	t.Helper()
	end = min(end, len(want))
	got := append(slices.Clone(object.bytes), make([]byte, len(want))...)
	if !bytes.Equal(got[:end], want[:end]) {
		t.Fatalf("the object lacks bytes below %d", end)
	}
}

// TestBufferInOrder: a page is written once, when it is complete, and freed.
func TestBufferInOrder(t *testing.T) {
	data := pattern(10*store.PageSize + 100)
	object, budget := &array{}, unlimited()
	b := newDirect(object, budget)
	for off := 0; off < len(data); off += symbol {
		if _, err := b.WriteAt(data[off:min(off+symbol, len(data))], int64(off)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(slices.Repeat([]int{store.PageSize}, 10), object.writes); diff != "" {
		t.Errorf("writes before Flush (-want +got):\n%s", diff)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := object.writes[10:]; !slices.Equal(got, []int{100}) {
		t.Errorf("writes by Flush: %d", got)
	}
	if !bytes.Equal(object.bytes, data) {
		t.Error("the object differs")
	}
	if budget.Used() != 0 {
		t.Errorf("%d bytes reserved after Flush", budget.Used())
	}
}

// TestBufferLossRepaired: symbols lost at random and repaired some blocks later cost no more writes than a perfect
// link.
func TestBufferLossRepaired(t *testing.T) {
	const block = 64 * symbol
	data := pattern(100 * block)
	object, budget := &array{}, unlimited()
	b := newDirect(object, budget)
	rnd := rand.New(rand.NewPCG(1, 2))
	var lost []int
	for off := 0; off < len(data); off += symbol {
		if off%block == 0 {
			for _, o := range lost {
				_, _ = b.WriteAt(data[o:o+symbol], int64(o))
			}
			lost = lost[:0]
		}
		if rnd.IntN(20) == 0 {
			lost = append(lost, off)
			continue
		}
		_, _ = b.WriteAt(data[off:off+symbol], int64(off))
	}
	for _, o := range lost {
		_, _ = b.WriteAt(data[o:o+symbol], int64(o))
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := (len(data) + store.PageSize - 1) / store.PageSize; len(object.writes) != want {
		t.Errorf("%d writes for %d pages", len(object.writes), want)
	}
	if !bytes.Equal(object.bytes, data) {
		t.Error("the object differs")
	}
}

// TestBufferEviction: beyond the limit of pages the oldest is written, adjacent symbols as one run, and opened again.
func TestBufferEviction(t *testing.T) {
	object := &array{}
	b := newDirect(object, unlimited())
	b.Gather(2 * store.PageSize)
	write := func(off, n int) {
		t.Helper()
		if _, err := b.WriteAt(bytes.Repeat([]byte{byte(off >> 8)}, n), int64(off)); err != nil {
			t.Fatal(err)
		}
	}
	write(8*store.PageSize, store.PageSize) // what pays for two pages
	object.writes = nil
	write(300, 100)
	write(100, 100)
	write(200, 100) // joins the two
	write(1000, 50)
	write(store.PageSize, 10)
	if len(object.writes) != 0 {
		t.Fatalf("writes %d while two pages suffice", object.writes)
	}
	write(5*store.PageSize, 10)
	if !slices.Equal(object.writes, []int{300, 50}) {
		t.Fatalf("writes %d, want the runs of page 0", object.writes)
	}
	write(400, 20) // page 0 again; page 1 leaves
	if !slices.Equal(object.writes, []int{300, 50, 10}) {
		t.Fatalf("writes %d, want the run of page 1 too", object.writes)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(object.writes, []int{300, 50, 10, 20, 10}) {
		t.Errorf("writes %d", object.writes)
	}
}

// TestBufferManyRuns: a page with too many holes is written, not kept for ever at a growing price.
func TestBufferManyRuns(t *testing.T) {
	object := &array{}
	b := newDirect(object, unlimited())
	want := make([]byte, store.PageSize-1)
	for off := 0; off < store.PageSize; off += 2 {
		want[off] = byte(off/2) | 1
		if _, err := b.WriteAt(want[off:off+1], int64(off)); err != nil {
			t.Fatal(err)
		}
	}
	checkRead(t, b, want, 0, len(want))
	if len(object.writes) == 0 {
		t.Error("32768 runs were kept")
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(object.bytes, want) {
		t.Error("the object differs")
	}
}

func TestBufferOutOfRange(t *testing.T) {
	b := newDirect(&array{}, nil)
	for _, off := range []int64{-1, math.MinInt64, math.MaxInt64, math.MaxInt64 - 1} {
		if n, err := b.WriteAt([]byte{1, 2}, off); err == nil || n != 0 {
			t.Errorf("WriteAt(2 bytes, %d) = %d, nil", off, n)
		}
	}
	_, _ = b.WriteAt(make([]byte, store.PageSize), 0) // what pays for a page
	if _, err := b.WriteAt([]byte{1, 2}, math.MaxInt64-2); err != nil {
		t.Errorf("a mistake of the caller sticks: %v", err)
	}
	p := make([]byte, 2)
	if _, err := b.ReadAt(p, math.MaxInt64-2); err != nil || !bytes.Equal(p, []byte{1, 2}) {
		t.Errorf("ReadAt at the end of the range: %v, %v", p, err)
	}
}

func TestBufferRelease(t *testing.T) {
	object, budget := &array{}, unlimited()
	b := newDirect(object, budget)
	_, _ = b.WriteAt(make([]byte, symbol), 0)
	b.Release()
	b.Release()
	if budget.Used() != 0 || len(object.writes) != 0 {
		t.Errorf("%d bytes reserved, %d writes after Release", budget.Used(), len(object.writes))
	}
	if _, err := b.WriteAt([]byte("hello"), 0); !errors.Is(err, store.ErrClosed) {
		t.Errorf("WriteAt after Release: %v, want %v", err, store.ErrClosed)
	}
}

// TestBufferHostileOffsets: a symbol far away costs one page, wherever it claims to belong.
func TestBufferHostileOffsets(t *testing.T) {
	b := newDirect(&null{}, unlimited())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range int64(1000) {
		if _, err := b.WriteAt(make([]byte, symbol), i<<50); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d bytes allocated", grown)
	}
}

// TestPageThatCannotGrow: what a page holds is written before what comes later for the same bytes.
func TestPageThatCannotGrow(t *testing.T) {
	object, budget := &array{}, store.NewBudget(300, nil)
	b := newDirect(object, budget)
	for _, c := range []struct {
		off, n int
		with   byte
	}{{0, 60, 'a'}, {10, 90, 'b'}} { // the budget has no room for 100 bytes in a page
		if _, err := b.Buffer.WriteAt(bytes.Repeat([]byte{c.with}, c.n), int64(c.off)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Repeat([]byte{'a'}, 10), bytes.Repeat([]byte{'b'}, 90)...)
	if !bytes.Equal(object.bytes, want) || len(object.writes) != 2 {
		t.Errorf("%q in writes of %d", object.bytes, object.writes)
	}
	if b.Release(); budget.Used() != 0 {
		t.Errorf("%d bytes are charged at the end", budget.Used())
	}
}
