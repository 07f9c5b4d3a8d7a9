package receiver

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// TestDeliveredAreBounded: what earlier processes have published takes no more than Bounds says, however much a store
// tells of; the latest files are known.
func TestDeliveredAreBounded(t *testing.T) {
	budget := store.NewBudget(1<<30, nil)
	cfg, err := (&Config{Registry: schemes.Default(), Store: mem.New(), Budget: budget}).Validated()
	if err != nil {
		t.Fatal(err)
	}
	var bound uint64
	for _, b := range cfg.Bounds() {
		if b.Part == partDelivered && b.Of == bounds.Reception {
			bound = b.Bytes
		}
	}
	if bound == 0 {
		t.Fatal("Bounds does not tell of it")
	}
	const n = 300_000
	for name, sessions := range map[string]int{"one session": 1, "many sessions": n, "short names": 1} {
		t.Run(name, func(t *testing.T) {
			session := func(i int) flute.SessionKey {
				return flute.SessionKey{
					Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"),
					TSI: flute.TSI(i % sessions),
				}
			}
			location := func(i int) string {
				if name == "short names" {
					return fmt.Sprint(i)
				}
				return fmt.Sprintf("https://example.com/a/folder/of/files/and/another/one/file-%d.bin", i)
			}
			notes := make([][]byte, n)
			length := uint64(1000)
			for i := range notes {
				f := notedFile{ContentLocation: location(i), ContentLength: &length, TransferLength: &length}
				f.MD5, f.SHA256 = make([]byte, 16), make([]byte, 32)
				b, err := json.Marshal(&notedDelivery{session(i), f})
				if err != nil {
					t.Fatal(err)
				}
				notes[i] = b
			}
			before := heap()
			all := newDelivered(notes, bound)
			grown := heap() - before
			runtime.KeepAlive(notes)
			known := 0
			for _, m := range all {
				known += len(m)
			}
			t.Logf("%d of %d files known, in %d bytes of %d", known, n, grown, bound)
			if grown > int64(bound) {
				t.Errorf("%d files are known in %d bytes; the bound is %d", known, grown, bound)
			}
			if all[session(n-1)][location(n-1)] == nil || all[session(0)][location(0)] != nil {
				t.Error("not the latest are known")
			}
		})
	}
}
