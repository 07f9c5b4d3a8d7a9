package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/fleet"
)

// FuzzOrder: any line of --control is an order or an error. An order in words is the same one in JSON.
func FuzzOrder(f *testing.F) {
	for _, line := range []string{
		"add /a b", "rate 5Mbit", "pause", "remove a", "finish", "stop now",
		`{"do":"update","path":"a","name":"b","type":"text/plain","after_transfer":true}`,
		`{"do":"pause","priority":-3}`, `{"do":"add","path":"a"}}`, `{"do":"rate","rate":"0"}`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		o, err := parseOrder(line)
		if err != nil {
			return
		}
		if !o.isKnown() {
			t.Fatalf("%q is taken: %+v", line, o)
		}
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "{") {
			if !json.Valid([]byte(line)) {
				t.Errorf("%q is taken: %+v", line, o)
			}
			return
		}
		word, _, _ := strings.Cut(line, " ")
		if o.Do != word {
			t.Errorf("%q is the order %q", line, o.Do)
		}
	})
}

// FuzzShown: whatever a daemon or a fleet answers, what a terminal shows of it has no line that is too wide, and
// nothing that a terminal obeys.
func FuzzShown(f *testing.F) {
	type answers struct {
		Sites    []fleet.Site
		Object   fleet.Object
		Overview api.Overview
		Objects  []api.Object
		Maps     []api.BlockMap
		Sinks    api.Sinks
		Letters  []api.DeadLetter
	}
	o := newTestTop(2, "a\x1b[31m\u202e").overview
	text, err := json.Marshal(answers{
		Sites: []fleet.Site{{Name: "a", Beat: fleet.Beat{Health: fleet.Health{Faults: []string{"x"}}}}},
		Object: fleet.Object{ContentLocation: "file:///a", Version: "sha-256:0", Sites: []fleet.Holding{
			{Site: "a", Have: &fleet.Have{Version: "1"}}, {Site: "b", Failed: &fleet.Failure{Reason: "digest", Detail: "x"}},
		}},
		Overview: *o, Objects: []api.Object{{}}, Maps: []api.BlockMap{{Cells: []byte{0, 9, 255}}},
		Sinks:   api.Sinks{Sinks: []api.Sink{{Name: "a", Kind: "webhook", Error: "x"}}},
		Letters: []api.DeadLetter{{Key: "k"}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, 80, 24)
	f.Add([]byte(`{"Sites":[{"site":"a\u001b[2J"}],"Overview":{"sessions":[{"state":"\u0007"}]}}`), 1, 1)
	f.Fuzz(func(t *testing.T, text []byte, width, height int) {
		var a answers
		if json.Unmarshal(text, &a) != nil {
			return
		}
		now := time.Unix(1_800_000_000, 0)
		for _, table := range []string{
			sitesText(a.Sites, now), objectText(&a.Object, true), objectText(&a.Object, false),
		} {
			for line := range strings.SplitSeq(table, "\n") {
				if strings.ContainsFunc(line, unicode.IsControl) {
					t.Errorf("%q", line)
				}
			}
		}
		view := newTop(context.Background(), nil, &topCommand{Interval: time.Second})
		view.Update(tea.WindowSizeMsg{Width: width % 200, Height: height % 100})
		look := func(m looked) {
			t.Helper()
			m.number = view.asked
			view.Update(m)
			lines := view.lines()
			for _, line := range lines {
				line = withoutStyles.Replace(line)
				if columns(line) > view.width || strings.ContainsFunc(line, unicode.IsControl) {
					t.Errorf("%q has %d columns of %d", line, columns(line), view.width)
				}
			}
			if len(lines) > view.height {
				t.Errorf("%d lines of %d", len(lines), view.height)
			}
		}
		look(looked{overview: &a.Overview})
		view.key("enter")
		look(looked{objects: a.Objects, total: len(a.Objects), maps: a.Maps})
		view.key("esc")
		view.key("s")
		look(looked{handing: &handing{sinks: a.Sinks}})
		view.key("enter")
		look(looked{handing: &handing{sinks: a.Sinks, letters: a.Letters}})
	})
}
