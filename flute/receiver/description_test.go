package receiver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
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
		if diff := cmp.Diff(c.want, own, cmpopts.EquateComparable(flute.TOI{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	own := first
	s.augment(e, &own, &second, true)
	if own.CacheControl != second.CacheControl {
		t.Errorf("a later CacheControl is not taken: %v", own.CacheControl)
	}
}
