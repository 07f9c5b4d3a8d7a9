package sender

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
)

// packet is what a receiver reads in one packet of ours.
type packet struct {
	alc.Packet
	oti    fec.OTI // of EXT_FTI, or of the FDT
	id     fec.PayloadID
	symbol []byte
	fdt    *fdt.Instance // with the last packet of an FDT Instance
}

// viewer reads the packets of a session, much simpler than a receiver: nothing is lost on the way.
type viewer struct {
	start     time.Time
	fti       bool // show EXT_FTI of files
	otis      map[flute.TOI]fec.OTI
	instances map[flute.InstanceID]string
	document  []byte
	missing   uint64 // bytes of document
}

func (v *viewer) read(t testing.TB, b []byte, now time.Time) packet {
	t.Helper()
	p, err := alc.Parse(b)
	if err != nil {
		t.Fatalf("packet %x: %v", b, err)
	}
	out := packet{Packet: p}
	if v.otis == nil {
		v.otis, v.instances = map[flute.TOI]fec.OTI{}, map[flute.InstanceID]string{}
	}
	if p.FTI != nil {
		if out.oti, err = fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI); err != nil {
			t.Fatal(err)
		}
		if known, ok := v.otis[p.TOI]; ok && known != out.oti {
			t.Errorf("OTI of TOI %v is %+v in EXT_FTI, %+v in the FDT", p.TOI, out.oti, known)
		}
	} else {
		known, ok := v.otis[p.TOI]
		if !ok {
			t.Fatalf("no OTI for TOI %v", p.TOI)
		}
		out.oti = known
	}
	if uint8(out.oti.EncodingID) != p.Codepoint {
		t.Errorf("codepoint %d, FEC Encoding ID %d", p.Codepoint, out.oti.EncodingID)
	}
	id, n, err := out.oti.ParsePayloadID(p.Body)
	if err != nil {
		t.Fatalf("packet %x: %v", b, err)
	}
	out.id, out.symbol = id, p.Body[n:]
	if p.TOI.IsFDT() {
		out.fdt = v.instance(t, &out, now)
	}
	return out
}

// instance gathers an FDT Instance from the source symbols of one transmission.
func (v *viewer) instance(t testing.TB, p *packet, now time.Time) *fdt.Instance {
	t.Helper()
	part := p.oti.Partition()
	off, n := part.Symbol(p.id.SBN, p.id.ESI)
	if off == 0 && n > 0 {
		v.document, v.missing = make([]byte, p.oti.TransferLength), p.oti.TransferLength
	}
	if n == 0 {
		return nil
	}
	copy(v.document[off:], p.symbol[:n])
	if v.missing -= uint64(n); v.missing > 0 {
		return nil
	}
	in, err := fdt.Parse(decode(t, v.document, flute.ContentEncoding(p.CENC)), now, fdt.Limits{})
	if err != nil {
		t.Fatalf("FDT Instance %q: %v", v.document, err)
	}
	in.ID = p.InstanceID
	if len(in.Files) == 0 || len(in.Rejected) > 0 {
		t.Errorf("FDT Instance %d: %d files, rejected %v", in.ID, len(in.Files), in.Rejected)
	}
	if old, ok := v.instances[in.ID]; ok && old != string(v.document) {
		t.Errorf("FDT Instance %d changed from %s to %s", in.ID, old, v.document)
	}
	v.instances[in.ID] = string(v.document)
	for i := range in.Files {
		if f := &in.Files[i]; f.HasOTI {
			v.otis[f.TOI] = f.OTI
		}
	}
	return in
}

// show returns the line of a packet in a scenario; of an FDT Instance a second one after its last packet.
func (v *viewer) show(t testing.TB, b []byte, now time.Time) string {
	t.Helper()
	p := v.read(t, b, now)
	var out strings.Builder
	if p.TOI.IsFDT() {
		fmt.Fprintf(&out, "fdt %d  %d/%d", p.InstanceID, p.id.SBN, p.id.ESI)
		if p.FLUTEVersion != 2 {
			fmt.Fprintf(&out, "  version %d", p.FLUTEVersion)
		}
		if p.HasCENC {
			fmt.Fprintf(&out, "  %v", flute.ContentEncoding(p.CENC))
		}
		v.showTime(t, &out, p.Time, now)
	} else {
		fmt.Fprintf(&out, "toi %v  %d/%d  %x", p.TOI, p.id.SBN, p.id.ESI, p.symbol[:min(len(p.symbol), 8)])
		if len(p.symbol) > 8 {
			fmt.Fprintf(&out, "... (%d)", len(p.symbol))
		}
		if p.FTI != nil && v.fti {
			out.WriteString("  fti")
		}
		v.showTime(t, &out, p.Time, now)
	}
	if p.CloseObject {
		out.WriteString("  B")
	}
	if p.CloseSession {
		out.WriteString("  A")
	}
	out.WriteString("\n")
	if in := p.fdt; in != nil {
		fmt.Fprintf(&out, "  expires %v:", in.Expires.Sub(v.start))
		for i := range in.Files {
			fmt.Fprintf(&out, " %v=%s", in.Files[i].TOI, in.Files[i].ContentLocation)
		}
		if in.FullFDT {
			out.WriteString(" full")
		}
		if in.Complete {
			out.WriteString(" complete")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// showTime shows an EXT_TIME; nil is none.
func (v *viewer) showTime(t testing.TB, out *strings.Builder, content []byte, now time.Time) {
	t.Helper()
	if content == nil {
		return
	}
	x, err := lct.ParseTime(content, now)
	if err != nil {
		t.Fatal(err)
	}
	if x.HasSCT {
		fmt.Fprintf(out, "  sct %v", x.SCT.Sub(v.start).Round(time.Microsecond))
	}
	if x.HasERT {
		fmt.Fprintf(out, "  ert %v", x.ERT)
	}
	if x.HasSLC {
		fmt.Fprintf(out, "  slc %v", x.SLC.Sub(v.start))
	}
}

func decode(t testing.TB, b []byte, c flute.ContentEncoding) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch c {
	case flute.ZLIB:
		r, err = zlib.NewReader(r)
	case flute.DEFLATE:
		r = flate.NewReader(r)
	case flute.GZIP:
		r, err = gzip.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	return out
}
