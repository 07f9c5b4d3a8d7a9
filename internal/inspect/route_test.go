package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store/mem"
)

// TestROUTECapture judges a capture of a broadcast that this repository does not hold (ROUTE_CAPTURE names it), and
// extracts the objects that are whole in it.
func TestROUTECapture(t *testing.T) {
	name := os.Getenv("ROUTE_CAPTURE")
	if name == "" {
		t.Skip("ROUTE_CAPTURE names no capture")
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	st := mem.New()
	r := judged(t, file, Config{Store: st, Layout: "flat"})
	got := map[string]string{}
	for _, f := range st.Files() {
		b, _ := st.Get(f)
		sum := sha256.Sum256(b)
		got[f] = hex.EncodeToString(sum[:8])
	}
	want := map[string]string{
		"SLS": "fd821d7f388e219c", "sgdd_1244": "1bde698bff2c684e", "sgdu_short_3229": "cb0132dab271f834",
		"sgdu_service_schedule_4487": "ce9792a1eabc975c", "sgdu_long_2228": "266b7a5f8ddee60e",
		"sgdu_long_2230": "28905eee0c501d97",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.Verdict != Incomplete || len(r.Sessions) != 5 {
		t.Errorf("%s", r.Text())
	}
}
