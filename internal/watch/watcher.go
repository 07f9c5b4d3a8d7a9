package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/source"
)

const (
	// defaultSettle is longer than writers pause, and shorter than people wait.
	defaultSettle = time.Second
	// defaultRescan is how long a change may go unnoticed that the system does not tell.
	defaultRescan = 30 * time.Second
	// pollInterval is Rescan where the system tells nothing.
	pollInterval = 2 * time.Second
	// leastPause is the least time between two looks through the folder; scanShare bounds the part of the time, one of
	// scanShare, that they take.
	leastPause = 50 * time.Millisecond
	scanShare  = 10
	// savePause is the least time between two States.
	savePause = time.Second
)

// Config says what is watched. Folder is required; the zero value of the rest is its default.
type Config struct {
	Folder string
	// Prefix precedes the names of files below the folder in their Content-Location, with a slash between. Empty: the
	// name of the folder, as source.Find has it; "." is none.
	Prefix string
	// Settle is for how long a file must not change to be whole, or be missing to be gone. Zero: a second.
	Settle time.Duration
	// Rescan is how often the folder is looked through although nothing was told. Zero: 30 s.
	Rescan time.Duration
	// Include and Exclude are patterns (package path) of names below the folder, or of their last elements. Nothing in
	// Include is everything. Exclude counts more.
	Include, Exclude []string
	// State is the path of a file that remembers what was sent; empty: nothing does.
	State string
	// Warn is told what people should know; nil: nobody is.
	Warn func(text string)
}

// Change is what has happened to a file.
type Change struct {
	Name    string      // below the folder, with slashes
	Removed bool        // it is gone
	File    sender.File // with Source, ContentLocation, ContentType and Size, unless Removed

	change change
}

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
	if info, err := os.Stat(cfg.Folder); err != nil {
		return nil, fmt.Errorf("watch: Config.Folder: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("watch: Config.Folder: %s is no folder", cfg.Folder)
	}
	if cfg.Settle < 0 || cfg.Rescan < 0 {
		return nil, errors.New("watch: Config.Settle and Config.Rescan are not negative")
	}
	if cfg.Settle == 0 {
		cfg.Settle = defaultSettle
	}
	if cfg.Rescan == 0 {
		cfg.Rescan = defaultRescan
	}
	if cfg.Prefix == "" {
		var err error
		if cfg.Prefix, err = (&source.Options{}).Name(cfg.Folder); err != nil {
			return nil, fmt.Errorf("watch: Config.Folder: %w", err)
		}
		cfg.Prefix = cmp.Or(cfg.Prefix, ".")
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	for _, p := range slices.Concat(cfg.Include, cfg.Exclude) {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("watch: Config.Include or Exclude: %q: %w", p, err)
		}
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

// rescan returns how often the folder is looked through. Of one that is not there the system tells nothing.
func (w *Watcher) rescan() time.Duration {
	if w.polls || w.unread != "" {
		return min(w.cfg.Rescan, pollInterval)
	}
	return w.cfg.Rescan
}

// poll notes that the system does not tell all.
func (w *Watcher) poll(err error) {
	w.polls = true
	w.tell(&w.ofFolder, "the system does not tell what happens in %s, which is looked through every %v: %v",
		w.cfg.Folder, w.rescan(), err)
}

// tell tells people, unless they were told.
func (w *Watcher) tell(of *warnings, format string, args ...any) {
	of.tell(time.Now(), fmt.Sprintf(format, args...), w.cfg.Warn)
}

// tellRead tells that the folder cannot be looked through, and that it can be again.
func (w *Watcher) tellRead(err error) {
	switch {
	case err != nil:
		text := fmt.Sprintf("%s cannot be read: %v", w.cfg.Folder, err)
		if text != w.unread { // it has come back, or is another one
			w.ofFolder.forget(text)
		}
		w.unread = text
		w.tell(&w.ofFolder, "%s", text)
	case w.unread != "":
		w.unread = ""
		w.cfg.Warn(w.cfg.Folder + " can be read again")
	}
}

// tellOdd tells of what will not be sent: whoever has put it there waits for it.
func (w *Watcher) tellOdd(s *scan) {
	before := w.odd
	w.odd = make(map[string]bool, len(s.odd))
	for _, name := range slices.Sorted(maps.Keys(s.odd)) {
		w.odd[name] = true
		if before[name] {
			continue
		}
		what := "no regular file"
		if s.odd[name]&fs.ModeSymlink != 0 {
			what = "a symbolic link"
		}
		w.tell(&w.ofOdd, "%s is not sent: it is %s", name, what)
	}
	if s.moreOdd {
		w.tell(&w.ofFolder, "%s has more than %d symbolic links, and what is no regular file: none is sent",
			w.cfg.Folder, maxWarnings)
	}
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

// watch has the system tell what happens in the folders, and reports whether one of them is new: by its name, or since
// another one has its name now, of which the system tells nothing yet.
func (w *Watcher) watch(folders []string) (isNew bool) {
	if w.system == nil {
		return false
	}
	watched := map[string]bool{}
	for _, f := range w.system.WatchList() {
		watched[f] = true
	}
	there := make(map[string]bool, len(folders))
	for _, f := range folders {
		there[f] = true
	}
	for f := range w.watched {
		if !there[f] {
			_ = w.system.Remove(f) // it is gone, or has another name: then that is to be watched
		}
	}
	replaced := "" // a folder that is another one now: watches of those below it have gone with the one before
	for _, f := range folders {
		below := replaced != "" && strings.HasPrefix(f, replaced)
		switch {
		case w.watched[f] && watched[f] && !below:
			continue
		case w.watched[f] && below:
			_ = w.system.Remove(f)
		case w.watched[f]:
			replaced = f + string(filepath.Separator)
		}
		err := w.system.Add(f)
		isNew = isNew || err == nil || !w.watched[f]
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			w.poll(err)
		}
	}
	w.watched = there
	return isNew
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
