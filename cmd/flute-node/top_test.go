package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/api"
)

// withoutStyles removes the control sequences that the view itself writes.
var withoutStyles = strings.NewReplacer(
	bold, "", faint, "", reverse, "", red, "", green, "", yellow, "", blue, "", plainStyle, "",
)

func newTestTop(sessions int, name string) *top {
	t := newTop(context.Background(), nil, &topCommand{Interval: time.Second})
	o := &api.Overview{
		Time: time.Now(), SessionCount: sessions, Matching: 2 * sessions, Next: "more", AlarmCount: 9,
		States: map[string]int{api.StateReceiving: sessions}, Units: []api.Unit{{Whole: 3, Failed: 1}},
	}
	for range 5 {
		o.Alarms = append(o.Alarms, api.Alarm{Level: api.LevelError, Unit: name, Text: name})
	}
	for i := range sessions {
		o.Sessions = append(o.Sessions, api.Row{
			ID: fmt.Sprint(i), Unit: fmt.Sprintf("%d%s", i, name), State: api.StateReceiving, Rate: 12_300_000,
		})
	}
	t.look()
	t.Update(looked{number: t.asked, overview: o})
	return t
}

// inside looks into the chosen session.
func (t *top) looksInto(name string, files int) {
	t.key("enter")
	var list []api.Object
	for i := range files {
		list = append(list, api.Object{ObjectState: event.ObjectState{
			TOI: flute.NewTOI(uint64(i + 1)), ContentLocation: name, Phase: "receiving",
			TransferLength: 1000, Done: 500,
		}})
	}
	cells := make([]byte, 512)
	cells[0], cells[1] = 255, 100
	t.Update(looked{number: t.asked, objects: list, total: files, maps: []api.BlockMap{{
		TOI: flute.NewTOI(1), TransferLength: 1000, Done: 500, Blocks: 4, Lacking: 1, Cells: cells,
	}}})
}

// looksAtSinks shows so many sinks, or as many dead letters of the first.
func (t *top) looksAtSinks(name string, n int, letters bool) {
	t.key("s")
	a := &handing{sinks: api.Sinks{Time: time.Now(), Outbox: api.Outbox{Path: name, Items: 5}}}
	for i := range n {
		a.sinks.Sinks = append(a.sinks.Sinks, api.Sink{
			Name: fmt.Sprint("sink-", i), Kind: "webhook", State: api.SinkFailing, Error: name, Dead: n,
			Oldest: time.Now(),
		})
	}
	t.Update(looked{number: t.asked, handing: a})
	if !letters || n == 0 {
		return
	}
	t.key("enter")
	a = &handing{sinks: a.sinks, next: "more"}
	for i := range n {
		a.letters = append(a.letters, api.DeadLetter{Key: fmt.Sprint("key-", i), ContentLocation: name, Error: name})
	}
	t.Update(looked{number: t.asked, handing: a})
}

func isHidden(r rune) bool { return r < ' ' || r == '\u202e' }

// TestTopTellsStalled: a file of which nothing comes any more is stalled, one of which nothing has come is not.
func TestTopTellsStalled(t *testing.T) {
	now := time.Unix(1000, 0)
	for silent, want := range map[time.Duration]string{
		9 * time.Second: "receiving", 10 * time.Second: "stalled 10s", 3 * time.Hour: "stalled 3h",
		-time.Hour: "receiving",
	} {
		o := &api.Object{ObjectState: event.ObjectState{Phase: "receiving", LastSymbol: now.Add(-silent)}}
		if got := phaseText(o, now); got != want {
			t.Errorf("after %v: %q, want %q", silent, got, want)
		}
	}
	if got := phaseText(&api.Object{ObjectState: event.ObjectState{Phase: "announced"}}, now); got != "announced" {
		t.Errorf("%q", got)
	}
}

