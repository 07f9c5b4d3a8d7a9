package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

func TestJSONLines(t *testing.T) {
	var out bytes.Buffer
	j := newJSONLines(true)
	j.now = func() time.Time { return time.Unix(0, 0).UTC() }
	out.Write(j.event(event.FDTReceived{Session: flute.SessionKey{TSI: 7}, ID: 3}))
	out.Write(j.event(event.ObjectCompleted{}))
	out.Write(j.event(notice.Missed{Count: 1}))
	lines := strings.Split(out.String(), "\n")
	want := `{"event":"fdt_received","time":"1970-01-01T00:00:00Z","session":{"source":"","group":"","tsi":7},` +
		`"fdt_instance_id":3,"files":0,"expires":"0001-01-01T00:00:00Z","complete":false,"rejected":[],"rejected_count":0}`
	if lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
	for _, want := range []string{`"digests":{}`, `"verified":[]`} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("%s has no %s", lines[1], want)
		}
	}
	if want := `{"event":"missed","time":"1970-01-01T00:00:00Z","count":1}`; lines[2] != want {
		t.Errorf("got %s, want %s", lines[2], want)
	}
}

// Progress is told once a second for each object, and in all not more often than a reader can stand.
func TestJSONProgressIsBounded(t *testing.T) {
	var out bytes.Buffer
	j := newJSONLines(true)
	now := time.Unix(1000, 0)
	j.now = func() time.Time { return now }
	const objects = 100
	for i := range objects {
		out.Write(j.event(event.ObjectStarted{TOI: flute.NewTOI(uint64(i + 1))}))
	}
	out.Reset()
	for range 100 { // ten seconds
		now = now.Add(100 * time.Millisecond)
		for i := range objects {
			out.Write(j.event(event.ObjectProgress{TOI: flute.NewTOI(uint64(i + 1))}))
		}
	}
	if n := strings.Count(out.String(), "object_progress"); n < 9*progressRate || n > 11*progressRate {
		t.Errorf("%d lines in ten seconds, want about %d", n, 10*progressRate)
	}
	for i := range objects {
		out.Write(j.event(event.ObjectFailed{TOI: flute.NewTOI(uint64(i + 1))}))
	}
	if len(j.last) > 0 {
		t.Errorf("%d objects are remembered after their end", len(j.last))
	}
	quiet := newJSONLines(false)
	out.Reset()
	out.Write(quiet.event(event.ObjectStarted{}))
	now = now.Add(time.Hour)
	out.Write(quiet.event(event.ObjectProgress{}))
	out.Write(quiet.event(event.SessionStats{}))
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines without progress, want that of the start:\n%s", n, out.String())
	}
}
