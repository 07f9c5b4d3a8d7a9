package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// answer answers an order.
type answer struct {
	OK     bool               `json:"ok"`
	Do     string             `json:"do,omitempty"`
	Error  string             `json:"error,omitempty"`
	Files  []controlled       `json:"files,omitempty"`  // that were added or updated
	Status *node.SessionState `json:"status,omitempty"` // of the session
}

// controlled is a file with its TOI.
type controlled struct {
	Name string    `json:"name"`
	TOI  flute.TOI `json:"toi"`
}

// flagless writes the words of a settings.Error as those of an order.
func flagless(err error) string {
	if e := (*settings.Error)(nil); errors.As(err, &e) {
		return e.Spell(func(word string) string { return strings.ReplaceAll(word, "-", "_") })
	}
	return err.Error()
}

// answer shows the answer to an order that came from standard input.
func (o *output) answer(a answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.quiet && a.OK:
	case o.json:
		o.write(o.events.line("answer", a))
	default:
		o.text(a.text())
	}
}

// maxListed bounds the files of an answer to people.
const maxListed = 20

// text writes the answer for people.
func (a *answer) text() string {
	if !a.OK {
		return "refused: " + plain(a.Error)
	}
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "%s: done", a.Do)
	for i, f := range a.Files {
		if i == maxListed {
			_, _ = fmt.Fprintf(&text, ", and %d more", len(a.Files)-i)
			break
		}
		_, _ = fmt.Fprintf(&text, ", %s is TOI %v", f.Name, f.TOI)
	}
	if s := a.Status; s != nil {
		_, _ = fmt.Fprintf(&text, ": %s to be sent, %v", count(s.ObjectCount, "file"), settings.BitRate(s.SentRate))
		for i, o := range s.Objects {
			if i == maxListed {
				_, _ = fmt.Fprintf(&text, "\nand %d more", s.ObjectCount-i)
				break
			}
			_, _ = fmt.Fprintf(&text, "\n  %-8s %s, TOI %v, %s", o.Phase, humanName(o.ContentLocation), o.TOI,
				count(o.Transfers, "transfer"))
		}
	}
	return text.String()
}
