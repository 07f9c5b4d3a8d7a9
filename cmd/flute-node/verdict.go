package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
