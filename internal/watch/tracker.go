package watch

import (
	"maps"
	"slices"
	"time"
)

const (
	// firstRetry is when a file is tried again that could not be sent. The time doubles, up to lastRetry.
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// stamp is what a version of a file is told by. The zero value is none.
type stamp struct {
	size int64
	time int64  // of the last modification, in nanoseconds since 1970
	id   string // device and inode; empty where there are none, and in what was read from a State
}

// same reports whether s and o are the same version.
func (s stamp) same(o stamp) bool {
	return s.size == o.size && s.time == o.time && (s.id == o.id || s.id == "" || o.id == "")
}

// tracker decides what has happened to files. It reads no clock and no folder.
type tracker struct {
	settle time.Duration
	files  map[string]*tracked
	sent   map[string]stamp // what was sent, as far as the files are there
	hidden map[string]bool  // ids of the files that were left alone when they were seen last
}

// tracked is a file that was seen, or told.
type tracked struct {
	now   stamp     // as it was seen last
	due   time.Time // when that is whole
	told  stamp     // as it was told last; none: it was not, or is to be told again
	gone  time.Time // when it was found missing; zero: it is there
	tries int       // that have failed in a row
}

func newTracker(settle time.Duration, sent map[string]stamp) *tracker {
	if sent == nil {
		sent = map[string]stamp{}
	}
	return &tracker{settle: settle, files: map[string]*tracked{}, sent: sent}
}

// see takes what was found at now: the files by name, and the ids of those that are left alone. What cannot be looked
// at, as lost reports, is as it was.
func (t *tracker) see(now time.Time, found map[string]stamp, hidden map[string]bool, lost func(name string) bool) {
	for name, s := range found {
		f := t.files[name]
		if f == nil {
			f = &tracked{}
			t.files[name] = f
			if was, ok := t.sent[name]; ok && was.same(s) {
				f.told = s
			}
		}
		f.gone = time.Time{}
		if f.now == s {
			continue
		}
		f.now, f.tries, f.due = s, 0, now.Add(t.settle)
		switch changed := time.Unix(0, s.time); {
		case s.id != "" && t.hidden[s.id]:
			f.due = now // it was written under another name
		case changed.Before(now):
			f.due = now.Add(changed.Add(t.settle).Sub(now)) // so that it stays due then if the clock is set
		}
	}
	for name, f := range t.files {
		if _, ok := found[name]; !ok && f.gone.IsZero() && !lost(name) {
			f.gone = now
		}
	}
	for name := range t.sent {
		if t.files[name] == nil && !lost(name) { // it was removed while nobody looked
			delete(t.sent, name)
		}
	}
	t.hidden = hidden
}

// changes returns what is to be told at now, by name, and takes it for told.
func (t *tracker) changes(now time.Time) (list []change) {
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		f := t.files[name]
		switch {
		case !f.gone.IsZero():
			if now.Sub(f.gone) < t.settle {
				continue
			}
			if f.told != (stamp{}) {
				list = append(list, change{name: name, removed: true})
			}
			delete(t.files, name)
			delete(t.sent, name)
		case f.told != f.now && !now.Before(f.due):
			f.told = f.now
			list = append(list, change{name: name, stamp: f.now})
		}
	}
	return list
}

// next returns when changes has something to tell, as things are; zero: never.
func (t *tracker) next() (at time.Time) {
	for _, f := range t.files {
		due := f.due
		switch {
		case !f.gone.IsZero():
			due = f.gone.Add(t.settle)
		case f.told == f.now:
			continue
		}
		if at.IsZero() || due.Before(at) {
			at = due
		}
	}
	return at
}

// failed notes that a change that was told could not be carried out, or that its file was not sent: it is told again.
func (t *tracker) failed(c change, now time.Time) {
	f := t.files[c.name]
	if f == nil || f.told != c.stamp || c.removed {
		return
	}
	f.told = stamp{}
	f.due = now.Add(min(firstRetry<<min(f.tries, 16), lastRetry))
	f.tries++
}

// done notes that a change was carried out whole, and reports whether that is news.
func (t *tracker) done(c change) bool {
	f := t.files[c.name]
	if f == nil || c.removed || t.sent[c.name] == c.stamp {
		return false
	}
	f.tries = 0
	t.sent[c.name] = c.stamp
	return true
}

// change is what has happened to a file.
type change struct {
	name    string
	stamp   stamp
	removed bool
}
