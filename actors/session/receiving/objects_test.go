package receiving

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/store/mem"
)

// TestForgetOneObject: an object actor that has ended gives its TOI up, so that the next try gets another; those of
// other objects stay.
func TestForgetOneObject(t *testing.T) {
	cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New()}.Validated()
	if err != nil {
		t.Fatal(err)
	}
	in := NewInbox(&Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1})
	one, two := flute.NewTOI(1), flute.NewTOI(2)
	s := &session{
		inbox:  in,
		ledger: NewLedger(in),
		objects: map[flute.TOI]*child{
			one: {pid: actor.NewPID("here", "one")},
			two: {pid: actor.NewPID("here", "two")},
		},
		live: map[string]flute.TOI{"one": one, "two": two},
	}
	s.forget("one")
	if s.objects[one] != nil || s.isLive("one") {
		t.Error("the object that has ended is still there")
	}
	if s.objects[two] == nil || !s.isLive("two") {
		t.Error("the other object was forgotten")
	}
}
