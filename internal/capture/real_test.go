package capture

import (
	"errors"
	"io"
	"os"
	"testing"
)

// TestRealCapture reads a capture of a broadcast that this repository does not hold: FLUTE_ATSC_PCAP names it.
func TestRealCapture(t *testing.T) {
	name := os.Getenv("FLUTE_ATSC_PCAP")
	if name == "" {
		t.Skip("FLUTE_ATSC_PCAP names no capture")
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	r, err := NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var d Datagram
	for err = r.Next(&d); err == nil; err = r.Next(&d) {
	}
	if want := (Counts{Packets: 69, Datagrams: 69}); !errors.Is(err, io.EOF) || r.Counts() != want {
		t.Errorf("%v, %+v", err, r.Counts())
	}
}
