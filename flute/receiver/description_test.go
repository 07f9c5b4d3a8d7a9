package receiver

import (
	"reflect"
	"testing"

	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/route"
)

// TestAugment: a description takes from another one what it lacks, and keeps what it has (RFC 6726, section 3.3).
func TestAugment(t *testing.T) {
	one, two := uint64(1000), uint64(2000)
	o := plain(t, 1, 1000, 100, 10)
	other := o.oti
	other.MaxSourceBlockLength = 5
	first := fdt.File{
		TOI: o.toi, ContentLength: &one, TransferLength: &one, MD5: []byte{1}, SHA256: []byte{1}, SHA512: []byte{1},
		ContentType: "text/plain", OTI: o.oti, HasOTI: true, CacheControl: &fdt.CacheControl{NoCache: true},
	}
	second := fdt.File{
		TOI: o.toi, ContentLength: &two, TransferLength: &two, MD5: []byte{2}, SHA256: []byte{2}, SHA512: []byte{2},
		ContentType: "text/html", OTI: other, HasOTI: true, CacheControl: &fdt.CacheControl{MaxStale: true},
	}
	r := newRig(t)
	s := r.s
	e := &entry{}
	for name, c := range map[string]struct {
		own, file, want fdt.File
		isLater         bool
	}{
		"all is taken":   {own: fdt.File{TOI: o.toi}, file: first, want: first},
		"all is kept":    {own: first, file: second, want: first},
		"nothing is new": {own: first, file: fdt.File{TOI: o.toi}, want: first, isLater: true},
	} {
		own := c.own
		s.augment(e, &own, &c.file, c.isLater)
		if !reflect.DeepEqual(own, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, own, c.want)
		}
	}
	own := first
	s.augment(e, &own, &second, true)
	if own.CacheControl != second.CacheControl {
		t.Errorf("a later CacheControl is not taken: %v", own.CacheControl)
	}
}

// TestCostOf: each flow of an S-TSID is charged, whatever it says, and twice its document.
func TestCostOf(t *testing.T) {
	if n := costOf(make([]route.Flow, 3)); n != 3*flowOverhead {
		t.Errorf("three flows cost %d, want %d", n, 3*flowOverhead)
	}
}
