// Command fecplot draws the figures of docs/fec.md and writes its table of speeds, from the JSON lines of `flute-node
// bench fec`, `flute-node bench overhead` and `peer bench` (interop/peer). measure.sh makes them all in one go. With
// -utp it draws the figures of docs/utp.md instead, from the curves of interop/utp-compare.sh; with -performance those
// of docs/performance.md and its tables, from the JSON lines of `flute-node bench` io, file and sessions
// (performance.sh).
//
//	go run . -docs .. measured.jsonl peer.jsonl
//	go run . -docs .. -utp utp.jsonl
//	go run . -docs .. -performance performance.jsonl
//
// # Limitations
//
// It is a module of its own, so that the library that draws stays out of the product's dependencies.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	docs := flag.String("docs", "..", "folder with fec.md, utp.md and performance.md, for the figures")
	utp := flag.String("utp", "", "file of --curves of interop/utp-compare.sh")
	performance := flag.String("performance", "", "file of JSON lines of bench io, file and sessions")
	flag.Parse()
	draw := func() error { return run(*docs, flag.Args()) }
	if *utp != "" {
		draw = func() error { return drawPaths(*docs, *utp) }
	}
	if *performance != "" {
		draw = func() error { return drawPerformance(*docs, *performance) }
	}
	if err := draw(); err != nil {
		fmt.Fprintln(os.Stderr, "fecplot:", err)
		os.Exit(1)
	}
}

func run(docs string, files []string) error {
	var m measured
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = m.read(f)
		_ = f.Close() // nothing was written
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, draw := range map[string]func(path string) error{
		"fec-encode.svg":   func(path string) error { return drawSpeed(&m, "encode", 0, path) },
		"fec-decode.svg":   func(path string) error { return drawSpeed(&m, "decode", 0.05, path) },
		"fec-overhead.svg": func(path string) error { return drawOverhead(&m, path) },
		"fec-repair.svg":   drawRepair,
	} {
		if err := draw(filepath.Join(docs, name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return insertTable(filepath.Join(docs, "fec.md"), speedTable(&m))
}
