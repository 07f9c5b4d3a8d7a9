package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// stateOf is a State of n sessions that are received, each by a unit of its own.
func stateOf(n int, change func(i int, s *node.SessionState)) *State {
	st := &State{Config: ConfigState{OK: true}, Snapshot: &node.Snapshot{SessionCount: n}}
	for i := range n {
		s := node.SessionState{
			Session:   flute.SessionKey{Source: sessionKey.Source, Group: sessionKey.Group, TSI: flute.TSI(i)},
			Reception: 1, Received: &flute.Counters{Received: 9}, ReceivedRate: 1000,
			Account: &event.Account{}, LastPacket: noon.Add(-time.Second), ObjectCount: i,
		}
		change(i, &s)
		st.Snapshot.Sessions = append(st.Snapshot.Sessions, s)
		st.UnitOf = append(st.UnitOf, fmt.Sprintf("unit-%04d", n-1-i)) // not in the order of the rows
	}
	return st
}

// TestOverviewPages: all pages together have each session once, in order, also if one ends between two pages.
func TestOverviewPages(t *testing.T) {
	st := stateOf(25, func(int, *node.SessionState) {})
	var got []string
	q := query{limit: 10}
	for pages := 0; ; pages++ {
		o := overview(st, q, noon)
		if o.Before != len(got) || o.SessionCount != 25 {
			t.Errorf("page %d: %d before, of %d", pages, o.Before, o.SessionCount)
		}
		for _, r := range o.Sessions {
			got = append(got, r.Unit)
		}
		if q.after = o.Next; q.after == "" {
			break
		}
		if pages == 0 { // the last row of the first page
			at := slices.Index(st.UnitOf, "unit-0009")
			st.UnitOf = slices.Delete(st.UnitOf, at, at+1)
			st.Snapshot.Sessions = slices.Delete(st.Snapshot.Sessions, at, at+1)
			got = got[:9]
		}
	}
	want := []string{}
	for i := range 25 {
		if i != 9 {
			want = append(want, fmt.Sprintf("unit-%04d", i))
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if o := overview(st, query{limit: 10, after: "zzz"}, noon); len(o.Sessions) != 0 || o.Next != "" || o.Before != 24 {
		t.Errorf("behind the last: %+v", o)
	}
}

// TestOverviewStates: what a session is said to do, and which ones a client gets.
func TestOverviewStates(t *testing.T) {
	for _, c := range []struct {
		want   string
		rate   uint64
		change func(s *node.SessionState)
	}{
		{StateReceiving, 1000, func(*node.SessionState) {}},
		{StateSilent, 0, func(s *node.SessionState) { s.LastPacket = noon.Add(-silence - 1) }},
		{StateSilent, 0, func(s *node.SessionState) { s.LastPacket = time.Time{} }},
		{StateStuck, 0, func(s *node.SessionState) { *s = node.SessionState{Session: s.Session, Reception: 1, Silent: true} }},
		{StateSending, 5, func(s *node.SessionState) {
			*s = node.SessionState{Session: s.Session, Sent: &sender.Stats{Packets: 3}, SentRate: 5}
		}},
		{StateIdle, 0, func(s *node.SessionState) { *s = node.SessionState{Session: s.Session, Sent: &sender.Stats{}} }},
	} {
		st := stateOf(1, func(_ int, s *node.SessionState) { c.change(s) })
		o := overview(st, query{limit: 1}, noon)
		if r := o.Sessions[0]; r.State != c.want || r.Rate != c.rate || o.States[c.want] != 1 {
			t.Errorf("want %s: %+v %v", c.want, r, o.States)
		}
		way := map[bool]string{false: "in", true: "out"}
		sending := o.Sessions[0].Sending
		for _, q := range []query{
			{state: c.want},
			{way: way[sending]},
			{text: "unit-0000"},
			{text: "239.1.1.1"},
		} {
			if q.limit = 1; overview(st, q, noon).Matching != 1 {
				t.Errorf("%s: %+v has nothing", c.want, q)
			}
		}
		for _, q := range []query{{state: "other"}, {way: way[!sending]}, {text: "unit-0001"}} {
			if q.limit = 1; overview(st, q, noon).Matching != 0 {
				t.Errorf("%s: %+v has something", c.want, q)
			}
		}
	}
	st := stateOf(1, func(_ int, s *node.SessionState) { s.Reception, s.Sent = 0, &sender.Stats{} })
	st.Units = []Unit{{Name: "unit-0000", Paused: true}}
	if r := overview(st, query{limit: 1}, noon).Sessions[0]; r.State != StatePaused {
		t.Errorf("paused: %+v", r)
	}
}

// TestAlarms: each kind of alarm comes when it should, and not just before.
func TestAlarms(t *testing.T) {
	account := func(a event.Account) func(st *State) {
		return func(st *State) { st.Snapshot.Sessions[0].Account = &a }
	}
	for _, c := range []struct {
		kind       string // empty: none
		level, has string
		change     func(st *State)
	}{
		{"", "", "", func(*State) {}},
		{"reload_failed", LevelError, "line 3; line 4", func(st *State) { st.Config = ConfigState{Error: "line 3\nline 4"} }},
		{"memory_high", LevelWarning, "91 %", func(st *State) { st.Snapshot.Budget, st.Snapshot.Used = 100, 91 }},
		{"", "", "", func(st *State) { st.Snapshot.Budget, st.Snapshot.Used = 100, 90 }},
		{"unit_down", LevelError, "no such interface", func(st *State) {
			st.Units = []Unit{{Name: "a", Phase: "waiting", Error: "no such interface"}}
		}},
		{"unit_down", LevelError, "no servers", func(st *State) {
			st.Units = []Unit{{Name: "a", Phase: "standby", Error: "no servers"}}
		}},
		{"", "", "", func(st *State) { st.Units = []Unit{{Name: "a", Phase: "standby"}} }},
		{"", "", "", func(st *State) { st.Units = []Unit{{Name: "a", Phase: "running"}} }},
		{"files_fail", LevelError, "7 since", func(st *State) {
			st.Units = []Unit{{Name: "a", Failed: 7, LastFailed: noon.Add(-time.Minute)}}
		}},
		{"", "", "", func(st *State) { st.Units = []Unit{{Failed: 7, LastFailed: noon.Add(-alarmRecently)}} }},
		{"store_fails", LevelError, "no space left", func(st *State) {
			st.Units = []Unit{{Name: "a", StoreError: "no space left", LastStoreFailed: noon.Add(1 - alarmRecently)}}
		}},
		{"", "", "", func(st *State) { st.Units = []Unit{{LastStoreFailed: noon.Add(-alarmRecently)}} }},
		{"files_lack", LevelWarning, "3 files", func(st *State) {
			st.Units = []Unit{{Name: "a", Lacking: 3, LackingSince: noon.Add(-alarmLacking - 1)}}
		}},
		{"files_lack", LevelWarning, "at least 3 files", func(st *State) {
			st.Units = []Unit{{Name: "a", Lacking: 3, LackingMore: true, LackingSince: noon.Add(-alarmLacking - 1)}}
		}},
		{"", "", "", func(st *State) { st.Units = []Unit{{Lacking: 3, LackingSince: noon.Add(-alarmLacking)}} }},
		{"actor_restarted", LevelWarning, "node/hub crashed, 3 times", func(st *State) {
			st.Restarts = []Restart{{Actor: "node/hub", Count: 3, At: noon}}
		}},
		{"", "", "", func(st *State) { st.Restarts = []Restart{{At: noon.Add(-time.Hour)}} }},
		{"stuck", LevelError, "does not answer", func(st *State) { st.Snapshot.Sessions[0].Silent = true }},
		{"no_packets", LevelError, "", func(st *State) { st.Snapshot.Sessions[0].LastPacket = noon.Add(-alarmSilence - 1) }},
		{"", "", "", func(st *State) { st.Snapshot.Sessions[0].LastPacket = noon.Add(-alarmSilence) }},
		{"loss_high", LevelWarning, "6.0 %", account(event.Account{Due: 100, LatestLoss: .06})},
		{"", "", "", account(event.Account{Due: 100, LatestLoss: .05})},
		{"margin_low", LevelWarning, "1.0 %", account(event.Account{Lost: 1, MarginBlocks: 10, Margin: .01})},
		{"", "", "", account(event.Account{MarginBlocks: 10})},         // nothing is lost: no-code has no margin
		{"", "", "", account(event.Account{Lost: 1, MarginBlocks: 9})}, // too few
		{"fdt_stale", LevelWarning, "11m0s", account(event.Account{FDTAge: 11 * time.Minute})},
		{"sink_behind", LevelWarning, "2 files wait for sink s: refused", func(st *State) {
			st.Sinks.Sinks = []Sink{{Name: "s", Waiting: 2, Oldest: noon.Add(-alarmSink - 1), Error: "refused"}}
		}},
		{"", "", "", func(st *State) { st.Sinks.Sinks = []Sink{{Waiting: 2, Oldest: noon.Add(-alarmSink)}} }},
		{"sink_dead_letters", LevelWarning, "sink s has not taken 3 files", func(st *State) {
			st.Sinks.Sinks = []Sink{{Name: "s", Dead: 3}}
		}},
		{"clock_skew", LevelWarning, "1m1s", account(event.Account{ClockOffset: -61 * time.Second})},
	} {
		st := stateOf(1, func(int, *node.SessionState) {})
		c.change(st)
		o := overview(st, query{limit: 1}, noon)
		if c.kind == "" {
			if o.AlarmCount != 0 {
				t.Errorf("an alarm: %+v", o.Alarms)
			}
			continue
		}
		if o.AlarmCount != 1 || o.Alarms[0].Kind != c.kind || o.Alarms[0].Level != c.level ||
			!strings.Contains(o.Alarms[0].Text, c.has) {
			t.Errorf("%s: %+v", c.kind, o.Alarms)
		}
		of := o.Alarms[0].Session != ""
		alarmed := overview(st, query{limit: 1, state: "alarm"}, noon).Matching == 1
		if of != (o.Sessions[0].Alarms == 1) || of != alarmed {
			t.Errorf("%s: %+v", c.kind, o.Sessions[0])
		}
	}
	// Errors come first, and the list has a bound.
	st := stateOf(500, func(i int, s *node.SessionState) {
		if s.Account = (&event.Account{FDTAge: time.Hour}); i == 499 {
			s.Silent = true
		}
	})
	o := overview(st, query{limit: 1}, noon)
	if o.AlarmCount != 500 || len(o.Alarms) != maxAlarms || o.Alarms[0].Kind != "stuck" {
		t.Errorf("%d alarms, %d told, first %+v", o.AlarmCount, len(o.Alarms), o.Alarms[0])
	}
}

// TestCells: the cells of a map say how much of each part is there, whatever the numbers of blocks and bytes.
func TestCells(t *testing.T) {
	for _, c := range []struct {
		name         string
		length, done uint64
		blocks       uint32
		missing      [][2]uint64
		want         []byte
	}{
		{"nothing is known", 0, 0, 0, nil, []byte{}},
		{"announced", 4096, 0, 0, nil, []byte{0, 0, 0, 0}},
		{"whole", 4096, 4096, 2, nil, []byte{255, 255, 255, 255}},
		{"the second of two blocks", 4096, 2048, 2, [][2]uint64{{0, 2048}}, []byte{0, 0, 255, 255}},
		{"three blocks share seven cells", 7168, 7168, 3, nil, []byte{255, 255, 255, 255, 255, 255}},
		{"half of a cell", 2048, 1536, 1, [][2]uint64{{512, 1024}}, []byte{127, 255}},
		{"one byte is missing", 2048, 2047, 1, [][2]uint64{{0, 1}}, []byte{253, 255}},
		{"one byte is there", 2048, 1, 1, [][2]uint64{{1, 2048}}, []byte{1, 0}},
		{"smaller than a cell", 10, 5, 1, [][2]uint64{{5, 10}}, []byte{127}},
		{"more blocks than cells", 1024, 0, 3, [][2]uint64{{0, 1024}}, []byte{0, 0, 0}},
		{"ranges are left out", 4096, 1024, 1, [][2]uint64{{0, 1024}}, []byte{0, 85, 85, 85}},
		{"ranges beyond the object", 1024, 0, 1, [][2]uint64{{0, 9999}, {10_000, 10_001}}, []byte{0}},
		{"done beyond the object", 1024, 2048, 1, nil, []byte{255}},
	} {
		if got := cells(c.length, c.done, c.blocks, c.missing); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// What has not come at all is 0, whatever the division of its bytes into cells leaves over.
	all := cells(12_000_000, 4_800_000, 43, [][2]uint64{{4_800_000, 12_000_000}})
	for i := len(all)*2/5 + 1; i < len(all); i++ {
		if all[i] != 0 {
			t.Fatalf("cell %d of %d: %d", i, len(all), all[i])
		}
	}
	for _, blocks := range []uint32{0, 1, 3, 511, 512, 513, 1 << 31} {
		n := len(cells(1<<48, 0, blocks, nil))
		if n == 0 || n > maxCells || blocks > 0 && blocks <= maxCells && n%int(blocks) != 0 {
			t.Errorf("%d blocks have %d cells", blocks, n)
		}
	}
	sent := Object{ObjectState: event.ObjectState{Phase: "sending", TransferLength: 4096, Done: 1024}}
	if m := blockMap(&sent); len(m.Cells) != 0 {
		t.Errorf("a file that is sent: %v", m.Cells)
	}
}

// TestObjectPages: the pages of a session have each object once, by TOI, also if the order of the snapshot changes.
func TestObjectPages(t *testing.T) {
	st := stateOf(2, func(i int, s *node.SessionState) {
		for _, toi := range []uint64{9, 3, 7, 1, 5} {
			s.Objects = append(s.Objects, event.ObjectState{TOI: flute.NewTOI(toi + uint64(100*i))})
		}
		s.ObjectCount = 5
	})
	q := map[string][]string{"session": {rowID(st.UnitOf[0], &st.Snapshot.Sessions[0])}}
	var got []string
	var after flute.TOI
	for {
		list, count, next := objects(st, q, after, 2)
		for _, o := range list {
			got = append(got, o.TOI.String())
		}
		if count != 5 {
			t.Errorf("%d objects", count)
		}
		if next == "" {
			break
		}
		after = list[len(list)-1].TOI
		if next != after.String() {
			t.Errorf("the next page begins after %s, the last one is %v", next, after)
		}
		slices.Reverse(st.Snapshot.Sessions[0].Objects)
	}
	if d := cmp.Diff([]string{"1", "3", "5", "7", "9"}, got); d != "" {
		t.Error(d)
	}
}
