package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/netns"
)

// TestLinkGoesDown runs TestLink, which takes links down.
func TestLinkGoesDown(t *testing.T) {
	t.Parallel() // it has a network of its own
	netns.Run(t, "TestLink")
}

// TestLink: a carousel goes on when its link comes back, also as another interface with the same name, and says both. A
// transfer that is sent once ends as if nothing had been. Receivers that were there before join their groups again.
func TestLink(t *testing.T) {
	netns.Inside(t)
	plug := []string{
		"ip link add fn0 type veth peer name fn1", "ip link set fn1 up", "ip addr add 10.77.0.1/24 dev fn0",
		"ip link set fn0 up",
	}
	if !netns.Do(t, plug...) {
		t.Skip("no pairs of virtual interfaces here")
	}
	for name, outage := range map[string]struct{ down, up []string }{
		"down":    {[]string{"ip link set fn0 down"}, []string{"ip link set fn0 up"}},
		"removed": {[]string{"ip link del fn0"}, plug},
	} {
		t.Run(name, func(t *testing.T) {
			dir, from := t.TempDir(), t.TempDir()
			group := "239.77.0.1:3400"
			first := write(t, from, "first", 200_000)
			s := start(t, "--json", "send", "--to", group, "--interface", "fn0", "--rate", "20Mbit", "--repeat",
				"forever", first)
			start(t, "receive", "--group", group, "--interface", "fn0", "--objects", "1", "--timeout", "60s", dir).ok()
			same(t, first, filepath.Join(dir, "first"))

			const bound = "[ff15::78]:3400" // of a process that may not bind its socket to another interface
			late := write(t, from, "late", 100_000)
			waiting := map[string]*process{}
			kept := t.TempDir()
			for to, flags := range map[string][]string{
				"239.77.0.3:3400": nil, "239.77.0.4:3400": {"--source", "10.77.0.1"},
				"[ff15::77]:3400": nil, bound: nil,
			} {
				if to[0] == '[' && !netns.Do(t, "ip -6 addr replace fd77::1/64 dev fn0 nodad") {
					continue
				}
				program := []string{command}
				if to == bound {
					program = []string{"setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", command}
					if _, err := exec.LookPath(program[0]); err != nil {
						continue
					}
				}
				waiting[to] = startProgram(t, nil, nil, program[0], slices.Concat(program[1:], []string{
					"--json", "receive", "--group", to, "--interface", "fn0",
					"--objects", "1", "--timeout", "60s", filepath.Join(kept, to[:11]),
				}, flags)...)
				waiting[to].says(`"event":"ready"`)
			}

			// 2,000,000 bytes at 4 Mbit/s are 4 s.
			once := write(t, from, "once", 2_000_000)
			o := start(t, "--json", "send", "--to", "239.77.0.2:3400", "--interface", "fn0", "--rate", "4Mbit", once)
			o.says("object_progress")
			if !netns.Do(t, outage.down...) {
				t.Fatal("the link does not go away")
			}
			time.Sleep(2 * time.Second)
			if !netns.Do(t, outage.up...) {
				t.Fatal("the link does not come back")
			}
			o.ok()
			netns.Do(t, "ip -6 addr replace fd77::1/64 dev fn0 nodad")
			var senders []*process
			for to, p := range waiting {
				if name == "removed" {
					p.says("is there again")
				}
				senders = append(senders,
					start(t, "send", "--to", to, "--interface", "fn0", "--rate", "5Mbit", "--repeat", "5", late))
			}
			for _, p := range senders {
				p.ok()
			}
			for to, p := range waiting {
				p.ok()
				same(t, late, filepath.Join(kept, to[:11], "late"))
			}
			again := t.TempDir()
			start(t, "receive", "--group", group, "--interface", "fn0", "--objects", "1", "--timeout", "60s",
				again).ok()
			same(t, first, filepath.Join(again, "first"))
			if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			s.ok()
			for who, p := range map[string]*process{"carousel": s, "once": o} {
				var told []string
				for _, e := range p.events() {
					if e["event"] == "warning" {
						told = append(told, e["text"].(string))
					}
				}
				if len(told) != 2 || !strings.Contains(told[0], "nothing can be sent") ||
					!strings.Contains(told[1], "sending again") {
					t.Errorf("%s: %q", who, told)
				}
			}
		})
	}
}
