package sender

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/event"
)

// TestSmallFilesInTransfer: where the FDT describes the files in transfer, FDT Instances do not hold up small files: at
// 50 Mbit/s, 1,000 files of 1 KB take less than a second.
func TestSmallFilesInTransfer(t *testing.T) {
	s, err := New(Config{
		Registry: schemes.Default(), FDTInTransfer: true, OTI: fec.OTI{EncodingID: fec.CompactNoCode},
	})
	if err != nil {
		t.Fatal(err)
	}
	content := pattern(1000)
	for i := range 1000 {
		addTo(t, s, File{
			ContentLocation: fmt.Sprintf("file:///%d", i), Content: bytes.NewReader(content), Size: 1000,
			Digests: NoDigest,
		})
	}
	if err := s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	now, last, buf := start, time.Time{}, make([]byte, 0, s.MaxPacketLen())
	for !s.Done() {
		pkt, ok, err := s.AppendNext(buf, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Events() {
			if _, done := e.(event.ObjectCompleted); done {
				last = now
			}
		}
		if ok {
			now = now.Add(time.Duration(len(pkt)*8) * time.Second / 50_000_000)
		} else {
			now = latest(now.Add(time.Microsecond), s.Deadline())
		}
	}
	if took := last.Sub(start); took > time.Second {
		t.Errorf("1,000 files of 1 KB took %v", took)
	}
}