// TestTopOfAnotherClock: of a daemon whose clock is an hour behind only those files are stalled that are by that clock.
func TestTopOfAnotherClock(t *testing.T) {
	m := newTestTop(1, "unit")
	there := time.Now().Add(-time.Hour)
	m.look()
	m.Update(looked{number: m.asked, overview: &api.Overview{Time: there, Sessions: m.overview.Sessions}})
	m.key("enter")
	m.look()
	m.Update(looked{number: m.asked, total: 2, objects: []api.Object{
		{ObjectState: event.ObjectState{Phase: "receiving", LastSymbol: there.Add(30 * time.Minute)}},
		{ObjectState: event.ObjectState{Phase: "receiving", LastSymbol: there.Add(-30 * time.Minute)}},
	}})
	text := strings.Join(m.session(), "\n")
	if strings.Count(text, "stalled 30m") != 1 || strings.Count(text, "receiving") != 1 {
		t.Error(text)
	}
}

// TestTopOfStalledFile: when a file comes that nothing comes of nobody knows, whatever its rate was.
func TestTopOfStalledFile(t *testing.T) {
	m := newTestTop(1, "unit")
	m.key("enter")
	m.look()
	now := time.Now()
	for silent, want := range map[time.Duration]int{0: 1, time.Minute: 0} {
		m.Update(looked{number: m.asked, total: 1, objects: []api.Object{{ObjectState: event.ObjectState{
			Phase: "receiving", LastSymbol: now.Add(-silent), CompleteAt: now.Add(30 * time.Hour),
		}}}})
		if text := strings.Join(m.session(), "\n"); strings.Count(text, "30h") != want {
			t.Errorf("after %v: %s", silent, text)
		}
	}
}

