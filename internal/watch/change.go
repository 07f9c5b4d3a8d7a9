package watch

import (
	"context"
	"path"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/source"
)

// Change is what has happened to a file.
type Change struct {
	Name    string      // below the folder, with slashes
	Removed bool        // it is gone
	File    sender.File // with Source, ContentLocation, ContentType and Size, unless Removed

	change change
}

// hand tells what is due.
func (w *Watcher) hand(ctx context.Context, tell func(Change) error) {
	w.mu.Lock()
	due := w.tracker.changes(time.Now())
	w.mu.Unlock()
	for _, c := range due {
		if ctx.Err() != nil { // they are told after the next start
			return
		}
		ch, err := w.change(c)
		if err == nil {
			err = tell(ch)
		}
		w.mu.Lock()
		if err != nil {
			w.tracker.failed(c, time.Now())
		}
		w.unsaved = w.unsaved || c.removed
		w.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			what := "is tried again"
			if c.removed {
				what = "is gone, which could not be carried out"
			}
			w.tell(&w.ofFiles, "%s %s: %v", c.name, what, err)
		}
	}
}

// change returns a change as it is told.
func (w *Watcher) change(c change) (Change, error) {
	if c.removed {
		return Change{Name: c.name, Removed: true, change: c}, nil
	}
	src := source.In(w.cfg.Folder, c.name)
	open, err := src.Open()
	if err != nil {
		return Change{}, err
	}
	defer open.Close() //nolint:errcheck // nothing was written
	name := c.name
	if w.cfg.Prefix != "." {
		name = path.Join(w.cfg.Prefix, name)
	}
	return Change{Name: c.name, change: c, File: sender.File{
		ContentLocation: source.Location(name), ContentType: source.ContentType(name, open), Source: src,
		Size: uint64(c.stamp.size),
	}}, nil
}

// Done notes that the file of c was sent whole: after a restart it is not told again.
func (w *Watcher) Done(c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsaved = w.tracker.done(c.change) || w.unsaved
}

// Failed notes that the file of c was not sent: it is told again.
func (w *Watcher) Failed(c Change) {
	w.mu.Lock()
	w.tracker.failed(c.change, time.Now())
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
