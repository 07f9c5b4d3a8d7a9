package inspect

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/internal/capture"
)

// whole returns a packet that has all of an object; with id that of an FDT Instance.
func whole(toi uint16, id int, content []byte) []byte {
	b := []byte{0x10, 0x10, 7, 0, 0, 0, 0, 0, 0, 7} // H: a TSI and a TOI of 16 bits
	b = binary.BigEndian.AppendUint16(b, toi)
	if toi == 0 {
		b[2]++
		b = append(b, 192, 0x20|byte(id>>16), byte(id>>8), byte(id)) // EXT_FDT
	}
	oti := fec.OTI{TransferLength: uint64(len(content)), SymbolLength: 1400, MaxSourceBlockLength: 64}
	b = oti.AppendFTI(append(b, 64, 4))
	return append(append(b, 0, 0, 0, 0), content...)
}

// TestManyInstances: the FDT Instances of an encoder that runs for hours are more than a report tells, and all of them
// count: no object is taken for one that its sender has not described.
func TestManyInstances(t *testing.T) {
	const files = maxInstances + 100
	in := New(Config{})
	at := begin
	for i := 1; i <= files; i++ {
		document := fmt.Sprintf(`<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="4294900000"><File TOI="%d" `+
			`Content-Location="f%d" Content-Type="a/b" Content-Length="5"/></FDT-Instance>`, i, i)
		for _, b := range [][]byte{whole(0, i, []byte(document)), whole(uint16(i), 0, []byte("hello"))} {
			at = at.Add(time.Second)
			in.Datagram(&capture.Datagram{Time: at, Src: source, Dst: group, Payload: b, Length: len(b)})
		}
	}
	r := in.Report()
	x := one(t, r)
	if r.Verdict != Clean || x.whole != files || len(x.Instances) != maxInstances || x.Earlier != files-maxInstances {
		t.Errorf("%d instances, %d objects are whole\n%.2000s", len(x.Instances), x.whole, r.Text())
	}
}

// TestNotAllJudged: what could not be judged is not clean, and not nothing.
func TestNotAllJudged(t *testing.T) {
	r := judged(t, pcap(t, sent(t, []int{300_000, 5000}, nil)), Config{Memory: 64 << 10})
	if r.Verdict != Incomplete || r.Unjudged == 0 {
		t.Errorf("%.1000s", r.Text())
	}
}
