package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const performances = `{"program":"flute-node","cpu":"Abacus","os":"linux","arch":"amd64","go":"go1.26"}
{"peer":"flute-node","operation":"io","part":"sha-256","seconds_per_gb":0.72,"clock_seconds_per_gb":0.75}
{"peer":"flute-node","operation":"io limit","digest":"sha-256","seconds_per_gb":1.5}
{"peer":"flute-node","operation":"file","digest":"sha-256","size":2000000000,"rate":0,"median":5,"limit_seconds":4,"processor_limit_seconds":4,"disk_seconds":1.5,"first_packet_ms":3.25}
{"peer":"flute-node","operation":"file","digest":"","size":2000000000,"rate":5000000000,"median":4,"limit_seconds":1,"processor_limit_seconds":0.5,"disk_seconds":1,"first_packet_ms":3}
{"peer":"flute-node","operation":"sessions","sessions":1,"rate":2000000000,"datagrams":7,"microseconds_per_datagram":2.5,"ratio":1,"memory":1048576}
{"peer":"flute-node","operation":"sessions","sessions":1000,"rate":2000000000,"datagrams":9,"dropped":1,"kernel_drops":2,"lost_files":3,"microseconds_per_datagram":5,"ratio":2,"steady_microseconds_per_datagram":3,"steady_ratio":1.2,"memory":1048576}
{"peer":"flute-node","operation":"objects","sessions":1,"objects":100,"rate":1000000000,"datagrams":8,"microseconds_per_datagram":4,"ratio":1.5,"steady_microseconds_per_datagram":3.5,"steady_ratio":1.25,"memory":2097152}
`

// TestPerformance: the page has the tables of what was measured, and both figures are drawn.
func TestPerformance(t *testing.T) {
	dir := t.TempDir()
	page, file := filepath.Join(dir, "performance.md"), filepath.Join(dir, "p.jsonl")
	for name, text := range map[string]string{page: "a\n" + tableBegin + tableEnd + "z\n", file: performances} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := drawPerformance(dir, file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured on: Abacus, linux/amd64, go1.26.\n", "| sha-256 | 0.720 | 0.750 |\n",
		"| sha-256 | 2.00 | as read | 5.00 | 4.00 | 1.50 | 4.00 | 80 % | 3.2 ms |\n",
		"| none | 2.00 | 5 Gbit/s | 4.00 | 0.50 | 1.00 | 1.00 | 25 % | 3.0 ms |\n",
		"| µs for a datagram | Ratio | While all send | Ratio | Memory |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
		"| 1000 | 9 | 1 | 2 | 3 | 5.00 | 2.00 | 3.00 | 1.20 | 1 MiB |\n",
		"| Files of one session, at 1 Gbit/s |", "| 100 | 8 | 0 | 0 | 0 | 4.00 | 1.50 | 3.50 | 1.25 | 2 MiB |\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, name := range []string{"performance-file.svg", "performance-sessions.svg"} {
		if svg, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(svg), "<svg") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(file, []byte(strings.Split(performances, "\n")[1]), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := drawPerformance(dir, file); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("of half a measurement: %v", err)
	}
}
