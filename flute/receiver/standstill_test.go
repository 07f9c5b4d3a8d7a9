package receiver

import (
	"testing"
	"time"
)

// TestConf_E95_OneFDTInstance: a sender stands still in the middle of a file without a digest, and its one FDT Instance
// never comes again. Nothing tells whether the bytes before and behind are of one file; but the next transfer of the
// file is whole by itself.
func TestConf_E95_OneFDTInstance(t *testing.T) {
	for name, o := range map[string]object{
		"no-code": plain(t, 1, 20000, 100, 64), "reed-solomon": coded(t, 1, 20000, 100, 50, 60, ""),
	} {
		for _, pause := range []time.Duration{500 * time.Millisecond, 3 * time.Second, 30 * time.Second} {
			r := newRig(t)
			r.feed(describe(t, 0, o.file("a")))
			all := o.all()
			send := func(packets [][]byte) {
				for _, d := range packets {
					r.feed(d)
					r.wait(time.Millisecond)
				}
			}
			send(all[:100])
			r.wait(pause)
			send(all[100:])
			r.wait(2 * apartPatience)
			if ends := r.ends(); len(ends) > 0 {
				t.Errorf("%s, %v: %v with bytes from both sides of a pause", name, pause, ends)
			}
			send(all)
			r.wait(2 * apartPatience)
			r.want("completed 1 a 20000")
			r.file("a", o.content)
			r.close()
			if t.Failed() {
				t.Fatalf("%s, after a pause of %v", name, pause)
			}
		}
	}
}
