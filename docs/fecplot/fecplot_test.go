package main

import (
	"cmp"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

const lines = `{"program":"flute-node","cpu":"Abacus","os":"linux","arch":"amd64","go":"go1.26"}
{"peer":"flute-node","scheme":"raptorq","k":1000,"symbol":1400,"operation":"encode","loss":0,"mb_per_s":1500.4,"encoder_bytes":1048576,"decoder_bytes":2097152}
{"peer":"flute-node","scheme":"raptorq","k":100,"symbol":1400,"operation":"encode","loss":0,"mb_per_s":2000,"encoder_bytes":524288,"decoder_bytes":524288}
{"peer":"flute-node","scheme":"raptorq","k":1000,"symbol":1400,"operation":"decode","loss":0.05,"mb_per_s":901,"encoder_bytes":1048576,"decoder_bytes":2097152}
{"peer":"flute-node","scheme":"rs","k":64,"symbol":1400,"operation":"decode","loss":0.05,"mb_per_s":9.87,"encoder_bytes":0,"decoder_bytes":0}
{"peer":"flute-node","scheme":"rs","k":64,"symbol":1400,"operation":"decode","loss":1,"skipped":"no","encoder_bytes":0,"decoder_bytes":0}
{"peer":"raptorq 2.0.1","layer":"codec","scheme":"raptorq","k":1000,"symbol":1400,"operation":"encode","loss":0,"repair":200,"mb_per_s":900.0}
{"peer":"flute 1.11.7","layer":"session","scheme":"rs","k":64,"symbol":1400,"operation":"encode","loss":0,"repair":16,"mb_per_s":1.0}
{"peer":"flute-node","scheme":"raptor","k":100,"operation":"overhead","repair":50,"trials":1000,"failures":[850,480,270,3,0],"mean_extra":1.9,"unsolved":0}
{"peer":"flute-node","scheme":"rs","k":100,"operation":"overhead","repair":50,"trials":1000,"failures":[0,0,0,0,0],"mean_extra":0,"unsolved":0}
`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "fec.md")
	for name, text := range map[string]string{"m.jsonl": lines, "fec.md": "before\n" + tableBegin + "old\n" + tableEnd +
		"after\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time it replaces its own table
		if err := run(dir, []string{filepath.Join(dir, "m.jsonl")}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + tableBegin +
		"Measured on one core of: Abacus, linux/amd64, go1.26. MB/s (10^6 bytes) of source data, median; symbols of " +
		"1400 bytes.\n\n" +
		"| Scheme | K | Encode | Cold | Decode 0 % | 1 % | 5 % | 20 % | Repair only | Encoder MiB | Decoder MiB |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n" +
		"| raptorq | 100 | 2000 |  |  |  |  |  |  | 0.50 | 0.50 |\n" +
		"| raptorq | 1000 | 1500 |  |  |  | 901 |  |  | 1.00 | 2.00 |\n" +
		"| rs | 64 |  |  |  |  | 9.9 |  |  | 0.00 | 0.00 |\n" +
		tableEnd + "after\n"
	if string(text) != want {
		t.Errorf("fec.md:\n%s\nwant:\n%s", text, want)
	}
	for name, has := range map[string][]string{
		"fec-encode.svg":   {"raptorq (raptorq 2.0.1)"},
		"fec-decode.svg":   {">rs<", ">raptorq<"},
		"fec-overhead.svg": {"raptor, K = 100"},
		"fec-repair.svg":   {"raptorq, K = 1024"},
	} {
		svg, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range has {
			if !strings.Contains(string(svg), s) {
				t.Errorf("%s does not mention %s", name, s)
			}
		}
		for _, s := range []string{"flute 1.11.7", "NaN", "Inf"} {
			if strings.Contains(string(svg), s) {
				t.Errorf("%s mentions %s", name, s)
			}
		}
	}
}

// TestFontsFit: the figures of the documentation and those of few lines stay inside, and no text runs into another,
// also in a font that is a good deal wider than the one they were laid out with.
func TestFontsFit(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"m.jsonl": lines, "fec.md": tableBegin + tableEnd} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(dir, []string{filepath.Join(dir, "m.jsonl")}); err != nil {
		t.Fatal(err)
	}
	if err := drawPaths(dir, "utp.jsonl"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, ".."} {
		for _, name := range []string{
			"fec-encode.svg", "fec-decode.svg", "fec-overhead.svg", "fec-repair.svg",
			"utp-rate.svg", "utp-loss.svg", "utp-tcp.svg",
		} {
			svg, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			checkFonts(t, filepath.Join(dir, name), string(svg))
		}
	}
}

