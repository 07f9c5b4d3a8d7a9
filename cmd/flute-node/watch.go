package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/watch"
	"github.com/flute-node/flute-node/source"
	"github.com/flute-node/flute-node/store"
)

// watchFlags say which folder is watched, and how.
type watchFlags struct {
	Watch      string        `placeholder:"DIR" help:"Send the files of DIR when they are whole, again when they change, and no longer when they are removed, until interrupted. Names that begin with a dot or end in .part are left alone; of symbolic links, and what is no regular file, a warning tells."`
	WatchState string        `placeholder:"FILE" help:"Remember in FILE which files of --watch were sent: after a restart only what has changed is. Not for files that are sent for ever."`
	Settle     time.Duration `type:"natural" default:"1s" help:"A file of --watch is whole when it has not changed for so long, or when it is renamed."`
	Include    []string      `placeholder:"PATTERN" help:"Files of --watch: those whose name matches."`
	Exclude    []string      `placeholder:"PATTERN" help:"Files of --watch: not those whose name matches."`
}

// newWatcher returns the Watcher that the flags ask for; nil: none.
func (f *watchFlags) newWatcher(out *output) (*watch.Watcher, error) {
	if f.Watch == "" {
		if f.WatchState != "" || len(f.Include) > 0 || len(f.Exclude) > 0 {
			return nil, errors.New("--watch-state, --include and --exclude need --watch")
		}
		return nil, nil
	}
	return watch.New(watch.Config{
		Folder: f.Watch, Settle: f.Settle, Include: f.Include, Exclude: f.Exclude, State: f.WatchState,
		Warn: func(text string) { out.show(notice.Warning{Text: "watch: " + plain(text)}) },
	})
}

// vanished reports whether a file of the folder is there no more.
func (f *watchFlags) vanished(location string) bool {
	name, err := store.Name(location)
	if err != nil {
		return false
	}
	prefix, err := (&source.Options{}).Name(f.Watch)
	if err != nil {
		return false
	}
	if prefix != "" {
		below := false
		if name, below = strings.CutPrefix(name, prefix+"/"); !below {
			return false
		}
	}
	_, err = os.Lstat(filepath.Join(f.Watch, filepath.FromSlash(name)))
	return errors.Is(err, fs.ErrNotExist)
}

// without returns what Wait has returned without the files of the watched folder that are there no more: they were
// removed.
func (f *watchFlags) without(err error) error {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || f.Watch == "" {
		return err
	}
	return errors.Join(slices.DeleteFunc(slices.Clone(all.Unwrap()), func(err error) bool {
		failed, ok := errors.AsType[*sender.FileError](err)
		return ok && f.vanished(failed.ContentLocation)
	})...)
}
