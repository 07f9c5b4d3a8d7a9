package sender

import (
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// TestManyFilesAreDescribed: they are described in several FDT Instances, each of which is valid by itself and has one
// page of the files, in the order in which they were added; no file is left out, and none is in two.
func TestManyFilesAreDescribed(t *testing.T) {
	files := 40_000 // 100,000 take some seconds longer, and nothing else
	if testing.Short() {
		files = 10_000
	}
	s, err := New(Config{Registry: schemes.Default(), FDTXML: true, FDTCollect: -1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		addTo(t, s, File{ContentLocation: fmt.Sprintf("file:///folder/file-%06d.txt", i), Digests: NoDigest})
	}
	if err := s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	next := flute.NewTOI(1)
	seen := map[flute.InstanceID]bool{}
	var last *fdt.Instance
	buf := make([]byte, 0, s.MaxPacketLen())
	end := flute.NewTOI(uint64(files) + 1)
	for now := start; s.Stats().Pending > 0 || next != end; now = now.Add(10 * time.Microsecond) {
		if _, _, err := s.AppendNext(buf, now); err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Events() {
			p, ok := e.(event.FDTPublished)
			if !ok || seen[p.ID] {
				continue
			}
			seen[p.ID] = true
			if len(p.XML) == 0 || len(p.XML) > defaultFDTBytes {
				t.Fatalf("FDT Instance %d of %d bytes", p.ID, len(p.XML))
			}
			in, err := fdt.Parse([]byte(p.XML), now, fdt.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if in.Complete {
				last = in
			}
			for j := range in.Files {
				if in.Files[j].TOI != next {
					t.Fatalf("FDT Instance %d: TOI %v, want %v", p.ID, in.Files[j].TOI, next)
				}
				next = next.Next()
			}
		}
	}
	if last == nil || last.Files[len(last.Files)-1].TOI != flute.NewTOI(uint64(files)) {
		t.Error("the FDT Instance with the newest files does not say Complete")
	}
	if n := len(seen); n < files/5000 {
		t.Errorf("%d FDT Instances", n)
	}
}
