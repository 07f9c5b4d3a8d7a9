package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// The values of --until.
const (
	untilComplete = "complete" // every session that is heard is complete
	untilClosed   = "closed"   // every one has ended
	untilCount    = "count"    // --objects files are there
	untilTimeout  = "timeout"  // --timeout is over
	untilForever  = "forever"  // it is interrupted
)

// maxNamed bounds the names of files that are kept, to be told at the end; the others are counted.
const maxNamed = 1000

// until decides when receive has what was asked for, and says in the end whether it has.
type until struct {
	kind  string
	count int
	tsis  []flute.TSI // wanted; each of them must have had a session
	group []flute.SessionKey

	sessions map[flute.SessionKey]*heard
	over     []heard // sessions that were closed
	received int
	missing  map[location]string
	beyond   int    // files that failed beyond maxNamed
	missed   uint64 // events
}

// heard is a session of which something has come.
type heard struct {
	key      flute.SessionKey
	complete bool
	failed   int // files, by SessionComplete
	reason   string
}

// location is a file of a session. A later version of it may have another TOI.
type location struct {
	session flute.SessionKey
	name    string
}

// add takes note of an event of a receiving session.
func (u *until) add(e notice.Event) {
	switch e := e.(type) {
	case event.SessionOpened:
		u.session(e.Session)
	case event.SessionComplete:
		s := u.session(e.Session)
		s.complete, s.failed = true, e.Failed
	case event.SessionClosed:
		s := u.session(e.Session)
		s.reason = e.Reason
		delete(u.sessions, e.Session)
		if len(u.over) < maxNamed {
			u.over = append(u.over, *s)
		}
	case event.ObjectCompleted:
		u.received++
		delete(u.missing, location{e.Session, e.ContentLocation})
	case event.ObjectFailed:
		if e.Reason != event.FailSuperseded && !e.Received {
			u.miss(e)
		}
	case notice.Missed:
		u.missed += e.Count
	}
}

func (u *until) session(key flute.SessionKey) *heard {
	s := u.sessions[key]
	if s == nil {
		if u.sessions == nil {
			u.sessions = map[flute.SessionKey]*heard{}
		}
		s = &heard{key: key}
		u.sessions[key] = s
	}
	return s
}

func (u *until) miss(e event.ObjectFailed) {
	l := location{e.Session, e.ContentLocation}
	if _, known := u.missing[l]; !known && len(u.missing) == maxNamed {
		u.beyond++
		return
	}
	if u.missing == nil {
		u.missing = map[location]string{}
	}
	u.missing[l] = string(e.Reason) + why(e) + lacks(e) // if it is tried again, and comes, it is forgotten
}

// why says what the disk has said, which is what there is to mend.
func why(e event.ObjectFailed) string {
	if e.Reason != event.FailStore || e.Detail == "" {
		return ""
	}
	return ": " + oneLine(e.Detail[strings.LastIndex(e.Detail, ": ")+1:])
}

// maxLacks bounds the ranges of bytes that are named of a missing file.
const maxLacks = 3

// lacks says what a file lacks of which something came.
func lacks(e event.ObjectFailed) string {
	if e.Needed == 0 {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, ": needs %s", count(int(e.Needed), "symbol"))
	for i, r := range e.Missing[:min(maxLacks, len(e.Missing))] {
		if i == 0 {
			text.WriteString("; bytes ")
		} else {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "%d-%d", r[0], r[1]-1)
	}
	if len(e.Missing) > maxLacks {
		text.WriteString(" and more")
	}
	return text.String()
}

// done reports whether nothing more is to be waited for.
func (u *until) done() bool {
	switch u.kind {
	case untilCount:
		return u.received >= u.count
	case untilComplete, untilClosed:
		for _, s := range u.sessions {
			if !s.complete || u.kind == untilClosed {
				return false
			}
		}
		return u.heardAll()
	}
	return false
}

// heardAll reports whether each group, and each TSI that is wanted, has had a session.
func (u *until) heardAll() bool {
	var all []flute.SessionKey
	for key := range u.sessions {
		all = append(all, key)
	}
	for _, s := range u.over {
		all = append(all, s.key)
	}
	for _, g := range u.group {
		if !slices.ContainsFunc(all, func(k flute.SessionKey) bool { return k.Group == g.Group }) {
			return false
		}
	}
	for _, tsi := range u.tsis {
		if !slices.ContainsFunc(all, func(k flute.SessionKey) bool { return k.TSI == tsi }) {
			return false
		}
	}
	return len(all) > 0
}

// verdict returns what is wrong with what has come, once done or after the end of the node; nil: nothing.
func (u *until) verdict() error {
	var errs []string
	if u.missed > 0 && u.kind != untilCount {
		errs = append(errs,
			fmt.Sprintf("%d events were missed, so it is not known whether everything is there", u.missed))
	}
	if u.kind == untilComplete {
		for _, s := range u.over {
			if !s.complete {
				errs = append(errs, fmt.Sprintf("session %d of %v ended (%s) and had not said that it was complete: "+
					"there may be more files; --until closed takes what was announced", s.key.TSI, s.key.Source,
					s.reason))
			}
		}
		refused := 0
		for _, s := range u.sessions {
			refused += s.failed
		}
		for _, s := range u.over {
			refused += s.failed
		}
		if refused > 0 && len(u.missing) == 0 {
			errs = append(errs, fmt.Sprintf("%s could not be received", count(refused, "announced file")))
		}
	}
	if text := u.listMissing(); text != "" && u.kind != untilCount && u.kind != untilForever {
		errs = append(errs, text)
	}
	if len(errs) == 0 {
		return nil
	}
	return errors.New(strings.Join(errs, "; "))
}

// lacking returns how many announced files are not there.
func (u *until) lacking() int { return len(u.missing) + u.beyond }

// listMissing names the files that were announced and are not there.
func (u *until) listMissing() string {
	if len(u.missing) == 0 {
		return ""
	}
	var names []string
	for l, why := range u.missing {
		names = append(names, fmt.Sprintf("%s (%s)", humanName(l.name), why))
	}
	slices.Sort(names)
	text := fmt.Sprintf("%s missing: ", count(u.lacking(), "file"))
	const shown = 20
	if n := u.lacking() - shown; n > 0 && len(names) > shown {
		return text + strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return text + strings.Join(names, ", ")
}

// late is the failure of a receive whose time was over before it had what was asked for.
func (u *until) late(after time.Duration) error {
	text := fmt.Sprintf("%s after %v", count(u.received, "file"), after)
	if u.kind == untilCount {
		text = fmt.Sprintf("%d of %d files after %v", u.received, u.count, after)
	} else if len(u.sessions)+len(u.over) == 0 {
		text = fmt.Sprintf("nothing was heard for %v; flute-node doctor --interface NAME looks for a cause here", after)
	} else {
		text += ", and not " + u.kind
	}
	if missing := u.listMissing(); missing != "" {
		text += "; " + missing
	}
	if u.kind == untilComplete && u.waitsForWord() {
		text += "; not every session has said that no file will follow, and some senders never do: see --until closed"
	}
	return failure{errors.New(text)}
}

// waitsForWord reports whether a session was heard that has not said that it is complete.
func (u *until) waitsForWord() bool {
	for _, s := range u.sessions {
		if !s.complete {
			return true
		}
	}
	return slices.ContainsFunc(u.over, func(s heard) bool { return !s.complete })
}

// state says how far it has come.
func (u *until) state() string {
	text := count(u.received, "file") + " received"
	if missing := u.listMissing(); missing != "" {
		text += ", " + missing
	}
	return text
}
