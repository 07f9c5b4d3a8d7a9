package sender

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/event"
)

// TestSmallFilesInTransfer: where the FDT describes the files in transfer, FDT Instances do not hold up small files: at
// 50 Mbit/s, 1,000 files of 1 KB take less than a second.
func TestSmallFilesInTransfer(t *testing.T) {
	s, err := New(Config{
		Registry: schemes.Default(), FDTInTransfer: true, OTI: fec.OTI{EncodingID: fec.CompactNoCode},
	})
	if err != nil {
		t.Fatal(err)
	}
	content := pattern(1000)
	for i := range 1000 {
		addTo(t, s, File{
			ContentLocation: fmt.Sprintf("file:///%d", i), Content: bytes.NewReader(content), Size: 1000,
			Digests: NoDigest,
		})
	}
	if err := s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	now, last, buf := start, time.Time{}, make([]byte, 0, s.MaxPacketLen())
	for !s.Done() {
		pkt, ok, err := s.AppendNext(buf, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Events() {
			if _, done := e.(event.ObjectCompleted); done {
				last = now
			}
		}
		if ok {
			now = now.Add(time.Duration(len(pkt)*8) * time.Second / 50_000_000)
		} else {
			now = latest(now.Add(time.Microsecond), s.Deadline())
		}
	}
	if took := last.Sub(start); took > time.Second {
		t.Errorf("1,000 files of 1 KB took %v", took)
	}
}

// TestListedAhead: with the file that cannot be sent without its description those are described that come next: as
// many as may be in transfer, and small ones, up to some bytes and some number.
func TestListedAhead(t *testing.T) {
	const parallel = 3
	for _, c := range []struct{ files, size, want int }{
		{10, 5000, parallel},                 // 16 times ReadAhead are 1600 bytes
		{10, 534, parallel},                  // the third makes more than that
		{10, 533, parallel + 1},              // it makes less
		{10, 400, parallel + 1},              // just as many, with the fourth
		{10, 399, parallel + 2},              // a byte less
		{10, 100, 10},                        // all
		{2, 100, 2},                          // fewer than may be in transfer
		{maxListAhead + 20, 1, maxListAhead}, // very small ones
	} {
		r := newRun(t, Config{
			FDTInTransfer: true, ReadAhead: 100, Parallel: parallel, OTI: fec.OTI{SymbolLength: 100},
			FDTOTI: fec.OTI{SymbolLength: 1400},
		})
		for i := range c.files {
			addTo(t, r.s, File{
				ContentLocation: fmt.Sprint(i), Content: bytes.NewReader(pattern(c.size)), Size: uint64(c.size),
				Digests: NoDigest,
			})
		}
		for len(r.fdts) == 0 {
			r.until(r.now.Add(time.Millisecond))
		}
		if n := len(r.fdts[0].Files); n != c.want {
			t.Errorf("%+v: the first FDT Instance describes %d", c, n)
		}
	}
}

// TestPagesAreForgotten: a session that goes on for ever remembers the pages of what it sends, and of what was
// described lately.
func TestPagesAreForgotten(t *testing.T) {
	r := newRun(t, Config{
		FDTFiles: 1, FDTDuration: 2 * time.Second, FDTInterval: 500 * time.Millisecond, FDTCollect: -1,
		OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{SymbolLength: 1400},
	})
	addTo(t, r.s, File{
		ContentLocation: "endless", Content: bytes.NewReader(pattern(10)), Size: 10, TransferCount: -1,
		Delay: time.Second,
	})
	most := 0
	for i := range 60 {
		r.add(fmt.Sprint(i), 10)
		r.until(r.now.Add(500 * time.Millisecond))
		if r.s.plan.pages[0].gone {
			t.Fatal("the page of the file that goes on is forgotten")
		}
		most = max(most, len(r.s.plan.pages))
		if n := len(r.s.names.objects); n > 15 {
			t.Fatalf("after %d files %d are remembered", i, n)
		}
	}
	if most < 4 || most > 25 {
		t.Errorf("%d pages", most)
	}
}