// TestTopOfDaemonThatHangs: what is shown of a daemon that does not answer says so, and what to do.
func TestTopOfDaemonThatHangs(t *testing.T) {
	client, err := api.NewClient("unix:"+filepath.Join(t.TempDir(), "no.sock"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now()) // as if topPatience were over
	defer cancel()
	m := newTop(ctx, client, &topCommand{})
	m.Update(m.look()())
	if !strings.Contains(m.fault, "has not answered for 5s") || !strings.Contains(m.fault, "log") {
		t.Error(m.fault)
	}
}

// TestTopFits: whatever the size of the terminal and the names, there are as many lines as rows, none is wider, and no
// name writes a control sequence.
func TestTopFits(t *testing.T) {
	for _, name := range []string{"news", "\x1b[2J\u202e\n\r<b>", strings.Repeat("\u4e2d", 2000)} {
		for _, sessions := range []int{0, 1, 100} {
			for _, into := range []string{"", "session", "sinks", "letters"} {
				m := newTestTop(sessions, name)
				switch into {
				case "session":
					m.looksInto(name, 3*sessions)
				case "sinks", "letters":
					m.looksAtSinks(name, sessions, into == "letters")
				}
				for _, size := range []tea.WindowSizeMsg{
					{Width: 80, Height: 24},
					{Width: 200, Height: 60},
					{Width: 20, Height: 5},
					{Width: 1, Height: 1},
					{},
				} {
					m.Update(size)
					lines := m.lines()
					if len(lines) != m.height {
						t.Errorf("%d lines for %d rows", len(lines), m.height)
					}
					for _, l := range lines {
						l = withoutStyles.Replace(l)
						if columns(l) > m.width || strings.ContainsFunc(l, isHidden) {
							t.Errorf("%v: %q", size, l)
						}
					}
				}
			}
		}
	}
}

// TestTopKeys: keys move between sessions, pages and files; what was chosen stays so when the list changes.
func TestTopKeys(t *testing.T) {
	m := newTestTop(3, "-in")
	shows := func(text string) bool { return strings.Contains(strings.Join(m.lines(), "\n"), text) }
	m.key("j")
	m.key("down")
	m.key("j") // there is no fourth
	if m.at != 2 || !shows(reverse+"2-in") {
		t.Errorf("row %d\n%s", m.at, strings.Join(m.lines(), "\n"))
	}
	m.key("k")
	m.looksInto("a%20b", 2)
	if m.inside == nil || m.inside.Unit != "1-in" || !shows("a b") || !shows("█") ||
		!shows("3 of 4 source blocks whole") {
		t.Errorf("inside:\n%s", strings.Join(m.lines(), "\n"))
	}
	m.key("j")
	second := m.objects[1]
	m.Update(looked{number: m.asked, objects: []api.Object{second}, total: 1})
	if m.object != 0 {
		t.Errorf("file %d of one", m.object)
	}
	m.key("esc")
	if m.inside != nil || m.at != 1 {
		t.Errorf("back at row %d", m.at)
	}
	if m.key("n") == nil || m.after != "more" || m.key("p") == nil || m.after != "" || m.key("p") != nil {
		t.Errorf("pages: after %q", m.after)
	}
	if _, ok := m.key("q")().(tea.QuitMsg); !ok {
		t.Error("q does not end it")
	}
	if _, ok := m.key("ctrl+c")().(tea.QuitMsg); !ok {
		t.Error("Ctrl-C does not end it")
	}
}

// TestTopShowsChosen: with as many sessions as are asked for, and any number of alarms, the row that is chosen is seen.
func TestTopShowsChosen(t *testing.T) {
	for _, alarms := range []int{0, 3, 9} {
		m := newTestTop(24-topHead, "-in")
		m.overview.AlarmCount, m.overview.Alarms = alarms, m.overview.Alarms[:min(alarms, 5)]
		for range m.overview.Sessions {
			m.key("j")
		}
		text := strings.Join(m.lines(), "\n")
		if want := fmt.Sprint(reverse, m.at, "-in"); !strings.Contains(text, want) || !strings.Contains(text, " of ") {
			t.Errorf("%d alarms: row %d is not seen\n%s", alarms, m.at, text)
		}
	}
}

// TestTopAsksOnce: however many keys are pressed, there is one question at a time, and old answers are not shown; a
// daemon that does not answer is told, with the time of what is shown.
func TestTopAsksOnce(t *testing.T) {
	m := newTestTop(1, "-in")
	old := m.asked
	m.key("enter")
	_, next := m.Update(looked{number: old, overview: &api.Overview{}})
	if next != nil || len(m.overview.Sessions) != 1 {
		t.Error("an old answer is taken")
	}
	if _, next := m.Update(again(old)); next != nil {
		t.Error("it asks twice")
	}
	if _, next := m.Update(again(m.asked)); next == nil {
		t.Error("it does not ask again")
	}
	_, next = m.Update(looked{number: m.asked, err: errors.New("connection\nrefused")})
	if lines := m.lines(); next == nil || !strings.Contains(lines[len(lines)-1], "connection; refused; as of ") {
		t.Errorf("%q", lines[len(lines)-1])
	}
}

// TestTopSinks: a key shows the sinks and what they have not taken, page by page, and leads back; what was chosen
// stays so.
func TestTopSinks(t *testing.T) {
	m := newTestTop(3, "-in")
	shows := func(text string) bool { return strings.Contains(strings.Join(m.lines(), "\n"), text) }
	m.key("j")
	m.looksAtSinks("file:///a%20b", 3, false)
	m.key("j")
	m.key("j")
	m.key("k")
	if !shows(reverse+"sink-1") || !shows("failing") || !shows("outbox file:///a%20b: 5 of") {
		t.Error(strings.Join(m.lines(), "\n"))
	}
	without := api.Sinks{Time: time.Now(), Sinks: m.handing.sinks.Sinks[1:]}
	m.Update(looked{number: m.asked, handing: &handing{sinks: without}})
	if !shows(reverse + "sink-1") {
		t.Error("another sink is chosen:\n" + strings.Join(m.lines(), "\n"))
	}
	m.key("s")
	m.looksAtSinks("file:///a%20b", 3, true)
	if !shows("sink-0: 3 dead letters") || !shows("key-2") || !shows("a b") || !shows("more with n") {
		t.Error(strings.Join(m.lines(), "\n"))
	}
	if m.key("n") == nil || m.handing.after != "more" || m.key("n") != nil || m.key("p") == nil ||
		m.handing.after != "" {
		t.Errorf("pages: after %q", m.handing.after)
	}
	m.key("esc")
	if m.handing == nil || m.handing.of != "" {
		t.Error("not back at the sinks")
	}
	m.key("esc")
	if m.handing != nil || m.at != 1 {
		t.Errorf("not back at the sessions, row %d", m.at)
	}
}
