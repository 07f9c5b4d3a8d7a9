package receiver

import (
	"cmp"

	"github.com/flute-node/flute-node/flute/internal/content"
)

// hashAhead emits the Work that hashes what is contiguous and written: in whole steps, so that their pages are full and
// will not be opened again.
func (o *Object) hashAhead() {
	h := o.e.held
	step := o.l.cfg.digestStep()
	last := h.Prefix() / step * step
	switch {
	case h.working || last <= h.hashed() || last == h.unwanted:
		return
	case o.wanted() == 0:
		h.unwanted = last
		return
	}
	// What came last waits to be written, for long where bytes come faster than the disk takes them.
	end := h.hashed()
	for range digestSteps {
		if next := (end/step + 1) * step; next <= last && h.IsWritten(next) {
			end = next
		}
	}
	if end > h.hashed() {
		o.start(&Work{task: &hashing{content.Hashing{Object: h.Object(), Digest: o.digest(), End: end}}})
	}
}

// digest returns the digest of the object's prefix, made anew when there is none yet, or when a later FDT Instance
// announced a stronger one.
func (o *Object) digest() *content.Digest {
	h := o.e.held
	if wanted := o.wanted(); h.digest == nil || !h.digest.Covers(wanted) {
		h.digest = content.NewDigest(wanted)
	}
	return h.digest
}

// wanted returns the digests to compute: the strongest that was announced. One that is only to come is computed from
// the beginning as well: when it is known, almost all of the object is there.
func (o *Object) wanted() content.Algorithms {
	announced := announcedBy(o.e.file)
	return cmp.Or(announced.Strongest(), o.e.coming) | o.l.cfg.digests
}
