package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flute-node/flute-node/internal/api"
)

// Styles, as terminals have them (ECMA-48): the user's own colours, which suit light and dark.
const (
	bold, faint, reverse = "\x1b[1m", "\x1b[2m", "\x1b[7m"
	red, green, yellow   = "\x1b[31m", "\x1b[32m", "\x1b[33m"
	blue, plainStyle     = "\x1b[34m", "\x1b[0m"
	topAlarms            = 3             // alarms that are shown at most
	topHead              = topAlarms + 7 // lines that are no sessions: summary (2), more alarms, gap, head, page, keys
	keysOverview         = "↑↓ choose  Enter look into it  n p pages  s sinks  q end"
	keysInside           = "↑↓ choose a file  Esc back  q end"
	mapWidth             = 64
)

// View implements tea.Model.
func (t *top) View() tea.View {
	v := tea.NewView(strings.Join(t.lines(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "flute-node"
	return v
}

// lines returns what is shown: as many lines as there is room for, none of them wider than the terminal.
func (t *top) lines() []string {
	var list []string
	switch {
	case t.overview == nil && t.fault == "":
		list = []string{t.styled("", "asking …")}
	case t.overview == nil:
	case t.handing != nil:
		list = t.sinks()
	case t.inside != nil:
		list = t.session()
	default:
		list = t.sessions()
	}
	foot := t.styled(faint, keysOverview)
	switch {
	case t.handing != nil:
		foot = t.styled(faint, t.handing.keys())
	case t.inside != nil:
		foot = t.styled(faint, keysInside)
	}
	if t.fault != "" {
		foot = t.styled(red, fmt.Sprintf("%s; as of %s", t.fault, freshText(t.fresh)))
	}
	list = list[:min(len(list), max(0, t.height-1))]
	for len(list) < t.height-1 {
		list = append(list, "")
	}
	return append(list, foot)
}

func freshText(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Format(time.TimeOnly)
}

// styled cuts a text to the width of the terminal, and gives it a style.
func (t *top) styled(style, text string) string {
	text = shorten(text, t.width)
	if style == "" {
		return text
	}
	return style + text + plainStyle
}

// sessions shows a page of them.
func (t *top) sessions() (list []string) {
	o := t.overview
	for i, line := range summaryOf(o) {
		list = append(list, t.styled([]string{bold, ""}[i], line))
	}
	for i := range o.Alarms[:min(len(o.Alarms), topAlarms)] {
		style := yellow
		if o.Alarms[i].Level == api.LevelError {
			style = red
		}
		list = append(list, t.styled(style, alarmText(&o.Alarms[i])))
	}
	switch {
	case o.AlarmCount > topAlarms:
		list = append(list, t.styled(yellow, fmt.Sprintf("and %d alarms more", o.AlarmCount-topAlarms)))
	case o.AlarmCount == 0:
		list = append(list, t.styled(green, "nothing needs attention"))
	}
	list = append(list, "")
	rows := tableOf(o)
	widths := widthsOf(rows)
	for i, cells := range rows {
		style := ""
		switch {
		case i == 0:
			style = faint
		case i-1 == t.at:
			style = reverse
		default:
			style = styleOf(o.Sessions[i-1].State)
		}
		list = append(list, t.styled(style, joined(cells, widths, numeric)))
	}
	page := fmt.Sprintf("%d–%d of %d", o.Before+1, o.Before+len(o.Sessions), o.Matching)
	if len(o.Sessions) == 0 {
		page = "no session"
	}
	return append(list, t.styled(faint, page))
}

func styleOf(state string) string {
	switch state {
	case api.StateReceiving, api.StateSending:
		return ""
	case api.StateSilent:
		return yellow
	case api.StateStuck:
		return red
	}
	return faint
}

// The columns of the tables of sessions and of sinks that are numbers.
var numeric, numericSinks = []int{2, 3, 4, 5, 6}, []int{3, 4, 5, 6, 7, 8}

// widthsOf returns how wide each column is.
func widthsOf(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, cells := range rows {
		for i, c := range cells {
			widths[i] = max(widths[i], columns(c))
		}
	}
	widths[0] = min(widths[0], 24)
	return widths
}

// joined writes a row of the table.
func joined(cells []string, widths, numeric []int) string {
	var b strings.Builder
	for i, c := range cells {
		c = shorten(c, widths[i])
		pad := strings.Repeat(" ", widths[i]-columns(c))
		switch {
		case i == len(cells)-1:
			b.WriteString(c)
		case slices.Contains(numeric, i):
			b.WriteString(pad + c + "  ")
		default:
			b.WriteString(c + pad + "  ")
		}
	}
	return b.String()
}

// session shows the files of one, and which parts of the chosen one have come.
func (t *top) session() (list []string) {
	s := t.inside
	list = append(list, t.styled(bold, plain(s.Unit)+"  "+plain(s.Session.String())), "")
	if t.object < len(t.objects) {
		o := &t.objects[t.object]
		list = append(list, t.styled(bold, humanName(o.ContentLocation)))
		for i := range t.maps {
			if m := &t.maps[i]; m.Session == s.Session && m.TOI == o.TOI {
				list = append(list, t.blocks(m)...)
			}
		}
		list = append(list, "")
	}
	list = append(list, t.styled(faint, fmt.Sprintf("%-13s %6s %10s %9s  %s", "STATE", "DONE", "SIZE", "NEXT", "FILE")))
	room := max(1, t.height-len(list)-2)
	from := max(0, t.object-room+1) // the chosen one is seen
	now := t.fresh.Add(t.ahead)
	for i := from; i < min(len(t.objects), from+room); i++ {
		o := &t.objects[i]
		done, next := 0.0, "-"
		if o.TransferLength > 0 {
			done = float64(o.Done) / float64(o.TransferLength)
		}
		if at := o.CompleteAt; !at.IsZero() && !isStalled(o, now) { // then the rate is of another time
			next = ageText(at.Sub(now))
		} else if !o.Resumes.IsZero() {
			next = ageText(o.Resumes.Sub(now))
		}
		style := ""
		if i == t.object {
			style = reverse
		}
		list = append(list, t.styled(style, fmt.Sprintf("%-13s %5.1f%% %10s %9s  %s", phaseText(o, now), 100*done,
			formatBytes(o.TransferLength), next, humanName(o.ContentLocation))))
	}
	text := fmt.Sprintf("%d of %d on their way", min(len(t.objects), room), t.total)
	return append(list, t.styled(faint, text))
}

// phaseText writes where a file stands. One of which nothing has come for some time is stalled, and since when.
func phaseText(o *api.Object, now time.Time) string {
	if isStalled(o, now) {
		return "stalled " + ageText(now.Sub(o.LastSymbol))
	}
	return plain(o.Phase)
}

// isStalled reports whether nothing has come of a file for some time, though it is being received.
func isStalled(o *api.Object, now time.Time) bool {
	return !o.LastSymbol.IsZero() && now.Sub(o.LastSymbol) >= stalledAfter
}

// shades are the parts of a cell of the map.
var shades = []rune("·░▒▓█")

// blocks draws a map.
func (t *top) blocks(m *api.BlockMap) (list []string) {
	width := min(mapWidth, t.width)
	for at := 0; at < len(m.Cells); at += width {
		var b strings.Builder
		for _, c := range m.Cells[at:min(at+width, len(m.Cells))] {
			switch c {
			case 0:
				b.WriteRune(shades[0])
			case 255:
				b.WriteRune(shades[4])
			default:
				b.WriteRune(shades[1+int(c)*3/256])
			}
		}
		list = append(list, blue+b.String()+plainStyle)
	}
	text := fmt.Sprintf("%s of %s, %d of %d source blocks whole, %d symbols needed", formatBytes(m.Done),
		formatBytes(m.TransferLength), m.Blocks-min(m.Blocks, m.Lacking), m.Blocks, m.Needed)
	return append(list, t.styled("", text))
}
