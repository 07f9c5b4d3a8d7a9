package node

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/simnet"
)

// hoard sends what a receiver has to keep and can never use: repair symbols of source blocks that stay incomplete.
func (w *world) hoard(source netip.Addr, tsi flute.TSI, bytes int) {
	w.t.Helper()
	const size = 1000
	oti := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 64 << 20, SymbolLength: size, MaxSourceBlockLength: 200,
		MaxEncodingSymbols: 250,
	}
	s := w.net.Dial(netip.AddrPortFrom(source, 4000), simGroup)
	write := func(d []byte) {
		if _, err := s.WriteBatch([][]byte{d}); err != nil {
			w.t.Error(err)
		}
	}
	write(instanceOf(w.t, tsi,
		`<FDT-Instance Expires="4000000000"><File TOI="1" Content-Location="file:///hoard"/></FDT-Instance>`))
	template, err := alc.NewTemplate(alc.Spec{
		TSI: tsi, TOI: flute.NewTOI(1), OTI: &oti, Codepoint: uint8(oti.EncodingID),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range bytes / size {
		id := fec.PayloadID{SBN: fec.SBN(i / 50), ESI: fec.ESI(200 + i%50)}
		d := oti.AppendPayloadID(template.Append(nil, false), id)
		write(append(d, make([]byte, size)...))
		if i%32 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestHoarders: sources that fill all memory that they get leave the files of another what it needs; and when there are
// so many of them that all is spent, a small file, and the FDT Instance that describes it, still arrive.
func TestHoarders(t *testing.T) {
	const budget = 8 << 20
	inWorld(t, Config{Budget: budget}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{Session: receiver.Config{SessionBudget: budget / 4}})
		for tsi := range flute.TSI(4) {
			w.hoard(attacker(0), 100+tsi, budget/4)
		}
		if used := w.node.budget.Used(); used > budget*5/8 || used < budget*3/8 {
			t.Errorf("one source holds %d of %d bytes", used, budget)
		}
		s := w.send(1, 8_000_000, sender.Config{OTI: repaired})
		w.add(s, 3, 500_000)
		w.finish(s)
		w.delivered()
		for i := range 4 {
			w.hoard(forged(i), 100, budget/4)
		}
		if used := w.node.budget.Used(); used < budget*3/4 {
			t.Errorf("only %d of %d bytes are held", used, budget)
		}
		s = w.send(2, 8_000_000, sender.Config{OTI: repaired})
		w.add(s, 3, 5_000)
		w.finish(s)
		w.delivered()
	})
}

func TestBudgetsRefused(t *testing.T) {
	for _, cfg := range []Config{{Budget: 1000, SourceBudget: 1001}, {Budget: 1000, Reserve: 501}} {
		if _, err := Start(cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
	_, err := Start(Config{Budget: 1})
	if want := fmt.Sprintf("take %d or more", slabShare*minReads*defaults.MaxDatagram); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("a budget of 1: %v, want %q", err, want)
	}
}
