package schemes_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
)

// TestConf_K09_Default: the schemes that have a codec are found, and support what they are found for; the others are an
// error that says which one it was.
func TestConf_K09_Default(t *testing.T) {
	r := schemes.Default()
	for _, v := range []struct {
		oti fec.OTI
		ok  bool
	}{
		{fec.OTI{EncodingID: fec.CompactNoCode}, true},
		{fec.OTI{EncodingID: fec.ReedSolomonGF28}, true},
		{fec.OTI{EncodingID: fec.SmallBlockSystematic}, true},
		{fec.OTI{EncodingID: fec.SmallBlockSystematic, InstanceID: 1}, false},
		{fec.OTI{EncodingID: fec.Raptor}, true},
		{fec.OTI{EncodingID: fec.ReedSolomonGF2m}, true},
		{fec.OTI{EncodingID: fec.LDPCStaircase}, true},
		{fec.OTI{EncodingID: fec.LDPCTriangle}, true},
		{fec.OTI{EncodingID: fec.RaptorQ}, true},
		{fec.OTI{EncodingID: fec.SmallBlockExpandable}, false},
		{fec.OTI{EncodingID: fec.Compact}, false},
		{fec.OTI{EncodingID: 200}, false},
	} {
		s, err := r.Scheme(&v.oti)
		if (err == nil) != v.ok {
			t.Errorf("%v: %v", v.oti.EncodingID, err)
			continue
		}
		if err != nil {
			if !errors.Is(err, flute.ErrOTI) || !strings.Contains(err.Error(), fmt.Sprintf("FEC Encoding ID %d",
				v.oti.EncodingID)) {
				t.Errorf("%v: %v", v.oti.EncodingID, err)
			}
			continue
		}
		if err := s.Supports(&v.oti); err != nil {
			t.Errorf("%v: %v", v.oti.EncodingID, err)
		}
	}
}

func Example() {
	registry := schemes.Default()
	for _, id := range []fec.EncodingID{fec.CompactNoCode, fec.ReedSolomonGF28, fec.Compact} {
		s, err := registry.Scheme(&fec.OTI{EncodingID: id})
		if err != nil {
			fmt.Println(id, "is not among them:", errors.Is(err, flute.ErrOTI))
			continue
		}
		fmt.Println(id, s.Variants())
	}
	// Output:
	// no-code []
	// rs [rizzo rfc5510-8.2.1 backblaze]
	// compact is not among them: true
}
