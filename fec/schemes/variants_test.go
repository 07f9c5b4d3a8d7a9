package schemes_test

import (
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/fec/schemes"
)

// TestVariants: the names of variants are those that the codec knows.
func TestVariants(t *testing.T) {
	want := []fec.Variant{schemes.Rizzo, schemes.RFC5510, schemes.Backblaze}
	if got := rs.New().Variants(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
