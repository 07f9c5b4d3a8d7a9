package integration

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/udp"
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
			mark, err := udp.Dial(udp.SendConfig{To: group, Interface: "lo"})
			if err != nil {
				t.Fatal(err)
			}
			defer mark.Close()
			sent := func() (packets, bytes float64) {
				// What was sent on the loopback interface is in the buffer when the sender has ended, before this.
				if _, err := mark.WriteBatch([][]byte{[]byte("end")}); err != nil {
					t.Fatal(err)
				}
				b := make([]byte, 1<<16)
				for {
					_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
					n, err := conn.Read(b)
					if err != nil {
						t.Fatal(err)
					}
					if string(b[:n]) == "end" {
						return packets, bytes
					}
					packets, bytes = packets+1, bytes+float64(n)
				}
			}
			// With the usual interval a busy machine may send one FDT Instance more.
			args := append([]string{
				"send", "--to", group.String(), "--interface", "lo", "--rate", "20Mbit", "--json",
				"--fdt-interval", "10m",
			}, flags...)
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
