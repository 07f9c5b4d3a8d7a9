package integration

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

// render returns one datagram with this header and body.
func render(t *testing.T, s alc.Spec, body []byte) []byte {
	t.Helper()
	template, err := alc.NewTemplate(s)
	if err != nil {
		t.Error(err)
		return nil
	}
	return append(template.Append(nil, false), body...)
}

func instance(t *testing.T, tsi flute.TSI, document string) []byte {
	t.Helper()
	oti := fec.OTI{TransferLength: uint64(len(document)), SymbolLength: 1400, MaxSourceBlockLength: 64}
	return render(t, alc.Spec{TSI: tsi, FLUTEVersion: 2, OTI: &oti}, append(make([]byte, 4), document...))
}

// attacks make the datagram number i of a flood.
var attacks = map[string]func(t *testing.T, i int) []byte{
	"empty": func(t *testing.T, i int) []byte {
		return render(t, alc.Spec{TSI: flute.TSI(1000 + i), TOI: flute.NewTOI(1)}, nil)
	},
	"symbol": func(t *testing.T, i int) []byte {
		oti := fec.OTI{TransferLength: 1 << 20, SymbolLength: 4, MaxSourceBlockLength: 64}
		return render(t, alc.Spec{TSI: flute.TSI(1000 + i), TOI: flute.NewTOI(1), OTI: &oti},
			[]byte{0, 1, 0, 2, 1, 2, 3, 4})
	},
	"junk FDT": func(t *testing.T, i int) []byte { return instance(t, flute.TSI(1000+i), "<FDT-Instance") },
	"FDT": func(t *testing.T, i int) []byte {
		return instance(t, flute.TSI(1000+i), fmt.Sprintf(
			`<FDT-Instance Expires="4294967295"><File TOI="1" Content-Location="file:///x%d"/></FDT-Instance>`, i))
	},
	"far": func(t *testing.T, i int) []byte {
		oti := fec.OTI{TransferLength: 65535 * 60000, SymbolLength: 1, MaxSourceBlockLength: 65535}
		if i == 0 {
			return instance(t, 1000,
				fmt.Sprintf(`<FDT-Instance Expires="4294967295"><File TOI="1" Content-Location="file:///far"`+
					` Content-Length="%d"/></FDT-Instance>`, oti.TransferLength))
		}
		d := render(t, alc.Spec{TSI: 1000, TOI: flute.NewTOI(1), OTI: &oti}, nil)
		d = binary.BigEndian.AppendUint16(d, uint16(i*7%60000))
		return append(binary.BigEndian.AppendUint16(d, uint16(i)), 1)
	},
}

// TestFloods: while another source floods the group, two good flows arrive: one that was there before, and one that
// begins when the flood has filled whatever it can fill.
func TestFloods(t *testing.T) {
	const before, most, every = 6000, 200_000, 50
	for name, datagram := range attacks {
		t.Run(name, func(t *testing.T) {
			group := newGroup(t)
			ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
			defer cancel()
			n, err := node.Start(node.Config{Budget: 16 << 20})
			if err != nil {
				t.Fatal(err)
			}
			defer stop(t, n)
			completed := n.Subscribe(node.SubscribeOptions{Filter: func(e notice.Event) bool {
				c, ok := e.(event.ObjectCompleted)
				return ok && !c.Sending && strings.HasPrefix(c.Path, "good")
			}})
			st := mem.New()
			if _, err := n.Receive(t.Context(),
				node.ReceiveConfig{Group: group, Interface: "lo", Store: st}); err != nil {
				t.Fatal(err)
			}
			contents := map[string][]byte{}
			send := func(tsi flute.TSI) {
				s, err := n.Send(t.Context(), node.SendConfig{
					To: group, TSI: tsi, Interface: "lo", Rate: 2_000_000,
					// what a loaded machine loses comes again
					Session: sender.Config{TransferCount: -1, Delay: time.Second},
				})
				if err != nil {
					t.Fatal(err)
				}
				path := fmt.Sprint("good", tsi)
				contents[path] = bytes.Repeat([]byte(path), 20_000)
				f := sender.File{
					ContentLocation: path, Content: bytes.NewReader(contents[path]), Size: uint64(len(contents[path])),
				}
				if _, err := s.Add(ctx, f, nil); err != nil {
					t.Fatal(err)
				}
			}
			send(1)
			var sent atomic.Int64
			over := make(chan struct{})
			flooded := make(chan struct{})
			go func() {
				defer close(flooded)
				c, err := net.DialUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.2:0")),
					net.UDPAddrFromAddrPort(group))
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				for i := range most {
					if i%every == 0 {
						select {
						case <-over:
							return
						case <-time.After(10 * time.Millisecond):
						}
					}
					if _, err := c.Write(datagram(t, i)); err == nil {
						sent.Add(1)
					}
				}
			}()
			for sent.Load() < before && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			send(2)
			arrived := map[string]bool{}
			for len(arrived) < 2 {
				select {
				case e := <-completed.Events():
					if c, ok := e.(event.ObjectCompleted); ok {
						arrived[c.Path] = true
					}
				case <-ctx.Done():
					t.Errorf("arrived: %v; %d datagrams of the flood were sent", arrived, sent.Load())
					arrived["a"], arrived["b"] = true, true
				}
			}
			close(over)
			<-flooded
			for path, want := range contents {
				if got, ok := st.Get(path); !ok || !bytes.Equal(got, want) {
					t.Errorf("%s is not there, or has other bytes", path)
				}
			}
		})
	}
}
