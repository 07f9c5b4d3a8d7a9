package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/source"
)

// item is a file to be sent, with words of its own.
type item struct {
	sender.File
	words settings.Object
	line  int // of the list; 0: it is of none
}

// listLine is a line of the file of --list.
type listLine struct {
	Path string `json:"path"`
	Name string `json:"name"` // empty: that of --names
	settings.Object
}

// maxListLine bounds a line of the file of --list.
const maxListLine = 64 << 10

// readList reads the file of --list: one JSON object a line, empty lines aside.
func readList(r io.Reader) (lines []listLine, numbers []int, err error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxListLine)
	for n := 1; scan.Scan(); n++ {
		text := bytes.TrimSpace(scan.Bytes())
		if len(text) == 0 {
			continue
		}
		var l listLine
		err := readObject(text, &l)
		if err == nil && l.Path == "" {
			err = errors.New("path is missing")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("line %d: %w", n, err)
		}
		lines, numbers = append(lines, l), append(numbers, n)
	}
	return lines, numbers, scan.Err()
}

// readObject reads one JSON object, which has no other fields than to.
func readObject(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil && d.More() {
		err = errors.New("more than one object")
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := e.Field[strings.LastIndexByte(e.Field, '.')+1:]
		return fmt.Errorf("%s: it is no %s", cmp.Or(field, "the line"), e.Value)
	}
	return err
}

// listed returns the files of --list.
func (f *fileFlags) listed(options source.Options) (items []item, skipped []source.Skipped, err error) {
	file, err := os.Open(f.List)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	lines, numbers, err := readList(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.List, err)
	}
	for i, l := range lines {
		found, err := source.Find([]string{l.Path}, options)
		if err == nil && l.Name != "" && len(found.Files) != 1 {
			err = fmt.Errorf("name %q: %s is no file", l.Name, l.Path)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: line %d: %w", f.List, numbers[i], err)
		}
		for _, one := range found.Files {
			if l.Name != "" {
				one.ContentLocation = source.Location(l.Name)
			}
			items = append(items, item{one, l.Object, numbers[i]})
		}
		skipped = append(skipped, found.Skipped...)
	}
	return items, skipped, nil
}

// standardInput is the path that stands for it.
const standardInput = "-"

// spooled reads standard input to its end.
func (f *fileFlags) spooled(ctx context.Context) (item, error) {
	type result struct {
		file sender.File
		err  error
	}
	done := make(chan result, 1)
	go func() {
		file, err := source.Stream(ctx, f.Name, os.Stdin, uint64(f.Spool))
		done <- result{file, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return item{}, fmt.Errorf("standard input: %w", r.err)
		}
		return item{File: r.file}, nil
	case <-ctx.Done(): // nothing can interrupt the reading; it ends with the process
		return item{}, interruption(ctx, "while standard input was read")
	}
}
