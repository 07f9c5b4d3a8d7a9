package main

import (
	"fmt"
	"slices"
	"strings"

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
