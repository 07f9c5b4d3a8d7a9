package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

var (
	groupA = netip.MustParseAddrPort("239.1.1.1:3400")
	groupB = netip.MustParseAddrPort("239.1.1.2:3400")
	one    = flute.SessionKey{Source: netip.MustParseAddr("192.0.2.1"), Group: groupA, TSI: 1}
	two    = flute.SessionKey{Source: netip.MustParseAddr("192.0.2.1"), Group: groupB, TSI: 2}
)

func done(s flute.SessionKey, name string) notice.Event {
	return event.ObjectCompleted{Session: s, ContentLocation: name}
}

func broke(s flute.SessionKey, name string, reason event.FailReason, retry bool) notice.Event {
	return event.ObjectFailed{Session: s, ContentLocation: name, Reason: reason, Retry: retry}
}

// TestUntil tells what happens and what receive makes of it: whether it goes on, and what is wrong if it does not.
func TestUntil(t *testing.T) {
	open := func(s flute.SessionKey) notice.Event { return event.SessionOpened{Session: s} }
	complete := func(s flute.SessionKey, failed int) notice.Event {
		return event.SessionComplete{Session: s, Failed: failed}
	}
	closed := func(s flute.SessionKey) notice.Event {
		return event.SessionClosed{Session: s, Reason: "close-session flag"}
	}
	a, b := flute.SessionKey{Group: groupA}, flute.SessionKey{Group: groupB}
	for name, test := range map[string]struct {
		u      until
		events []notice.Event
		goesOn bool
		wrong  string
	}{
		"nothing yet":              {u: until{kind: untilComplete}, goesOn: true},
		"files, but not complete":  {until{kind: untilComplete}, []notice.Event{open(one), done(one, "a")}, true, ""},
		"complete":                 {until{kind: untilComplete}, []notice.Event{open(one), done(one, "a"), complete(one, 0)}, false, ""},
		"complete and closed":      {until{kind: untilComplete}, []notice.Event{open(one), complete(one, 0), closed(one)}, false, ""},
		"another session goes on":  {until{kind: untilComplete}, []notice.Event{open(two), open(one), complete(one, 0)}, true, ""},
		"another group was silent": {until{kind: untilComplete, group: []flute.SessionKey{a, b}}, []notice.Event{open(one), complete(one, 0)}, true, ""},
		"both groups":              {until{kind: untilComplete, group: []flute.SessionKey{a, b}}, []notice.Event{complete(one, 0), complete(two, 0)}, false, ""},
		"a TSI was silent":         {until{kind: untilComplete, tsis: []flute.TSI{1, 2}}, []notice.Event{complete(one, 0)}, true, ""},
		"closed, not complete":     {until{kind: untilComplete}, []notice.Event{open(one), done(one, "a"), closed(one)}, false, "had not said that it was complete"},
		"a file failed":            {until{kind: untilComplete}, []notice.Event{broke(one, "file:///x%20y", "digest", false), complete(one, 1)}, false, "1 file missing: x y (digest)"},
		"what a file lacks is told": {until{kind: untilComplete}, []notice.Event{event.ObjectFailed{
			Session: one, ContentLocation: "a\x1b", Reason: event.FailExpired, Needed: 9,
			Missing: [][2]uint64{{0, 10}, {20, 30}, {40, 41}, {50, 60}},
		}, complete(one, 1)}, false, "(expired: needs 9 symbols; bytes 0-9, 20-29, 40-40 and more)"},
		"a file came after all": {until{kind: untilComplete}, []notice.Event{broke(one, "a", "digest", true), done(one, "a"), complete(one, 0)}, false, ""},
		"a full disk": {until{kind: untilComplete}, []notice.Event{event.ObjectFailed{
			Session: one, ContentLocation: "a", Reason: event.FailStore, Detail: "store: x: no space left on device",
		}, complete(one, 1)}, false, "a (store: no space left on device)"},
		"a newer version":           {until{kind: untilComplete}, []notice.Event{broke(one, "a", event.FailSuperseded, false), done(one, "a"), complete(one, 0)}, false, ""},
		"a description was refused": {until{kind: untilComplete}, []notice.Event{complete(one, 2)}, false, "2 announced files could not be received"},
		"events were missed":        {until{kind: untilComplete}, []notice.Event{notice.Missed{Count: 3}, complete(one, 0)}, false, "3 events were missed"},
		"until closed, complete":    {until{kind: untilClosed}, []notice.Event{open(one), complete(one, 0)}, true, ""},
		"until closed":              {until{kind: untilClosed}, []notice.Event{open(one), done(one, "a"), closed(one)}, false, ""},
		"until closed, one failed":  {until{kind: untilClosed}, []notice.Event{open(one), broke(one, "a", "session_over", false), closed(one)}, false, "a (session_over)"},
		"count":                     {until{kind: untilCount, count: 2}, []notice.Event{done(one, "a"), broke(one, "b", "oti", false), done(two, "a")}, false, ""},
		"count not reached":         {until{kind: untilCount, count: 2}, []notice.Event{done(one, "a"), complete(one, 0), closed(one)}, true, ""},
		"for ever":                  {until{kind: untilForever}, []notice.Event{broke(one, "a", "oti", false), complete(one, 1), closed(one)}, true, ""},
		"time":                      {until{kind: untilTimeout}, []notice.Event{complete(one, 0), closed(one)}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := test.u
			for _, e := range test.events {
				u.add(e)
			}
			if goesOn := !u.done(); goesOn != test.goesOn {
				t.Fatalf("goes on: %v, want %v", goesOn, test.goesOn)
			}
			if test.goesOn {
				return
			}
			switch err := u.verdict(); {
			case test.wrong == "" && err != nil:
				t.Error(err)
			case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
				t.Errorf("%v, want %q", err, test.wrong)
			}
		})
	}
}

