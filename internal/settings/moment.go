package settings

import (
	"fmt"
	"strings"
	"time"
)

// Moment is a time that is still to come: 20:15 or 20:15:30, today or tomorrow; 2026-11-28T20:15:00Z (RFC 3339); +90s
// from now on. The zero value is none.
type Moment struct {
	absolute time.Time
	clock    time.Time // hour, minute, second
	after    time.Duration
	form     momentForm
}

type momentForm uint8

const (
	noMoment momentForm = iota
	absoluteMoment
	clockMoment
	laterMoment
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Moment) UnmarshalText(text []byte) error {
	s := string(text)
	if later, ok := strings.CutPrefix(s, "+"); ok {
		d, err := ParseDuration(later, false)
		if err == nil {
			*m = Moment{after: d, form: laterMoment}
		}
		return err
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			*m = Moment{clock: t, form: clockMoment}
			return nil
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("%q is no time such as 20:15, 2026-11-28T20:15:00Z or +90s", s)
	}
	*m = Moment{absolute: t, form: absoluteMoment}
	return nil
}

// At returns the time, seen from now; zero: there is none. A time of day is in the zone of now.
func (m Moment) At(now time.Time) time.Time {
	switch m.form {
	case absoluteMoment:
		return m.absolute
	case laterMoment:
		return now.Add(m.after)
	case clockMoment:
		h, minute, s := m.clock.Clock()
		at := time.Date(now.Year(), now.Month(), now.Day(), h, minute, s, 0, now.Location())
		if at.Before(now) {
			at = time.Date(now.Year(), now.Month(), now.Day()+1, h, minute, s, 0, now.Location())
		}
		return at
	case noMoment:
	}
	return time.Time{}
}
