package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/flute-node/flute-node/internal/api"
)

// top is what a terminal shows of a daemon: the sessions, or one of them with its files. It implements tea.Model.
type top struct {
	ctx    context.Context
	client *api.Client
	flags  *topCommand

	width, height int
	asked         int // number of the latest question; answers to earlier ones are of no use

	overview *api.Overview
	after    string   // the page begins after this row
	before   []string // where the pages before began
	at       int      // the row that is chosen

	inside  *api.Row // the session that is looked into; nil: none
	objects []api.Object
	total   int
	maps    []api.BlockMap
	object  int // the file that is chosen

	handing *handing // the sinks are shown; nil: they are not

	fault string    // why what is shown is not fresh; empty: it is
	fresh time.Time // when it was

	ahead time.Duration // how far the daemon's clock is ahead of ours
}

func newTop(ctx context.Context, client *api.Client, flags *topCommand) *top {
	return &top{ctx: ctx, client: client, flags: flags, width: 80, height: 24}
}

// looked is what the daemon has answered.
type looked struct {
	number   int
	overview *api.Overview
	objects  []api.Object
	total    int
	maps     []api.BlockMap
	handing  *handing
	err      error
}

// again is time to ask, if nothing was asked since the question of this number.
type again int

// Init implements tea.Model.
func (t *top) Init() tea.Cmd { return t.look() }

// look returns what asks the daemon for what is to be shown.
func (t *top) look() tea.Cmd {
	t.asked++
	if t.handing != nil {
		return t.lookAtSinks()
	}
	number, rows, after := t.asked, max(1, t.height-topHead), t.after
	var inside api.Row
	var toi string
	if t.inside != nil {
		inside = *t.inside
		if t.object < len(t.objects) {
			toi = t.objects[t.object].TOI.String()
		}
	}
	path := t.flags.path(after, min(rows, maxTopRows))
	return func() tea.Msg {
		a := looked{number: number}
		if inside.ID == "" {
			a.overview = &api.Overview{}
			a.err = t.get(path, a.overview)
			return a
		}
		var list struct {
			Objects []api.Object `json:"objects"`
			Count   int          `json:"object_count"`
		}
		q := url.Values{"unit": {inside.Unit}, "session": {inside.ID}, "limit": {"1000"}}
		if a.err = t.get("/v1/objects?"+q.Encode(), &list); a.err != nil {
			return a
		}
		a.objects, a.total = list.Objects, list.Count
		if toi == "" && len(a.objects) > 0 {
			toi = a.objects[0].TOI.String()
		}
		if toi != "" && !inside.Sending {
			var maps struct {
				Maps []api.BlockMap `json:"maps"`
			}
			// A file that has ended meanwhile has none.
			_ = t.get("/v1/units/"+url.PathEscape(inside.Unit)+"/objects/"+toi+"/map", &maps)
			a.maps = maps.Maps
		}
		return a
	}
}

func (t *top) get(path string, to any) error {
	ctx, cancel := context.WithTimeout(t.ctx, topPatience)
	defer cancel()
	answer, err := t.client.Do(ctx, http.MethodGet, path, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the daemon has not answered for %v, as if it hangs; see its log, and start it again",
			topPatience)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, to)
}

// topPatience is how long an answer may take.
const topPatience = 5 * time.Second

// Update implements tea.Model.
func (t *top) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		t.width, t.height = max(1, m.Width), max(1, m.Height)
		return t, t.look() // a page has as many rows as there is room for
	case tea.KeyPressMsg:
		return t, t.key(m.String())
	case again:
		if int(m) != t.asked {
			return t, nil // another one has been asked, and will be again
		}
		return t, t.look()
	case looked:
		if m.number != t.asked {
			return t, nil
		}
		t.take(&m)
		return t, tea.Tick(t.flags.Interval, func(time.Time) tea.Msg { return again(m.number) })
	}
	return t, nil
}

// take shows an answer.
func (t *top) take(a *looked) {
	if a.err != nil {
		t.fault = plain(oneLine(a.err.Error()))
		return
	}
	t.fault, t.fresh = "", time.Now()
	if a.handing != nil {
		t.handing.take(a.handing)
		return
	}
	if a.overview != nil {
		t.overview, t.ahead = a.overview, a.overview.Time.Sub(t.fresh)
		t.at = max(0, min(t.at, len(a.overview.Sessions)-1))
		return
	}
	chosen := ""
	if t.object < len(t.objects) {
		chosen = t.objects[t.object].TOI.String()
	}
	t.objects, t.total, t.maps = a.objects, a.total, a.maps
	t.object = max(0, min(t.object, len(t.objects)-1))
	for i := range t.objects { // it stays the one that was chosen
		if t.objects[i].TOI.String() == chosen {
			t.object = i
		}
	}
}

// key does what a key asks for.
func (t *top) key(name string) tea.Cmd {
	switch name {
	case "q", "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		if canSuspend() {
			return tea.Suspend
		}
	case "s":
		if t.inside == nil {
			return t.toggleSinks()
		}
	}
	if t.handing != nil {
		return t.sinkKey(name)
	}
	switch name {
	case "down", "j":
		return t.move(1)
	case "up", "k":
		return t.move(-1)
	case "esc", "backspace", "left", "h":
		if t.inside != nil {
			t.inside, t.objects, t.maps, t.object = nil, nil, nil, 0
			return t.look()
		}
	case "enter", "right", "l":
		if t.inside == nil && t.overview != nil && t.at < len(t.overview.Sessions) {
			one := t.overview.Sessions[t.at]
			t.inside = &one
			return t.look()
		}
	case "n", "pgdown":
		if t.inside == nil && t.overview != nil && t.overview.Next != "" {
			t.before = append(t.before, t.after)
			t.after, t.at = t.overview.Next, 0
			return t.look()
		}
	case "p", "pgup":
		if n := len(t.before); t.inside == nil && n > 0 {
			t.after, t.before, t.at = t.before[n-1], t.before[:n-1], 0
			return t.look()
		}
	}
	return nil
}

// move chooses another row.
func (t *top) move(by int) tea.Cmd {
	if t.inside != nil {
		t.object = max(0, min(t.object+by, len(t.objects)-1))
		t.maps = nil
		return t.look()
	}
	if t.overview != nil {
		t.at = max(0, min(t.at+by, len(t.overview.Sessions)-1))
	}
	return nil
}
