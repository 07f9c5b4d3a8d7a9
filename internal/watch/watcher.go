package watch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// leastPause is the least time between two looks through the folder; scanShare bounds the part of the time, one of
	// scanShare, that they take.
	leastPause = 50 * time.Millisecond
	scanShare  = 10
	// savePause is the least time between two States.
	savePause = time.Second
)

// Watcher watches a folder. Run is to be called once; Done and Failed are safe for concurrent use.
type Watcher struct {
	cfg     Config
	wake    chan struct{} // something is to be told again
	system  *fsnotify.Watcher
	polls   bool // the system does not tell all
	watched map[string]bool
	unread  string          // why the folder could not be looked through; empty: it was
	odd     map[string]bool // what is no regular file, as far as that was told

	// What may be told of many names takes no place of what is told of the folder.
	ofFolder, ofFiles, ofOdd warnings

	mu      sync.Mutex
	tracker *tracker
	unsaved bool
}

// New returns a Watcher. The error names the field that is at fault.
func New(cfg Config) (*Watcher, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	sent, err := cfg.load()
	if err != nil {
		return nil, err
	}
	return &Watcher{
		cfg: cfg, wake: make(chan struct{}, 1), watched: map[string]bool{},
		tracker: newTracker(cfg.Settle, sent),
	}, nil
}

// Run calls tell for each change, one at a time, until ctx ends, and returns nil then. A change for which tell returns
// an error is told again later. The error of Run is one of the folder at the start, or of the State at the end.
func (w *Watcher) Run(ctx context.Context, tell func(Change) error) error {
	var told <-chan fsnotify.Event
	var faults <-chan error
	if system, err := fsnotify.NewBufferedWatcher(1); err != nil {
		w.poll(err)
	} else {
		defer system.Close() //nolint:errcheck // nothing was written
		w.system, told, faults = system, system.Events, system.Errors
	}
	if err := w.look(); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	scanned, took, saved := time.Now(), time.Duration(0), time.Time{}
	news := false // the folder may have changed since
	for {
		w.hand(ctx, tell)
		now := time.Now()
		if now.Sub(saved) >= savePause {
			saved = now
			_ = w.save() // it was told
		}
		at := scanned.Add(w.rescan())
		if news {
			at = scanned.Add(max(leastPause, scanShare*took))
		}
		timer.Reset(w.until(now, at, saved))
		events := told
		if news {
			events = nil // more of them tell nothing new; if the system's queue overflows meanwhile, it says so
		}
		select {
		case <-ctx.Done():
			return w.save()
		case <-events:
			news = true
		case err := <-faults:
			news = true
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.poll(err)
			}
		case <-w.wake:
		case <-timer.C:
		}
		if now = time.Now(); !now.Before(at) || news && !now.Before(scanned.Add(max(leastPause, scanShare*took))) {
			news = false
			w.tellRead(w.look())
			scanned, took = time.Now(), time.Since(now)
		}
	}
}

// until returns how long to wait at most.
func (w *Watcher) until(now, scan, saved time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := scan
	if next := w.tracker.next(); !next.IsZero() && next.Before(at) {
		at = next
	}
	if w.unsaved && saved.Add(savePause).Before(at) {
		at = saved.Add(savePause)
	}
	return max(at.Sub(now), leastPause/2)
}

// look looks through the folder.
func (w *Watcher) look() error {
	// Folders are watched before they are read, so that nothing is missed between the two; those that are new are read
	// again.
	for {
		s, err := w.cfg.look()
		if err != nil {
			return err
		}
		if w.watch(s.folders) {
			continue
		}
		if s.err != nil {
			w.tell(&w.ofFiles, "%s: %v", w.cfg.Folder, s.err)
		}
		w.tellOdd(s)
		w.mu.Lock()
		w.tracker.see(time.Now(), s.files, s.hidden, s.isLost)
		w.mu.Unlock()
		return nil
	}
}

// save writes the State if something has changed.
func (w *Watcher) save() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.unsaved || w.cfg.State == "" {
		return nil
	}
	w.unsaved = false
	if err := w.cfg.save(w.tracker.sent); err != nil {
		w.unsaved = true
		w.tell(&w.ofFolder, "the state of what was sent cannot be written: %v", err)
		return fmt.Errorf("watch: Config.State: %w", err)
	}
	return nil
}
