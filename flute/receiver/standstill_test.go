package receiver

import (
	"bytes"
	"testing"
	"time"
)

// pace feeds packets, 1 ms apart.
func (r *rig) pace(packets [][]byte) {
	for _, d := range packets {
		r.feed(d)
		r.wait(time.Millisecond)
	}
}

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
			r.pace(all[:100])
			r.wait(pause)
			r.pace(all[100:])
			r.wait(2 * apartPatience)
			if ends := r.ends(); len(ends) > 0 {
				t.Errorf("%s, %v: %v with bytes from both sides of a pause", name, pause, ends)
			}
			r.pace(all)
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

// TestConf_E95_NoFileOfTwoRunsHeld: packets of another file under the same TOI are held, from a sender that stood still
// before and after them and whose FDT Instance was lost; then the file of before comes as a whole. What is published is
// of one run.
func TestConf_E95_NoFileOfTwoRunsHeld(t *testing.T) {
	for _, had := range []int{0, 100} { // packets of the file before the first pause
		for _, second := range []time.Duration{time.Second, 2 * apartPatience} {
			for _, last := range []int{150, 200} { // packets behind the second pause: 200 are all
				o := plain(t, 1, 20000, 100, 64)
				other := o
				other.content = bytes.Repeat([]byte("other"), 4000)
				r := newRig(t)
				r.feed(describe(t, 0, o.file("a")))
				r.pace(o.all()[:had])
				r.wait(500 * time.Millisecond)
				r.pace(other.all()[:100])
				r.wait(second)
				r.pace(o.all()[200-last:])
				r.wait(2 * apartPatience)
				b, ok := r.store.Get("a")
				switch {
				case ok && !bytes.Equal(b, o.content):
					t.Errorf("%d packets, %v, %d packets: what is published is mixed", had, second, last)
				case !ok && last == 200:
					t.Errorf("%d packets, %v, %d packets: nothing is published", had, second, last)
				}
				r.close()
			}
		}
	}
}

// TestConf_E95_LongerFileHeld: a sender is started again with a longer file under the same TOI, its FDT Instance is
// lost, and its packets tell no length: they are more than the file of before has, and are not published as that.
func TestConf_E95_LongerFileHeld(t *testing.T) {
	for _, noFTI := range []bool{false, true} {
		for _, had := range []int{1, 100} {
			o, longer := plain(t, 1, 20000, 100, 64), plain(t, 1, 30000, 100, 64)
			o.noFTI, longer.noFTI = noFTI, noFTI
			r := newRig(t)
			r.feed(describe(t, 0, o.file("a")))
			r.pace(o.all()[:had])
			r.wait(500 * time.Millisecond)
			r.pace(longer.all())
			r.wait(2 * apartPatience)
			if ends := r.ends(); len(ends) > 0 {
				t.Errorf("noFTI %v, %d packets: %v", noFTI, had, ends)
			}
			r.wait(500 * time.Millisecond)
			r.pace(o.all())
			r.wait(2 * apartPatience)
			r.want("completed 1 a 20000")
			r.file("a", o.content)
			r.close()
		}
	}
}
