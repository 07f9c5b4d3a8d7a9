package main

import (
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/eventline"
)

const (
	// progressInterval is the least time between two lines of progress of one object.
	progressInterval = time.Second
	// progressRate bounds those of all objects together, in lines per second: a folder has thousands of files.
	progressRate = 20
)

// jsonLines makes lines of events, one JSON object each.
type jsonLines struct {
	now      func() time.Time
	last     map[object]time.Time // latest progress of each object in transfer
	second   time.Time            // in which progress lines are counted
	written  int                  // progress lines of that second
	progress bool                 // wanted
}

func newJSONLines(progress bool) *jsonLines {
	return &jsonLines{now: time.Now, last: map[object]time.Time{}, progress: progress}
}

// event returns the line of an event; nil: it is one of progress too many.
func (j *jsonLines) event(e notice.Event) []byte {
	switch e := e.(type) {
	case event.ObjectStarted:
		j.last[object{e.Session, e.TOI, e.Sending}] = j.now()
	case event.ObjectProgress:
		if !j.due(object{e.Session, e.TOI, e.Sending}) {
			return nil
		}
	case event.SessionStats:
		if !j.progress {
			return nil
		}
	case event.ObjectCompleted:
		delete(j.last, object{e.Session, e.TOI, e.Sending})
	case event.ObjectFailed:
		delete(j.last, object{e.Session, e.TOI, e.Sending})
	}
	return j.line(e.EventName(), e)
}

// due reports whether a line of progress may be written.
func (j *jsonLines) due(o object) bool {
	now := j.now()
	if last, ok := j.last[o]; !j.progress || !ok || now.Sub(last) < progressInterval {
		return false
	}
	if now.Sub(j.second) >= time.Second {
		j.second, j.written = now, 0
	}
	if j.written == progressRate {
		return false
	}
	j.written++
	j.last[o] = now
	return true
}

// line returns one JSON object: the event's name, the time, and its fields.
func (j *jsonLines) line(name string, v any) []byte {
	return append(eventline.Append(nil, name, j.now(), v), '\n')
}
