package inspect

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/capture"
)

// TestPeerCaptures judges captures of the Rust crate flute 1.11.7, and of its Python package flute-alc (testdata, made
// by capture on loopback). They keep what they must. The command line of the crate sends a packet with A = 1 first,
// which tells receivers that nothing follows; with symbols of 256 bytes an FDT Instance has five packets, without FEC
// where the file has none.
func TestPeerCaptures(t *testing.T) {
	for name, rules := range map[string][]string{
		"flute-rs-no-code": {"L09", "E36"}, "flute-rs-rs": {"L09"}, "flute-rs-raptorq": {"L09"},
		"flute-alc-no-code": {"E36"}, "flute-alc-rs": nil,
	} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", name+".pcapng"))
			if err != nil {
				t.Fatal(err)
			}
			r := judged(t, file, Config{})
			x := one(t, r)
			if diff := cmp.Diff(rules, broken(x)); diff != "" || r.Verdict != Clean {
				t.Errorf("%s\n%s", diff, r.Text())
			}
			if len(x.Objects) != 1 || x.Objects[0].State != "verified" || x.Lost > 0 {
				t.Errorf("%s", r.Text())
			}
		})
	}
}

// TestDamagedPeerCaptures: these captures, each damaged in ten ways, with the verdict and the answer that a
// user is owed. Where FEC has enough to spare, what is lost is no fault of anybody.
func TestDamagedPeerCaptures(t *testing.T) {
	const neither, sender, path, short = "Neither", "The sender", "The path to this point", "The capture is too short"
	isData := func(p packet) bool { return len(p.payload) > 100 && !isFDTOf(p) }
	nth := func(l []packet, n int) int { // the nth packet of an object
		for i := range l {
			if isData(l[i]) {
				if n--; n == 0 {
					return i
				}
			}
		}
		return -1
	}
	flip := func(at int, bit byte) func([]packet) []packet {
		return func(l []packet) []packet { l[nth(l, 3)].payload[at] ^= bit; return l }
	}
	for _, c := range []struct {
		name    string
		damage  func([]packet) []packet
		file    func([]byte) []byte
		verdict string
		rule    string // that must be among those that are broken
		answer  string // its beginning
		repairs bool   // FEC makes it clean
	}{
		{
			"one lost", func(l []packet) []packet { i := nth(l, 4); return slices.Delete(l, i, i+1) }, nil,
			Incomplete, "", path, true,
		},
		{"six lost", func(l []packet) []packet {
			for range 6 {
				i := nth(l, 3)
				l = slices.Delete(l, i, i+1)
			}
			return l
		}, nil, Incomplete, "", path, false},
		{
			"begun too late", func(l []packet) []packet {
				i := nth(l, 6)
				return append(slices.DeleteFunc(slices.Clone(l[:i]), isData), l[i:]...)
			}, nil,
			Incomplete, "", short, false,
		},
		{"ended too early", func(l []packet) []packet { return l[:nth(l, 6)] }, nil, Incomplete, "", short, false},
		{
			"no FDT Instance", func(l []packet) []packet { return slices.DeleteFunc(l, isFDTOf) }, nil,
			Incomplete, "", "No FDT Instance can be read", false,
		},
		{"a wrong byte", func(l []packet) []packet {
			p := l[nth(l, 3)].payload
			p[len(p)-1] ^= 1
			return l
		}, nil, Violations, "E59", sender, false},
		{"a reserved bit", flip(1, 0x08), nil, Violations, "L03", sender, false},
		{"another codepoint", flip(3, 0x40), nil, Violations, "E83", sender, false},
		{"another LCT version", flip(0, 0x30), nil, Violations, "A01", sender, true},
		{"doubled and in another order", func(l []packet) []packet {
			i := nth(l, 5)
			l[i], l[i+1] = l[i+1], l[i]
			return slices.Insert(l, i, l[i+1])
		}, nil, Clean, "", neither, false},
		{
			"a file that is cut", nil, func(b []byte) []byte { return b[:len(b)*2/3] },
			Incomplete, "", "The capture: it could not be read to its end", false,
		},
	} {
		for _, name := range []string{
			"flute-rs-no-code", "flute-rs-rs", "flute-rs-raptorq", "flute-alc-no-code", "flute-alc-rs",
		} {
			file, err := os.ReadFile(filepath.Join("testdata", name+".pcapng"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := capture.NewReader(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			var list []packet
			var d capture.Datagram
			for r.Next(&d) == nil {
				list = append(list, packet{d.Time, bytes.Clone(d.Payload)})
			}
			if c.damage != nil {
				list = c.damage(list)
			}
			damaged := pcap(t, list)
			if c.file != nil {
				damaged = c.file(damaged)
			}
			report := judged(t, damaged, Config{})
			want, answer := c.verdict, c.answer
			if c.repairs && !strings.HasSuffix(name, "no-code") && want == Incomplete {
				want, answer = Clean, neither
			}
			var rules []string
			for i := range report.Sessions {
				rules = append(rules, broken(&report.Sessions[i])...)
			}
			if report.Verdict != want || !strings.HasPrefix(report.Answer[0], answer) ||
				c.rule != "" && !slices.Contains(rules, c.rule) {
				t.Errorf("%s, %s: want %s, %s, %q\n%s", c.name, name, want, c.rule, answer, report.Text())
			}
		}
	}
}

// isFDTOf is isFDT for the captures of the crate, whose TSI and TOI have lengths of their own.
func isFDTOf(p packet) bool {
	_, toi, err := lct.Peek(p.payload)
	return err == nil && toi.IsFDT() && len(p.payload) > 32
}
