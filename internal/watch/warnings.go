package watch

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"
)

const (
	// warnAgain is the time in which a text is told once: a service runs for years, and what fails may fail again.
	warnAgain = time.Hour
	// maxWarnings bounds the texts of that time: there may be one for each of many files.
	maxWarnings = 100
)

// warnings chooses what people are told. Its zero value is ready to use.
type warnings struct {
	began time.Time       // when the time began that runs
	told  map[string]bool // since then
	more  int             // that were not told for want of room
}

// tell calls warn with a text, unless it was told already, or too much was.
func (w *warnings) tell(now time.Time, text string, warn func(string)) {
	if w.told == nil || now.Sub(w.began) >= warnAgain {
		if w.more > 0 {
			warn(fmt.Sprintf("%d warnings before this one were not told", w.more))
		}
		*w = warnings{began: now, told: map[string]bool{}}
	}
	switch {
	case w.told[text]:
	case len(w.told) < maxWarnings:
		w.told[text] = true
		warn(text)
	default:
		w.more++
	}
}

// forget has the text told the next time, whenever that is.
func (w *warnings) forget(text string) { delete(w.told, text) }

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
