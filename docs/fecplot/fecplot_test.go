package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	for name, text := range map[string]string{"m.jsonl": lines, "fec.md": "before\n" + tableBegin + "old\n" + tableEnd + "after\n"} {
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
		"Measured on one core of: Abacus, linux/amd64, go1.26. MB/s (10^6 bytes) of source data, median; symbols of 1400 bytes.\n\n" +
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

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"m.jsonl": lines, "broken.jsonl": "{", "empty.jsonl": "", "fec.md": "no marks\n"} {
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
