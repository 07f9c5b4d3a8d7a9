package core

import (
	"net/netip"
	"testing"
	"time"
)

// BenchmarkPacket is one packet of data on its way from Write to Read, with its share of acknowledgements, without a
// network.
func BenchmarkPacket(b *testing.B) {
	now := time.Now()
	h := newDoor(b, Config{})
	cfg := Config{SendBuffer: 4 << 20, ReceiveBuffer: 4 << 20, NoPacing: true}
	sender, err := Dial(now, cfg, 7, 1)
	if err != nil {
		b.Fatal(err)
	}
	from := netip.MustParseAddrPort("192.0.2.1:99")
	var receiver *Conn
	buf, data := make([]byte, 0, 2000), make([]byte, 64<<10)
	packets := 0
	b.ReportAllocs()
	for b.Loop() {
		for sent := 0; sent == 0; { // until a packet of data went
			now = now.Add(time.Millisecond)
			if _, err := sender.Write(now, data); err != nil {
				b.Fatal(err)
			}
			for {
				pkt, _, ok := sender.AppendNext(buf, now)
				if !ok {
					break
				}
				if receiver == nil {
					var answer []byte
					if receiver, answer = h.Handle(now, from, pkt, nil); answer != nil {
						sender.Handle(now, answer)
					}
					continue
				}
				receiver.Handle(now, pkt)
				if len(pkt) > 1000 {
					sent++
				}
			}
			if receiver == nil {
				continue
			}
			for {
				if n, _ := receiver.Read(now, data); n == 0 {
					break
				}
			}
			for {
				pkt, _, ok := receiver.AppendNext(buf, now)
				if !ok {
					break
				}
				sender.Handle(now, pkt)
			}
			packets += sent
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
	b.ReportMetric(float64(packets)*1432/b.Elapsed().Seconds()/1e6, "MB/s")
}
