package assembly

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// TestNothingHeldIsNoChange: an object of which nothing has come has nothing to be noted. A part of a source block is
// something, and so is a whole one.
func TestNothingHeldIsNoChange(t *testing.T) {
	oti := fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 2, TransferLength: 400}
	b := newBench(t, oti, 1<<20)
	if b.HasChanges() {
		t.Error("a change though nothing came")
	}
	for esi := range fec.ESI(2) {
		body := b.OTI.AppendPayloadID(nil, fec.PayloadID{ESI: esi})
		if err := b.Take(now, append(body, b.content[100*esi:100*esi+100]...)); err != nil {
			t.Fatal(err)
		}
		b.write()
		if !b.HasChanges() {
			t.Errorf("no change after symbol %d", esi)
		}
	}
	b.AppendBlocks(nil)
	if b.HasChanges() {
		t.Error("a change after all was noted")
	}
}
