package receiver

import (
	"testing"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
)

// bare returns packet without FEC Payload ID and symbols.
func bare(t *testing.T, packet []byte) []byte {
	t.Helper()
	p, err := alc.Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	return packet[:len(packet)-len(p.Body)]
}

// A packet that is all header is used for its flags; it is no symbol that is cut short.
func TestHeaderOnly(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.packet(0, 0, 1), bare(t, o.packet(0, 1, 1, closeObject)))
	if c := r.l.Counters(); c.Accepted != 3 {
		t.Errorf("%+v", c)
	}
	r.wait(r.cfg.CloseGrace)
	r.want("failed 1 a session_over")
	r.close()
}

// An object turns out to be of no bytes with its first packet: the FEC Payload ID in it names no symbol that is
// missing.
func TestEmptyByFTI(t *testing.T) {
	for _, cut := range []bool{false, true} {
		r := newRig(t)
		o := plain(t, 1, 0, 100, 4)
		packet := o.raw(0, 0, nil)
		if cut {
			packet = bare(t, packet)
		}
		r.feed(describe(t, 0, fdt.File{TOI: o.toi, ContentLocation: "a"}))
		r.want()
		r.feed(packet)
		r.want("completed 1 a 0")
		if c := r.l.Counters(); c.Accepted != 2 {
			t.Errorf("%+v", c)
		}
		r.close()
	}
}
