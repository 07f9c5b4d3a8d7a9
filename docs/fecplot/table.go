package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// speedTable is the table of speeds in Markdown.
func speedTable(m *measured) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Measured on one core of: %s, %s/%s, %s. "+
		"MB/s (10^6 bytes) of source data, median; symbols of 1400 bytes.\n\n",
		m.machine.CPU, m.machine.OS, m.machine.Arch, m.machine.Go)
	losses := []float64{0, 0.01, 0.05, 0.2, 1}
	text.WriteString("| Scheme | K | Encode | Cold | Decode 0 % | 1 % | 5 % | 20 % | Repair only | Encoder MiB | " +
		"Decoder MiB |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	all := m.curves(
		func(r record) bool {
			return r.Peer == own && r.MB > 0 && slices.Contains(schemes(), r.Scheme) && tabled(r.Scheme, r.K)
		},
		func(r record) line { return line{peer: r.Peer, scheme: r.Scheme, k: r.K} })
	for _, c := range all {
		cell := func(operation string, loss float64) string {
			for _, r := range c.records {
				if r.Operation == operation && r.Loss == loss {
					return speed(r.MB)
				}
			}
			return ""
		}
		fmt.Fprintf(&text, "| %s | %d | %s | %s", c.scheme, c.k, cell("encode", 0), cell("encode_cold", 0))
		for _, loss := range losses {
			fmt.Fprintf(&text, " | %s", cell("decode", loss))
		}
		r := c.records[0]
		fmt.Fprintf(&text, " | %.2f | %.2f |\n", float64(r.Encoder)/(1<<20), float64(r.Decoder)/(1<<20))
	}
	return text.String()
}

// tabled leaves the points between for the figures.
func tabled(scheme string, k int) bool {
	switch k {
	case 10, 100, 1000, 10000, 50000:
		return true
	case 64, 200, 300:
		return scheme == "rs" || scheme == "rs16"
	}
	return scheme == "raptor" && k == 8192
}

func speed(mb float64) string {
	if mb < 10 {
		return fmt.Sprintf("%.1f", mb)
	}
	return fmt.Sprintf("%.0f", mb)
}

// The lines of fec.md between which the table stands.
const (
	tableBegin = "<!-- begin of what docs/fecplot writes -->\n"
	tableEnd   = "<!-- end of what docs/fecplot writes -->\n"
)

// insertTable replaces the table in the file.
func insertTable(path, table string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(tableBegin))
	_, after, found := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !found {
		return errors.New("the lines that mark the table are missing in " + path)
	}
	return os.WriteFile(path, slices.Concat(before, []byte(tableBegin), []byte(table), []byte(tableEnd), after), 0o644)
}
