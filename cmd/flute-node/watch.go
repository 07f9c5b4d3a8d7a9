package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/internal/watch"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
	"github.com/flute-node/flute-node/store"
)

// watchFlags say which folder is watched, and how.
type watchFlags struct {
	Watch      string        `placeholder:"DIR" help:"Send the files of DIR when they are whole, again when they change, and no longer when they are removed, until interrupted. Names that begin with a dot or end in .part are left alone."`
	WatchState string        `placeholder:"FILE" help:"Remember in FILE which files of --watch were sent: after a restart only what has changed is. Not for files that are sent for ever."`
	Settle     time.Duration `type:"natural" default:"1s" help:"A file of --watch is whole when it has not changed for so long, or when it is renamed."`
	Include    []string      `placeholder:"PATTERN" help:"Files of --watch: those whose name matches."`
	Exclude    []string      `placeholder:"PATTERN" help:"Files of --watch: not those whose name matches."`
}

// watchedSize is what a file of a watched folder may have at most, for the choice of the FEC.
const watchedSize = 1 << 40

// watching carries changes of a folder over to a session.
type watching struct {
	command *sendCommand
	words   *settings.Send
	core    *sender.Config
	session *node.Sending
	watcher *watch.Watcher

	mu      sync.Mutex
	tois    map[string]flute.TOI       // by name
	changes map[flute.TOI]watch.Change // that the objects of these carry out
	asking  bool                       // the session has an Update that it has not answered
	early   []event.Event              // that came meanwhile
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

// run goes on until ctx ends or the session has ended.
func (w *watching) run(ctx context.Context, n *node.Node) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub := n.Subscribe(node.SubscribeOptions{Queue: eventQueue, Filter: isEnd})
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for e := range sub.Events() {
			if e, ok := e.(event.Event); ok {
				w.ended(e)
			}
		}
	}()
	go func() {
		select {
		case <-w.session.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	err := w.watcher.Run(ctx, func(c watch.Change) error { return w.change(ctx, c) })
	sub.Close()
	<-heard
	return err
}

// isEnd reports whether an object has ended.
func isEnd(e notice.Event) bool {
	switch e.(type) {
	case event.ObjectCompleted, event.ObjectFailed:
		return true
	}
	return false
}

// change carries out one change.
func (w *watching) change(ctx context.Context, c watch.Change) error {
	if c.Removed {
		w.mu.Lock()
		toi, ok := w.tois[c.Name]
		delete(w.tois, c.Name)
		w.mu.Unlock()
		if !ok {
			return nil
		}
		return w.session.Remove(ctx, toi, sender.AtOnce)
	}
	f := item{File: c.File}
	if err := w.command.prepareOne(&f, w.words, w.core); err != nil {
		return err
	}
	w.mu.Lock()
	w.asking = true
	w.mu.Unlock()
	toi, err := w.session.Update(ctx, f.File, nil, sender.AtOnce)
	w.mu.Lock()
	early := w.early
	w.asking, w.early = false, nil
	if err == nil {
		if before, ok := w.tois[c.Name]; ok {
			delete(w.changes, before)
		}
		w.tois[c.Name], w.changes[toi] = toi, c
	}
	w.mu.Unlock()
	for _, e := range early {
		w.ended(e)
	}
	return err
}

// ended takes the end of an object.
func (w *watching) ended(e event.Event) {
	var toi flute.TOI
	var reason event.FailReason
	switch e := e.(type) {
	case event.ObjectCompleted:
		toi = e.TOI
	case event.ObjectFailed:
		toi, reason = e.TOI, e.Reason
	default:
		return
	}
	w.mu.Lock()
	c, ok := w.changes[toi]
	delete(w.changes, toi)
	if !ok && w.asking {
		w.early = append(w.early, e)
	}
	w.mu.Unlock()
	switch {
	case !ok:
	case reason == "":
		w.watcher.Done(c)
	case reason != event.FailSuperseded && reason != event.FailCancelled && reason != event.FailClosed:
		w.watcher.Failed(c)
	}
}
