package receiver

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/drop"
)

// RFC 5775, section 2.3: "a receiver is REQUIRED to obtain the FEC Object Transmission Information". What comes
// without it is dropped and counted, and the object is there for those that bring it.
func TestConf_A11_NothingWithoutOTI(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	o.noFTI = true
	f := o.file("a")
	f.HasOTI, f.OTI = false, fec.OTI{}
	r.feed(describe(t, 0, f))
	r.feed(o.all()...)
	r.want()
	if n := r.dropped(drop.OTI); n != 3 {
		t.Errorf("%d packets dropped for want of FEC OTI", n)
	}
	o.noFTI = false
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// RFC 5651, section 6.2: "receivers SHOULD NOT assume that the reception of a packet for a new object means that there
// are no more packets in transit for the previous one".
func TestConf_L44_ObjectsInTurn(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 1200, 100, 4), plain(t, 2, 900, 100, 4)
	d := describe(t, 0, a.file("a"), b.file("b"))
	r.feed(d)
	first, second := a.all(), b.all()
	r.feed(first[:5]...)
	r.feed(second[:3]...)
	r.wait(10 * time.Second)
	r.feed(d)
	r.feed(second[3:]...)
	r.feed(first[5:]...)
	r.want("completed 2 b 900", "completed 1 a 1200")
	r.close()
}

// RFC 3926, section 3.3: "The receiver SHOULD NOT use a received FDT Instance to interpret packets received beyond the
// expiration time of the FDT Instance." In TS 26.346, section 7.2.9, that is a shall not.
func TestConf_W05_ExpiredInstanceOfVersion1(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	short := fdtInstance{
		id: 1, version: 1, files: []fdt.File{o.file("a")}, expires: start.Add(10 * time.Second),
	}.packets(t)
	r.feed(short...)
	r.feed(o.packet(0, 0, 1))
	r.wait(10 * time.Second)
	r.feed(o.all()...)
	r.want("failed 1 a expired")
	r.feed(short...)
	if n := r.dropped(drop.Expired); n != uint64(len(short)) {
		t.Errorf("%d packets dropped as expired", n)
	}
	r.close()
}

// TS 26.346 of Release 18 allows gzip, and neither Transfer-Length nor EXT_FTI of files: then nothing tells how long
// the object is on the wire, and into which source blocks it is parted. Its packets are dropped and counted.
func TestGzipWithoutLength(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 16, 2)
	o.noFTI = true
	r.feed(fdtInstance{xml: document("", `<File TOI="1" Content-Location="a" Content-Length="2600" `+
		`Content-Encoding="gzip" FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Maximum-Source-Block-Length="2" `+
		`FEC-OTI-Encoding-Symbol-Length="16"/>`)}.packets(t)...)
	packets := o.all()
	r.feed(packets...)
	r.want()
	if n := r.dropped(drop.OTI); n != uint64(len(packets)) {
		t.Errorf("%d of %d packets dropped for want of FEC OTI", n, len(packets))
	}
	r.close()
}