// TestUntilLate: whoever waits for a word that some senders never say is told so.
func TestUntilLate(t *testing.T) {
	for _, test := range []struct {
		kind   string
		events []notice.Event
		want   string
		hint   bool
	}{
		{untilComplete, nil, "nothing was heard for 1s", false},
		{untilComplete, []notice.Event{event.SessionOpened{Session: one}, done(one, "a")}, "1 file after 1s, and not complete", true},
		{untilComplete, []notice.Event{done(one, "a"), event.SessionClosed{Session: one}}, "1 file after 1s, and not complete", true},
		{untilComplete, []notice.Event{event.SessionComplete{Session: one}}, "0 files after 1s, and not complete", false},
		{untilClosed, []notice.Event{event.SessionOpened{Session: one}}, "0 files after 1s, and not closed", false},
	} {
		u := until{kind: test.kind}
		for _, e := range test.events {
			u.add(e)
		}
		text := u.late(time.Second).Error()
		if !strings.HasPrefix(text, test.want) || strings.Contains(text, "--until closed") != test.hint {
			t.Errorf("until %s, %d events: %s", test.kind, len(test.events), text)
		}
	}
}

// What receive remembers stays bounded, however long it runs.
func TestUntilIsBounded(t *testing.T) {
	u := until{kind: untilForever}
	for i := range 5 * maxNamed {
		key := one
		key.TSI = flute.TSI(i)
		u.add(event.SessionOpened{Session: key})
		u.add(broke(key, "a", event.FailClosed, false))
		u.add(event.SessionClosed{Session: key})
	}
	if len(u.missing) != maxNamed || u.lacking() != 5*maxNamed || len(u.sessions) != 0 || len(u.over) != maxNamed {
		t.Errorf("%d names of %d, %d and %d sessions", len(u.missing), u.lacking(), len(u.sessions), len(u.over))
	}
	if text := u.late(time.Second).Error(); len(text) > 2000 || !strings.Contains(text, "and 4980 more") {
		t.Errorf("%s", text)
	}
}

func TestUntilFlags(t *testing.T) {
	for name, test := range map[string]struct {
		c    receiveCommand
		kind string
		err  string
	}{
		"default":            {receiveCommand{}, untilComplete, ""},
		"objects":            {receiveCommand{Objects: 3}, untilCount, ""},
		"timeout alone":      {receiveCommand{Timeout: 1}, untilComplete, ""},
		"closed":             {receiveCommand{Until: "closed"}, untilClosed, ""},
		"count of nothing":   {receiveCommand{Until: "count"}, "", "--objects"},
		"closed and objects": {receiveCommand{Until: "closed", Objects: 3}, "", "take one of them"},
		"timeout without":    {receiveCommand{Until: "timeout"}, "", "--timeout"},
		"forever with one":   {receiveCommand{Until: "forever", Timeout: 1}, "", "take one of them"},
	} {
		u, err := test.c.until()
		if test.err == "" && (err != nil || u.kind != test.kind) ||
			test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
}
