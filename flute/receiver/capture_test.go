package receiver

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store/mem"
)

// TestROUTECapture receives a real broadcast, of ATSC 3.0, which is not here since it holds a broadcaster's guide:
// ROUTE_CAPTURE names the file (libatsc3, support_scripts/osx/1548126444.pcap, without what is not for
// 239.255.20.9:52009).
func TestROUTECapture(t *testing.T) {
	path := os.Getenv("ROUTE_CAPTURE")
	if path == "" {
		t.Skip("ROUTE_CAPTURE does not name the capture")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := mem.New()
	r, err := New(Config{Registry: schemes.Default(), Store: files, ROUTE: true})
	if err != nil {
		t.Fatal(err)
	}
	const ethernet, udp = 14, 8
	for b = b[24:]; len(b) >= 16; {
		n := binary.LittleEndian.Uint32(b[8:])
		at := time.Unix(int64(binary.LittleEndian.Uint32(b)), int64(binary.LittleEndian.Uint32(b[4:]))*1000)
		ip := b[16+ethernet : 16+n]
		b = b[16+n:]
		ihl := int(ip[0]&15) * 4
		if port := binary.BigEndian.Uint16(ip[ihl+2:]); port != 52009 {
			continue
		}
		source, _ := netip.AddrFromSlice(ip[12:16])
		group, _ := netip.AddrFromSlice(ip[16:20])
		p := ip[ihl+udp:]
		r.Handle(at, flute.SessionKey{
			Source: source, Group: netip.AddrPortFrom(group, 52009), TSI: flute.TSI(binary.BigEndian.Uint32(p[8:])),
		}, p)
	}
	for _, e := range r.Events() {
		switch e := e.(type) {
		case event.ObjectFailed, event.FDTRejected, event.Warning:
			t.Errorf("%T %+v", e, e)
		}
	}
	for name, want := range map[string]string{
		"SLS": "fd821d7f388e219c", "sgdd_1244": "1bde698bff2c684e", "sgdu_short_3229": "cb0132dab271f834",
		"sgdu_service_schedule_4487": "ce9792a1eabc975c", "sgdu_long_2228": "266b7a5f8ddee60e",
		"sgdu_long_2230": "28905eee0c501d97",
	} {
		content, ok := files.Get(name)
		digest := sha256.Sum256(content)
		if got := hex.EncodeToString(digest[:8]); !ok || got != want {
			t.Errorf("%s: %v, %d bytes, SHA-256 %s, want %s", name, ok, len(content), got, want)
		}
	}
}
