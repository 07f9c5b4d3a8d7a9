package capture

import (
	"errors"
	"io"
	"os"
	"testing"
)

// TestRealCapture reads a capture of a broadcast that this repository does not hold: ROUTE_CAPTURE names it.
func TestRealCapture(t *testing.T) {
	name := os.Getenv("ROUTE_CAPTURE")
	if name == "" {
		t.Skip("ROUTE_CAPTURE names no capture")
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
