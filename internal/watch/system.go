package watch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// pollInterval is Rescan where the system tells nothing.
const pollInterval = 2 * time.Second

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
