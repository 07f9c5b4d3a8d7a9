package statefile

import (
	"encoding/json"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// FuzzParse: what is taken for the content of a state file has its checksum, and is read back as it is written.
func FuzzParse(f *testing.F) {
	c := content{
		Version: version, TSI: key.TSI, Destination: key.Group.String(), InstanceID: numbers.InstanceID,
		InUse: numbers.InUse, Until: numbers.Until, TOI: numbers.TOI.String(),
	}
	c.Sum = c.sum()
	b, err := json.Marshal(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"until":"0000-01-01T00:00:00Z","toi":"-1"}`))
	f.Add([]byte(`{"version":1,"destination":"\ud800","crc32c":"00000000"}`))
	bound := allocbound.Bound{PerByte: 32, Fixed: 4 << 10}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), maxSize)]
		bound.Check(t, len(b), func() {
			c, err := parse(b)
			if err != nil || c.Version != version {
				return
			}
			again, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			if d, err := parse(again); err != nil || d.sum() != c.sum() {
				t.Fatalf("%s is read as %+v, and that as %+v, %v", b, c, d, err)
			}
			_, _ = (&File{key: key}).numbers(c)
		})
	})
}
