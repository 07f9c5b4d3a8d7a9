package main

import (
	"encoding/json"
	"io"
	"reflect"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
)

const (
	// progressInterval is the least time between two lines of progress of one object.
	progressInterval = time.Second
	// progressRate bounds those of all objects together, in lines per second: a folder has thousands of files.
	progressRate = 20
)

// jsonLines writes events as JSON, one object a line.
type jsonLines struct {
	w        io.Writer
	now      func() time.Time
	last     map[object]time.Time // latest progress of each object in transfer
	second   time.Time            // in which progress lines are counted
	written  int                  // progress lines of that second
	progress bool                 // wanted
}

func newJSONLines(w io.Writer, progress bool) *jsonLines {
	return &jsonLines{w: w, now: time.Now, last: map[object]time.Time{}, progress: progress}
}

// show writes an event, unless it is one of progress too many.
func (j *jsonLines) show(e notice.Event) {
	switch e := e.(type) {
	case event.ObjectStarted:
		j.last[object{e.Session, e.TOI, e.Sending}] = j.now()
	case event.ObjectProgress:
		if !j.due(object{e.Session, e.TOI, e.Sending}) {
			return
		}
	case event.SessionStats:
		if !j.progress {
			return
		}
	case event.ObjectCompleted:
		delete(j.last, object{e.Session, e.TOI, e.Sending})
	case event.ObjectFailed:
		delete(j.last, object{e.Session, e.TOI, e.Sending})
	}
	j.line(e.EventName(), e)
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

// line writes one JSON object: the event's name, the time, and its fields.
func (j *jsonLines) line(name string, v any) {
	head, _ := json.Marshal(struct {
		Event string    `json:"event"`
		Time  time.Time `json:"time"`
	}{name, j.now()})
	if fields := marshal(v); len(fields) > 2 {
		head = append(append(head[:len(head)-1], ','), fields[1:]...)
	}
	_, _ = j.w.Write(append(head, '\n'))
}

// marshal writes a struct as JSON, its lists that are nil as [] and its maps as {}.
func marshal(v any) []byte {
	b, err := json.Marshal(withoutNil(v))
	if err != nil {
		return []byte("{}")
	}
	return b
}

// withoutNil returns a copy of a struct in which no field is a nil list or map.
func withoutNil(v any) any {
	if v == nil || reflect.TypeOf(v).Kind() != reflect.Struct {
		return v
	}
	c := reflect.New(reflect.TypeOf(v)).Elem()
	c.Set(reflect.ValueOf(v))
	for _, f := range c.Fields() {
		switch {
		case !f.CanSet():
		case f.Kind() == reflect.Slice && f.IsNil():
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		case f.Kind() == reflect.Map && f.IsNil():
			f.Set(reflect.MakeMap(f.Type()))
		}
	}
	return c.Interface()
}
