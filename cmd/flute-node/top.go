package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"github.com/flute-node/flute-node/internal/api"
)

// topCommand watches a daemon on a terminal.
type topCommand struct {
	apiFlags

	Interval time.Duration `type:"positive" default:"1s" help:"Time between two looks."`
	State    string        `enum:",receiving,silent,stuck,sending,idle,paused,alarm" default:"" help:"Only sessions that are receiving, silent, stuck, sending, idle or paused, or with an alarm."`
	Text     string        `help:"Only sessions with this text in the name of their unit or their addresses."`
}

// Run watches until q is pressed. Where the output is no terminal it prints what there is now.
func (c *topCommand) Run(ctx context.Context, out *output) error {
	terminal := term.IsTerminal(int(out.printer.file.Fd())) && term.IsTerminal(int(os.Stdin.Fd()))
	if !terminal || out.asked || !prepareTerminal(out.printer.file) {
		return c.once(ctx, out)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	t := newTop(ctx, client, c)
	p := tea.NewProgram(t, tea.WithContext(ctx), tea.WithOutput(out.printer.file), tea.WithoutSignalHandler())
	if _, err = p.Run(); ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil // the usual way to end it
	}
	return err
}

// path returns what is asked for a page of the sessions.
func (c *topCommand) path(after string, limit int) string {
	q := url.Values{"limit": {fmt.Sprint(limit)}, "state": {c.State}, "text": {c.Text}, "after": {after}}
	return "/v1/overview?" + q.Encode()
}

// once prints all sessions, up to 1,000.
func (c *topCommand) once(ctx context.Context, out *output) error {
	var o api.Overview
	answer, err := c.ask(ctx, http.MethodGet, c.path("", maxTopRows), nil, &o)
	if err != nil {
		return err
	}
	// Without a terminal text is what a person who pipes it wants, unless JSON was asked for.
	if out.asked {
		out.record(json.RawMessage(answer), "")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range summaryOf(&o) {
		fmt.Fprintln(w, line)
	}
	for _, a := range o.Alarms {
		fmt.Fprintln(w, alarmText(&a))
	}
	fmt.Fprintln(w)
	for _, cells := range tableOf(&o) {
		for _, cell := range cells {
			fmt.Fprintf(w, "%s\t", cell)
		}
		fmt.Fprintln(w)
	}
	if n := o.Matching - len(o.Sessions); n > 0 {
		fmt.Fprintf(w, "and %d more\n", n)
	}
	return w.Flush()
}

// maxTopRows is how many sessions are printed at once.
const maxTopRows = 1000

// summaryOf says in a line or two what a daemon does.
func summaryOf(o *api.Overview) []string {
	var whole, failed, lacking uint64
	more := ""
	for _, u := range o.Units {
		whole, failed, lacking = whole+u.Whole, failed+u.Failed, lacking+u.Lacking
		if u.LackingMore {
			more = "+"
		}
	}
	return []string{
		fmt.Sprintf("flute-node %s, up %s · %d receiving, %d silent, %d sending of %s", plain(o.Version),
			formatDuration(o.Time.Sub(o.Started).Round(time.Second)), o.States[api.StateReceiving],
			o.States[api.StateSilent]+o.States[api.StateStuck], o.States[api.StateSending],
			count(o.SessionCount, "session")),
		fmt.Sprintf("in %s · out %s · files: %d whole, %d failed, %d%s lacking · memory %s of %s",
			bitRate(o.ReceivedRate), bitRate(o.SentRate), whole, failed, lacking, more,
			formatBytes(o.Used), formatBytes(o.Budget)),
	}
}

// alarmText is an alarm in a line.
func alarmText(a *api.Alarm) string {
	who := cmp.Or(a.Unit, a.Sink, "daemon")
	return fmt.Sprintf("%-7s  %s: %s", plain(a.Level), plain(who), plain(oneLine(a.Text)))
}

// tableOf returns the sessions as rows of cells, with their head.
func tableOf(o *api.Overview) [][]string {
	rows := [][]string{{"UNIT", "STATE", "RATE", "LOSS", "MARGIN", "LAST", "FILES", "SESSION"}}
	for i := range o.Sessions {
		s := &o.Sessions[i]
		loss := s.LatestLoss
		if loss == nil {
			loss = s.Loss
		}
		last := "-"
		if !s.LastPacket.IsZero() {
			last = ageText(o.Time.Sub(s.LastPacket))
		}
		rows = append(rows, []string{
			plain(s.Unit), plain(s.State), bitRate(s.Rate), shareText(loss, 2), shareText(s.Margin, 1), last,
			fmt.Sprint(s.Files), plain(s.Session.String()),
		})
	}
	return rows
}

// bitRate writes bits per second.
func bitRate(bits uint64) string {
	switch v := float64(bits); {
	case bits == 0:
		return "-"
	case v < 999.5e3:
		return fmt.Sprintf("%.0f kbit/s", v/1e3)
	case v < 999.5e6:
		return fmt.Sprintf("%.1f Mbit/s", v/1e6)
	default:
		return fmt.Sprintf("%.2f Gbit/s", v/1e9)
	}
}

// shareText writes a part of one in percent; nil: not known.
func shareText(v *float64, digits int) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.*f%%", digits, 100**v)
}

// ageText writes how long ago something was.
func ageText(d time.Duration) string {
	switch d = max(0, d); {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	}
	return fmt.Sprintf("%.0fh", d.Hours())
}
