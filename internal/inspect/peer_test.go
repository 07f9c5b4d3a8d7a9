package inspect

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPeerCaptures judges captures of the Rust crate flute 1.11.7 (testdata, made by capture on loopback). The crate
// keeps what it must. It sends a packet with A = 1 first, which tells receivers that nothing follows; with
// symbols of 256 bytes its FDT Instance has five packets, without FEC where the file has none.
func TestPeerCaptures(t *testing.T) {
	for name, rules := range map[string][]string{
		"no-code": {"L09", "E36"}, "rs": {"L09"}, "raptorq": {"L09"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", "flute-rs-"+name+".pcapng"))
			if err != nil {
				t.Fatal(err)
			}
			r := judged(t, file, Config{})
			x := one(t, r)
			if diff := cmp.Diff(rules, broken(x)); diff != "" || r.Verdict != Clean {
				t.Errorf("%s\n%s", diff, r.Text())
			}
			if len(x.Objects) != 1 || x.Objects[0].State != "verified" || x.Lost > 0 {
				t.Errorf("%s", r.Text())
			}
		})
	}
}
