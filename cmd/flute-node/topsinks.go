package main

import (
	"fmt"
	"net/url"

	tea "charm.land/bubbletea/v2"

	"github.com/flute-node/flute-node/internal/api"
)

const (
	keysSinks   = "↑↓ choose  Enter dead letters  s Esc back  q end"
	keysLetters = "↑↓ choose  n p pages  Esc back  q end"
)

// handing is what is shown of the sinks: all of them, or the dead letters of one.
type handing struct {
	sinks   api.Sinks
	at      int    // the sink that is chosen
	of      string // whose dead letters are shown; empty: none
	letters []api.DeadLetter
	letter  int      // that is chosen
	after   string   // the page of letters begins behind
	before  []string // where the pages before began
	next    string
}

func (h *handing) keys() string {
	if h.of != "" {
		return keysLetters
	}
	return keysSinks
}

// toggleSinks shows the sinks, or the sessions again.
func (t *top) toggleSinks() tea.Cmd {
	if t.handing == nil {
		t.handing = &handing{}
	} else {
		t.handing = nil
	}
	return t.look()
}

// lookAtSinks returns what asks the daemon for the sinks, and for the dead letters of one.
func (t *top) lookAtSinks() tea.Cmd {
	number, of, after := t.asked, t.handing.of, t.handing.after
	limit := max(1, (t.height-5)/linesOfLetter)
	return func() tea.Msg {
		h := &handing{}
		a := looked{number: number, handing: h}
		if a.err = t.get("/v1/sinks", &h.sinks); a.err != nil || of == "" {
			return a
		}
		var list struct {
			Letters []api.DeadLetter `json:"dead_letters"`
			Next    string           `json:"next"`
		}
		q := url.Values{"limit": {fmt.Sprint(limit)}, "after": {after}}
		a.err = t.get("/v1/sinks/"+url.PathEscape(of)+"/dead?"+q.Encode(), &list)
		h.letters, h.next = list.Letters, list.Next
		return a
	}
}

// take shows an answer. What was chosen stays so.
func (h *handing) take(a *handing) {
	chosen := ""
	if h.at < len(h.sinks.Sinks) {
		chosen = h.sinks.Sinks[h.at].Name
	}
	h.sinks, h.letters, h.next = a.sinks, a.letters, a.next
	h.at = max(0, min(h.at, len(h.sinks.Sinks)-1))
	for i := range h.sinks.Sinks {
		if h.sinks.Sinks[i].Name == chosen {
			h.at = i
		}
	}
	h.letter = max(0, min(h.letter, len(h.letters)-1))
}

// sinkKey does what a key asks for while sinks are shown.
func (t *top) sinkKey(name string) tea.Cmd {
	h := t.handing
	switch name {
	case "down", "j":
		h.move(1)
	case "up", "k":
		h.move(-1)
	case "esc", "backspace", "left", "h":
		if h.of == "" {
			return t.toggleSinks()
		}
		h.of, h.letters, h.letter, h.after, h.before, h.next = "", nil, 0, "", nil, ""
		return t.look()
	case "enter", "right", "l":
		if h.of == "" && h.at < len(h.sinks.Sinks) {
			h.of = h.sinks.Sinks[h.at].Name
			return t.look()
		}
	case "n", "pgdown":
		if h.of != "" && h.next != "" {
			h.before = append(h.before, h.after)
			h.after, h.letter, h.next = h.next, 0, ""
			return t.look()
		}
	case "p", "pgup":
		if n := len(h.before); n > 0 {
			h.after, h.before, h.letter = h.before[n-1], h.before[:n-1], 0
			return t.look()
		}
	}
	return nil
}

// move chooses another row.
func (h *handing) move(by int) {
	if h.of != "" {
		h.letter = max(0, min(h.letter+by, len(h.letters)-1))
		return
	}
	h.at = max(0, min(h.at+by, len(h.sinks.Sinks)-1))
}

// sinks shows them with the outbox, or the dead letters of one.
func (t *top) sinks() []string {
	if t.handing.of != "" {
		return t.letters()
	}
	h := t.handing
	list := []string{t.styled(bold, outboxText(&h.sinks.Outbox)), ""}
	if h.sinks.Time.IsZero() {
		return []string{t.styled("", "asking …")}
	}
	if len(h.sinks.Sinks) == 0 {
		return append(list, t.styled(faint, "no sink: files are handed on to nothing"))
	}
	rows := tableOfSinks(&h.sinks)
	widths := widthsOf(rows)
	room := max(1, t.height-len(list)-2)
	from := max(0, h.at-room+1)
	for i, cells := range rows {
		if i > 0 && (i-1 < from || i-1 >= from+room) {
			continue
		}
		style := ""
		switch {
		case i == 0:
			style = faint
		case i-1 == h.at:
			style = reverse
		case h.sinks.Sinks[i-1].State == api.SinkFailing:
			style = yellow
		}
		list = append(list, t.styled(style, joined(cells, widths, numericSinks)))
	}
	return list
}

func outboxText(o *api.Outbox) string {
	if o.Path == "" {
		return "no outbox"
	}
	return fmt.Sprintf("outbox %s: %d of %d files, %s of %s", plain(o.Path), o.Items, o.MaxItems,
		formatBytes(uint64(o.Bytes)), formatBytes(uint64(o.MaxBytes)))
}

// tableOfSinks returns the sinks as rows of cells, with their head.
func tableOfSinks(all *api.Sinks) [][]string {
	rows := [][]string{{
		"SINK", "KIND", "STATE", "WAITING", "OLDEST", "DELIVERED", "RETRIED", "DEAD", "REFUSED", "ERROR",
	}}
	for i := range all.Sinks {
		s := &all.Sinks[i]
		oldest := "-"
		if !s.Oldest.IsZero() {
			oldest = ageText(all.Time.Sub(s.Oldest))
		}
		rows = append(rows, []string{
			plain(s.Name), plain(s.Kind), plain(s.State), fmt.Sprint(s.Waiting), oldest, fmt.Sprint(s.Delivered),
			fmt.Sprint(s.Retried), fmt.Sprint(s.Dead), fmt.Sprint(s.Refused), plain(oneLine(s.Error)),
		})
	}
	return rows
}

// linesOfLetter is how many lines a dead letter takes.
const linesOfLetter = 2

// letters shows a page of dead letters: what it is in a line, why it is dead in another.
func (t *top) letters() []string {
	h := t.handing
	dead := 0
	for i := range h.sinks.Sinks {
		if h.sinks.Sinks[i].Name == h.of {
			dead = h.sinks.Sinks[i].Dead
		}
	}
	list := []string{
		t.styled(bold, plain(h.of)+": "+count(dead, "dead letter")),
		t.styled(faint, "flute-node ctl replay "+plain(h.of)+" has them tried again"), "",
	}
	for i := range h.letters {
		l := &h.letters[i]
		style := ""
		if i == h.letter {
			style = reverse
		}
		list = append(list,
			t.styled(style, fmt.Sprintf("%s  %6s  %3d tries  %10s  %s", plain(l.Key),
				ageText(h.sinks.Time.Sub(l.Since)), l.Tries, formatBytes(l.Size), humanName(l.ContentLocation))),
			t.styled(faint, "  "+plain(oneLine(l.Error))))
	}
	if h.next != "" {
		list = append(list, t.styled(faint, "more with n"))
	}
	return list
}
