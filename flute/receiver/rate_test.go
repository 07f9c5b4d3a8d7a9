package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute/event"
)

// TestCompleteAt: an object of which ten symbols come in a second is said to be complete when it is, within a second;
// symbols that come again do not count, and a pause puts it off.
func TestCompleteAt(t *testing.T) {
	for name, o := range map[string]object{
		"no code": plain(t, 1, 200_000, 1000, 20), "Reed-Solomon": coded(t, 1, 200_000, 1000, 20, 30, rs.Rizzo),
	} {
		t.Run(name, func(t *testing.T) {
			o.t = t
			r := newRig(t)
			r.feed(describe(t, 0, withDigest(o, "a")))
			state := func() event.ObjectState {
				t.Helper()
				st, ok := r.l.Missing(o.toi, 1)
				if !ok {
					t.Fatal("it is not there")
				}
				return st
			}
			next := func() []byte { // one of each block in turn; of a code the last ones are repair symbols
				st := state()
				i := uint32(200 - st.Needed)
				if st.Needed == 0 { // nothing is held
					i = 0
				}
				esi := i / 10
				if o.oti.EncodingID != fec.CompactNoCode && esi > 15 {
					esi += 5
				}
				return o.packet(fec.SBN(i%10), fec.ESI(esi), 1)
			}
			end := r.now.Add(20 * time.Second)
			for i := range 150 {
				st := state()
				if i == 0 && !st.CompleteAt.IsZero() {
					t.Errorf("before the first symbol: %v", st.CompleteAt)
				}
				if i >= 20 {
					if off := st.CompleteAt.Sub(end).Abs(); off > time.Second {
						t.Fatalf("after %d symbols it is to be complete %v from its end", i, off)
					}
				}
				p := next()
				r.feed(p, p)
				r.now = r.now.Add(100 * time.Millisecond)
			}
			for _, e := range eventsOf[event.ObjectProgress](r) {
				if off := e.CompleteAt.Sub(end).Abs(); e.Received >= 40_000 && off > time.Second {
					t.Errorf("with %d bytes it is to be complete %v from its end", e.Received, off)
				}
			}
			r.wait(time.Minute)
			if st := state(); !st.CompleteAt.IsZero() && st.CompleteAt.Before(r.now.Add(time.Minute)) {
				t.Errorf("after a minute without a symbol it is to be complete in %v", st.CompleteAt.Sub(r.now))
			}
			r.close()
		})
	}
}
