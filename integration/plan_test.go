package integration

import (
	"net"
	"runtime"
	"testing"
	"time"
)

// TestPlanIsWhatIsSent: a run of send sends as many datagrams and bytes as send --plan has said, which sends none.
func TestPlanIsWhatIsSent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("lo is called otherwise")
	}
	for name, flags := range map[string][]string{
		"no code":     {"--fec", "no-code"},
		"raptorq":     {"--fec", "raptorq", "--repair", "20%"},
		"repeat":      {"--fec", "rs", "--repeat", "3"},
		"within":      {"--fec", "no-code", "--within", "300ms"},
		"gzip":        {"--cenc", "auto", "--fec", "no-code"},
		"later":       {"--digest", "later,md5", "--toi-bits", "16"},
		"in transfer": {"--fdt-mode", "transfer", "--carousel", "delay=100ms", "--repeat", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group, file := newGroup(t), write(t, t.TempDir(), "file", 100_000)
			lo, err := net.InterfaceByName("lo")
			if err != nil {
				t.Skip(err)
			}
			conn, err := net.ListenMulticastUDP("udp4", lo, net.UDPAddrFromAddrPort(group))
			if err != nil {
				t.Skip(err)
			}
			defer conn.Close()
			_ = conn.SetReadBuffer(4 << 20)
			sent := func() (packets, bytes float64) {
				b := make([]byte, 1<<16)
				for {
					// What was sent on the loopback interface is in the buffer when the sender has ended.
					_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
					n, err := conn.Read(b)
					if err != nil {
						return packets, bytes
					}
					packets, bytes = packets+1, bytes+float64(n)
				}
			}
			args := append([]string{"send", "--to", group.String(), "--interface", "lo", "--rate", "20Mbit", "--json"},
				flags...)
			p := start(t, append(args, "--plan", file)...)
			p.ok()
			if packets, _ := sent(); packets != 0 {
				t.Fatalf("%v packets are sent for a plan", packets)
			}
			planned, payload := p.named("plan", "packets"), p.named("plan", "payload_bytes")
			if len(planned) != 1 {
				t.Fatal(p.stdout.String())
			}
			start(t, append(args, file)...).ok()
			packets, bytes := sent()
			// That no file follows may be in the first FDT Instance or in its last transmission only.
			if packets != planned[0] || bytes > payload[0].(float64) || bytes < payload[0].(float64)-100 {
				t.Errorf("%v packets of %v bytes; planned %v of %v", packets, bytes, planned[0], payload[0])
			}
		})
	}
}
