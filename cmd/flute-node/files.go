package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/source"
)

// fileFlags say which files are sent.
type fileFlags struct {
	Links string         `default:"skip" help:"Symbolic links below a PATH: skip leaves them out, follow sends what they lead to, also outside, error refuses them."`
	Names string         `default:"base" help:"How files are named: base is the last element of PATH with what is below it, path the whole of PATH, without / or .. at its start."`
	List  string         `placeholder:"FILE" help:"Send the files of FILE, each on a line of JSON: path; name, cenc, digest, etag, cache_control, content_type, groups, priority, repeat, carousel, start_at, until, within, by, fec, repair, symbol, block where it has its own."`
	Name  string         `placeholder:"NAME|URI" help:"Name of what comes from standard input, which is the PATH -."`
	Spool settings.Bytes `default:"4GiB" placeholder:"SIZE" help:"Standard input is kept on the disk; more than SIZE is refused."`
	Paths []string       `arg:"" optional:"" name:"PATH" help:"Files, and folders with all that is in them; - is standard input."`
}

// find lists the files. nothing tells that there may be none.
func (f *fileFlags) find(ctx context.Context, nothing bool) (
	items []*outgoing.Item, skipped []source.Skipped, err error,
) {
	options, err := (&settings.Files{Links: f.Links, Names: f.Names}).Options()
	if err != nil {
		return nil, nil, flagged(err)
	}
	paths := slices.DeleteFunc(slices.Clone(f.Paths), func(p string) bool { return p == standardInput })
	switch inputs := len(f.Paths) - len(paths); {
	case inputs > 1:
		return nil, nil, errors.New("standard input can be sent once only")
	case inputs == 1 && f.Name == "":
		return nil, nil, errors.New("standard input needs a --name")
	case inputs == 0 && f.Name != "":
		return nil, nil, errors.New("--name is that of standard input, the PATH -")
	case len(f.Paths) == 0 && f.List == "" && !nothing:
		return nil, nil, errors.New("no PATH is given")
	}
	lines, err := f.listed()
	if err != nil {
		return nil, nil, err
	}
	items, skipped, err = outgoing.Find(paths, lines, options)
	switch {
	case err == nil:
	case !options.FullNames && errors.Is(err, source.ErrClash):
		return nil, nil, fmt.Errorf("%w; --names path keeps them apart", err)
	default:
		return nil, nil, f.atLine(err)
	}
	if len(paths) < len(f.Paths) {
		input, err := f.spooled(ctx)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, input)
	}
	return items, skipped, nil
}

// atLine names the file of a line of --list.
func (f *fileFlags) atLine(err error) error {
	if e, ok := errors.AsType[*outgoing.LineError](err); ok {
		return fmt.Errorf("%s: %w", f.List, e)
	}
	return err
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
func tellSkipped(out *output, skipped []source.Skipped) {
	for i, s := range skipped {
		text := ""
		if i < maxSkippedLines || s.Failed {
			text = plain(fmt.Sprintf("not sent: %s: %s", s.Path, s.Reason))
		}
		out.skipped(s, text)
	}
	if n := len(skipped); n > maxSkippedLines && !out.json {
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
		o.write(o.events.line("skipped", s))
	case text != "":
		o.text(text)
	}
}

// notSent tells that a file cannot be sent.
func notSent(out *output, f *sender.File, err error) {
	out.show(notice.Warning{Text: fmt.Sprintf("not sent: %s: %v", f.ContentLocation, err)})
}
