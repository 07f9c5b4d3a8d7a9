package settings

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

// announced returns the OTI that a session of cfg announces for a file of size bytes.
func announced(t *testing.T, cfg sender.Config, size uint64) fec.OTI {
	t.Helper()
	s := newSession(t, cfg, make([]byte, size), nil)
	for now := time.Unix(1e9, 0); ; now = s.Deadline() {
		d, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		p, err := alc.Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		if p.TOI == flute.NewTOI(0) || p.FTI == nil {
			continue
		}
		o, err := fec.ParseFTI(fec.EncodingID(p.Codepoint), p.FTI)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
}

// TestDefaultsAreTheSenders: what a word that was not given stands for is what the sender takes for a zero.
func TestDefaultsAreTheSenders(t *testing.T) {
	for _, name := range []string{"rs2", "raptor", "raptorq", "ldpc", "ldpc-triangle"} {
		var cfg sender.Config
		if err := (&FEC{Scheme: name}).Apply(&cfg, mib); err != nil {
			t.Fatal(err)
		}
		zero := cfg
		zero.OTI = fec.OTI{
			EncodingID: cfg.OTI.EncodingID, SymbolLength: cfg.OTI.SymbolLength,
			MaxSourceBlockLength: cfg.OTI.MaxSourceBlockLength, MaxEncodingSymbols: cfg.OTI.MaxEncodingSymbols,
		}
		if got, want := announced(t, cfg, mib), announced(t, zero, mib); got != want {
			t.Errorf("%s: %+v; the sender's is %+v", name, got, want)
		}
	}
}

// TestShortestLDPC: the sender shortens the symbols of files with fewer than minLDPC of them, and of no others.
func TestShortestLDPC(t *testing.T) {
	var cfg sender.Config
	if err := (&FEC{Scheme: "ldpc"}).Apply(&cfg, mib); err != nil {
		t.Fatal(err)
	}
	length := uint64(cfg.OTI.SymbolLength)
	if o := announced(t, cfg, minLDPC*length); uint64(o.SymbolLength) != length {
		t.Errorf("%d symbols are shortened to %d bytes", minLDPC, o.SymbolLength)
	}
	if o := announced(t, cfg, (minLDPC-1)*length); uint64(o.SymbolLength) == length {
		t.Errorf("%d symbols are not shortened", minLDPC-1)
	}
}

// TestMaxDatagramIsTheNodes: the longest datagram of a word is the longest that a node receives.
func TestMaxDatagramIsTheNodes(t *testing.T) {
	n, err := node.Start(node.Config{Budget: mib}) // too small for datagrams of that length: no socket is opened
	if err != nil {
		t.Fatal(err)
	}
	defer n.Stop(context.Background())
	for length, refused := range map[int]bool{maxDatagram: false, maxDatagram + 1: true} {
		_, err := n.Receive(context.Background(), node.ReceiveConfig{
			Group: netip.MustParseAddrPort("239.255.0.1:3400"), Dir: t.TempDir(), MaxDatagram: length,
		})
		if err == nil || strings.Contains(err.Error(), "MaxDatagram") != refused {
			t.Errorf("%d bytes: %v; refused for that: %v", length, err, refused)
		}
	}
}
