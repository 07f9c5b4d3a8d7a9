package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/source"
)

// fileFlags say which files are sent.
type fileFlags struct {
	Links string   `default:"skip" help:"Symbolic links below a PATH: skip leaves them out, follow sends what they lead to, also outside, error refuses them."`
	Names string   `default:"base" help:"How files are named: base is the last element of PATH with what is below it, path the whole of PATH, without / or .. at its start."`
	Paths []string `arg:"" name:"PATH" help:"Files, and folders with all that is in them."`
}

// find lists the files.
func (f *fileFlags) find() (*source.List, error) {
	options, err := (&settings.Files{Links: f.Links, Names: f.Names}).Options()
	if err != nil {
		return nil, flagged(err)
	}
	list, err := source.Find(f.Paths, options)
	if err != nil && !options.FullNames && errors.Is(err, source.ErrClash) {
		err = fmt.Errorf("%w; --names path keeps them apart", err)
	}
	return list, err
}

// hasFolder reports whether one of the paths is a folder.
func (f *fileFlags) hasFolder() bool {
	return slices.ContainsFunc(f.Paths, func(p string) bool {
		info, err := os.Stat(p)
		return err == nil && info.IsDir()
	})
}

// maxSkippedLines bounds what people are told of one by one.
const maxSkippedLines = 20

// tellSkipped tells what is left out, and what of it cannot be read.
func tellSkipped(out *output, list *source.List) {
	for i, s := range list.Skipped {
		text := ""
		if i < maxSkippedLines || s.Failed {
			text = plain(fmt.Sprintf("not sent: %s: %s", s.Path, s.Reason))
		}
		out.skipped(s, text)
	}
	if n := len(list.Skipped); n > maxSkippedLines && !out.json {
		out.note("", nil, fmt.Sprintf("%d entries are not sent", n))
	}
}

// skipped tells that an entry is not sent; people only if there is a text.
func (o *output) skipped(s source.Skipped, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.quiet && !s.Failed:
	case o.json:
		o.lines.line("skipped", s)
	case text != "":
		o.text(text)
	}
}

// notSent tells that a file cannot be sent.
func notSent(out *output, f *sender.File, err error) {
	out.show(notice.Warning{Text: fmt.Sprintf("not sent: %s: %v", f.ContentLocation, err)})
}
