package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/alc"
)

// Somebody sends an older FDT Instance of the sender again, and the file that it describes, in a pause of the sender:
// the newer version stays. If the sender before is not heard any more, it was started again, and numbers from 0.
func TestReplayedOlderInstance(t *testing.T) {
	for name, port := range map[string]uint16{"other port": 2000, "same port": 1000} {
		for _, goesOn := range []bool{true, false} {
			for _, ends := range []bool{false, true} {
				t.Run(name, func(t *testing.T) {
					r := newRig(t)
					older, newer := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
					r.port = 1000
					r.feed(describe(t, 1, newer.file("a")))
					for _, p := range newer.all() {
						r.wait(10 * time.Millisecond)
						r.feed(p)
					}
					r.want("completed 2 a 400")
					r.wait(time.Second)
					r.port = port
					r.feed(describe(t, 0, older.file("a")))
					r.feed(older.all()...)
					if ends {
						r.feed(alc.AppendCloseSession(nil, key.TSI))
					}
					r.wait(time.Second)
					r.want("completed 2 a 400")
					if goesOn {
						r.port = 1000
						r.feed(describe(t, 1, newer.file("a")))
					}
					r.wait(20 * time.Second)
					want, file := []string{"completed 2 a 400", "failed 1 a superseded"}, newer
					if !goesOn {
						want, file = []string{"completed 2 a 400", "completed 1 a 300"}, older
					}
					if ends {
						want = append(want, "closed close-session flag")
					}
					r.want(want...)
					r.file("a", file.content)
					r.close()
				})
			}
		}
	}
}

// The version that an older FDT Instance would have replaced, and that is still being received, goes on.
func TestReplayedOlderInstanceOfAFile(t *testing.T) {
	r := newRig(t)
	older, newer := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
	r.port = 1000
	r.feed(describe(t, 1, newer.file("a")))
	r.feed(newer.all()[:2]...)
	r.wait(time.Second)
	r.port = 2000
	r.feed(describe(t, 0, older.file("a")))
	r.feed(older.all()...)
	r.wait(time.Second)
	r.port = 1000
	r.feed(describe(t, 1, newer.file("a")))
	r.wait(time.Second)
	r.want("failed 1 a superseded")
	r.wait(5 * time.Second)
	r.feed(newer.all()[2:]...)
	r.feed(describe(t, 1, newer.file("a")))
	r.want("failed 1 a superseded", "completed 2 a 400")
	r.file("a", newer.content)
	r.close()
}