// TestPaths: the figures of uTP have a curve for each flow that was measured, and its name.
func TestPaths(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "utp.jsonl")
	const runs = `{"operation":"utp","case":"link","peer":"ours","seconds":[{"second":0,"mbit":{"udp:5000":1}},{"second":1,"mbit":{"udp:5000":90}}]}
{"operation":"utp","case":"loss","peer":"libutp","seconds":[{"second":0,"mbit":{"udp:5000":4}}]}
{"operation":"utp","case":"tcp-60ms","peer":"ours","seconds":[{"second":0,"mbit":{"udp:5000":1,"tcp:8000":19}}]}
`
	if err := os.WriteFile(name, []byte(runs), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := drawPaths(dir, name); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][2]string{
		"utp-rate.svg": {"flute-node", "libutp"}, "utp-loss.svg": {"libutp", "librqbit"},
		"utp-tcp.svg": {"TCP cubic beside it", "libutp"},
	} {
		svg, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(svg), ">"+want[0]+"<") || strings.Contains(string(svg), ">"+want[1]) {
			t.Errorf("%s: want a curve of %s, and none of %s", file, want[0], want[1])
		}
	}
	for _, wrong := range []string{"", "{", `{"operation":"utp","case":"link"}`} {
		if err := os.WriteFile(name, []byte(wrong), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := drawPaths(dir, name); err == nil {
			t.Errorf("%q: no error", wrong)
		}
	}
}

// checkFonts looks at where each text of an SVG begins and ends, if its font has characters of width widest.
func checkFonts(t *testing.T, name, svg string) {
	t.Helper()
	var width, height float64
	if _, err := fmt.Sscanf(svg[strings.Index(svg, "viewBox"):], `viewBox="0 0 %f %f"`, &width, &height); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	type span struct {
		x, end float64
		text   string
	}
	rows := map[string][]span{}
	element := regexp.MustCompile(`(?s)<text x="([-0-9.e]+)" y="([-0-9.e]+)"([^>]*)font-size:([0-9.]+)px"[^>]*>([^<]*)</text>`)
	found := element.FindAllStringSubmatch(svg, -1)
	if len(found) != strings.Count(svg, "<text") || len(found) < 5 {
		t.Fatalf("%s: %d texts, %d elements", name, len(found), strings.Count(svg, "<text"))
	}
	for _, m := range found {
		x, _ := strconv.ParseFloat(m[1], 64)
		y, _ := strconv.ParseFloat(m[2], 64)
		size, _ := strconv.ParseFloat(m[4], 64)
		text := html.UnescapeString(m[5])
		s := span{x, x + widest*size*float64(utf8.RuneCountInString(text)), text}
		if s.x < 0 || s.end > width || -y-0.3*size < 0 || -y+size > height {
			t.Errorf("%s: %q reaches from %.0f to %.0f of %.0f, and is at height %.0f of %.0f", name, text, s.x, s.end,
				width, -y, height)
		}
		if !strings.Contains(m[3], `textLength="`) || !strings.Contains(m[3], ` lengthAdjust="spacingAndGlyphs"`) {
			t.Errorf("%s: %q has no length of its own", name, text)
		}
		rows[m[2]] = append(rows[m[2]], s)
	}
	for _, row := range rows {
		slices.SortFunc(row, func(a, b span) int { return cmp.Compare(a.x, b.x) })
		for i := range row[1:] {
			if row[i].end > row[i+1].x {
				t.Errorf("%s: %q runs into %q", name, row[i].text, row[i+1].text)
			}
		}
	}
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"m.jsonl": lines, "broken.jsonl": "{", "empty.jsonl": "", "fec.md": "no marks\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"absent.jsonl", "broken.jsonl", "empty.jsonl", "m.jsonl"} {
		if err := run(dir, []string{filepath.Join(dir, name)}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
