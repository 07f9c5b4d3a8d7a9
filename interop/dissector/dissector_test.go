package dissector

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/capture"
)

var (
	each    = flag.Int("each", 100, "packets of each layout")
	seed    = flag.Uint64("seed", 1, "of the packets")
	results = flag.String("results", "", "file to add a line of JSON to, for docs/interop.sh")
)

// TestFields: the dissector reads in each packet what was written, but for its named faults.
func TestFields(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	var packets []*packet
	r := rand.New(rand.NewPCG(*seed, 0))
	for _, l := range layouts() {
		for i := range *each {
			// Of each scheme a quarter may have the words of RFC 3451, and a twentieth has reserved bits.
			scheme, turn := i%len(schemes), i/len(schemes)
			reserved := (3*turn+scheme)%20 == 19
			p, err := random(r, l, schemes[scheme], (turn+scheme)%4 == 1 && !reserved, reserved)
			if err != nil {
				t.Fatalf("%v: %v", l, err)
			}
			packets = append(packets, p)
		}
	}
	lines := dissect(t, tshark, packets)
	if len(lines) != len(packets) {
		t.Fatalf("%d lines for %d packets", len(lines), len(packets))
	}
	seen, compared, wrong := map[string]int{}, 0, 0
	for i, p := range packets {
		got := fields{}
		for j, value := range strings.Split(lines[i], "|") {
			if j < len(names) {
				got[names[j]] = value
			}
		}
		if p.fdt != nil && !strings.Contains(got["_ws.malformed"], "RMT") {
			got["_ws.malformed"] = "" // the symbols are noise and no FDT Instance
		}
		n, named, unknown := compare(p, got)
		compared += n
		for name := range named {
			seen[name]++
		}
		if len(unknown) > 0 {
			if wrong++; wrong <= 10 {
				text := strings.Join(unknown, "; ")
				t.Errorf("packet %d, %v, %v: %s\n%x", i+1, p.layout, p.scheme.EncodingID, text, p.bytes)
			}
		}
	}
	if wrong > 10 {
		t.Errorf("%d packets in all", wrong)
	}
	t.Logf("%d packets, %d fields", len(packets), compared)
	for _, name := range allFaults() {
		t.Logf("%6d packets: %s", seen[name], name)
	}
	save(t, tshark, len(packets), compared, wrong, seen)
}

// compare returns how many fields were compared, the faults of the dissector that show, and what they do not explain.
func compare(p *packet, got fields) (n int, named map[string]bool, unknown []string) {
	named = map[string]bool{}
	want, by := said(p), map[string]string{}
	instead := said(p)
	for _, x := range faults {
		before := fields{}
		maps.Copy(before, instead)
		x.read(p, instead)
		for _, name := range names {
			if before[name] != instead[name] {
				by[name] = x.name
			}
		}
	}
	compared := names
	if r := p.header.Reserved; r != 0 {
		// The dissector takes them for flags: if it does not, all is as it should be.
		if got["rmt-lct.flags.sct_present"] == bit(r&2 != 0) && got["rmt-lct.flags.ert_present"] == bit(r&1 != 0) {
			named[reservedBits] = true
			compared = names[:beforeTimes]
			for _, name := range []string{"rmt-lct.flags.sct_present", "rmt-lct.flags.ert_present"} {
				want[name] = got[name]
			}
		}
	}
	for _, name := range compared {
		n++
		switch got[name] {
		case want[name]:
		case instead[name]:
			named[by[name]] = true
		default:
			unknown = append(unknown, name+" is "+got[name]+", meant is "+want[name])
		}
	}
	return n, named, unknown
}

func allFaults() []string {
	all := []string{reservedBits}
	for _, x := range faults {
		all = append(all, x.name)
	}
	return all
}

// dissect returns a line for each packet, its fields separated by "|".
func dissect(t *testing.T, tshark string, packets []*packet) []string {
	t.Helper()
	var file bytes.Buffer
	w, err := capture.NewWriter(&file, capture.Raw, "test")
	if err != nil {
		t.Fatal(err)
	}
	src, dst := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("239.1.1.1:3400")
	for _, p := range packets {
		if err := w.Datagram(time.Unix(1_800_000_000, 0), src, dst, p.bytes, ""); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "packets.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"-r", path, "-d", "udp.port==3400,alc", "-T", "fields", "-E", "separator=|", "-E", "occurrence=a",
		"-E", "aggregator=,", "-n",
	}
	for _, name := range names {
		args = append(args, "-e", name)
	}
	cmd := exec.CommandContext(t.Context(), tshark, args...)
	var warnings bytes.Buffer
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, warnings.Bytes())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// save adds the result to the file of -results.
func save(t *testing.T, tshark string, packets, compared, wrong int, seen map[string]int) {
	t.Helper()
	if *results == "" {
		return
	}
	out, err := exec.CommandContext(t.Context(), tshark, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	version, _, _ := strings.Cut(string(out), "\n")
	type named struct {
		Name    string `json:"name"`
		Packets int    `json:"packets"`
	}
	var told []named
	for _, name := range allFaults() {
		told = append(told, named{name, seen[name]})
	}
	line, err := json.Marshal(map[string]any{
		"dissector": strings.Join(strings.Fields(version)[:3], " "),
		"packets":   packets, "fields": compared, "wrong": wrong, "faults": told,
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(*results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
