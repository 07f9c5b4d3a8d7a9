package node

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store/mem"
)

// laborious is Reed-Solomon that takes long.
type laborious struct{ fec.Scheme }

func (s laborious) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	d, err := s.Scheme.NewDecoder(o, v, k)
	return laboriousDecoder{d, int(o.SymbolLength)}, err
}

type laboriousDecoder struct {
	fec.Decoder
	length int
}

func (d laboriousDecoder) Recover(source [][]byte, _ []fec.Symbol) error {
	time.Sleep(20 * time.Second)
	for i := range source {
		source[i] = source[i][:d.length]
	}
	return nil
}

// TestHeavyJunk: source blocks that take minutes to decode, in several sessions, do not keep a small file of another
// session waiting.
func TestHeavyJunk(t *testing.T) {
	registry := schemes.Default().With(fec.ReedSolomonGF2m, 0, laborious{rs.New()})
	var longest atomic.Int64
	inWorld(t, Config{Registry: registry, Workers: 2, OnDecode: func(d time.Duration) {
		longest.Store(max(longest.Load(), int64(d)))
	}}, func(w *world) {
		// The junk comes to a reception of its own: what is heavy is bounded for the node as a whole.
		w.receive(simnet.Link{}, ReceiveConfig{
			Session: receiver.Config{Variant: rs.Rizzo}, Store: mem.New(),
			TSIs: []flute.TSI{100, 101, 102},
		})
		w.receive(simnet.Link{}, ReceiveConfig{Session: receiver.Config{Variant: rs.Rizzo}, TSIs: []flute.TSI{1}})
		const k, length, blocks = 2000, 600, 2
		oti := fec.OTI{
			EncodingID: fec.ReedSolomonGF2m, TransferLength: blocks * k * length, SymbolLength: length,
			MaxSourceBlockLength: k, MaxEncodingSymbols: 2 * k, FieldBits: 16, GroupSize: 1,
		}
		for i := range 3 {
			tsi := flute.TSI(100 + i)
			s := w.net.Dial(netip.AddrPortFrom(forged(i), 4000), simGroup)
			template, err := alc.NewTemplate(alc.Spec{
				TSI: tsi, TOI: flute.NewTOI(1), OTI: &oti, Codepoint: uint8(oti.EncodingID),
			})
			if err != nil {
				t.Fatal(err)
			}
			datagrams := [][]byte{instanceOf(t, tsi,
				`<FDT-Instance Expires="4000000000"><File TOI="1" Content-Location="file:///junk"/></FDT-Instance>`)}
			for j := range blocks * k {
				d := oti.AppendPayloadID(template.Append(nil, false),
					fec.PayloadID{SBN: fec.SBN(j / k), ESI: fec.ESI(k + j%k)})
				datagrams = append(datagrams, append(d, make([]byte, length)...))
			}
			for len(datagrams) > 0 {
				n := min(32, len(datagrams))
				if _, err := s.WriteBatch(datagrams[:n]); err != nil {
					t.Fatal(err)
				}
				datagrams = datagrams[n:]
				time.Sleep(time.Millisecond)
			}
		}
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 1, 1000)
		time.Sleep(time.Second)
		if how := w.ends()["1/1"]; how != "completed" {
			t.Errorf("after a second: %q", how)
		}
		w.finish(s)
		w.delivered()
		time.Sleep(5 * time.Minute)
		if d := time.Duration(longest.Load()); d != 20*time.Second {
			t.Errorf("the longest step of decoding took %v, as is told", d)
		}
	})
}
