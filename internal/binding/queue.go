package binding

import (
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/eventline"
)

// maxEvents bounds the events that wait in a Queue. What is more drops the oldest, and is told by a notice.Missed.
const maxEvents = 4096

// maxEventBytes bounds the texts of a sender's that these events hold, in bytes: names may have 60 KB each.
const maxEventBytes = 16 << 20

// entry is an event with the time that it came.
type entry struct {
	at time.Time
	e  notice.Event
	n  int // bytes of texts
}

// Queue is the events that wait for the program. It is safe for concurrent use. A nil Queue drops all.
type Queue struct {
	mu     sync.Mutex
	list   []entry
	bytes  int // of list
	missed uint64
	ended  bool
	line   []byte // the next one, that did not fit into its caller's buffer
	signal func(waiting bool)
	on     bool // what signal was told last
}

// add appends events.
func (q *Queue) add(now time.Time, events ...notice.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range events {
		n := textOf(e)
		for len(q.list) > 0 && (len(q.list) >= maxEvents || q.bytes+n > maxEventBytes) {
			q.take()
			q.missed++
		}
		q.list = append(q.list, entry{now, e, n})
		q.bytes += n
	}
	q.tell()
}

// take takes the oldest event.
func (q *Queue) take() entry {
	first := q.list[0]
	q.list[0] = entry{}
	if q.list = q.list[1:]; len(q.list) == 0 {
		q.list = nil
	}
	q.bytes -= first.n
	return first
}

// textOf returns about how many bytes of texts of a sender an event holds.
func textOf(e notice.Event) (n int) {
	alternates := func(list []string) (n int) {
		for _, a := range list {
			n += len(a)
		}
		return n
	}
	switch e := e.(type) {
	case event.ObjectStarted:
		return len(e.ContentLocation) + alternates(e.Alternates)
	case event.ObjectCompleted:
		return len(e.ContentLocation) + len(e.ContentType) + len(e.Path)
	case event.ObjectFailed:
		return len(e.ContentLocation) + len(e.Detail) + alternates(e.Alternates) +
			16*(len(e.Missing)+len(e.MissingBlocks))
	case event.ObjectRefused:
		return len(e.ContentLocation) + len(e.Reason)
	case event.FDTReceived:
		return alternates(e.Rejected) + alternates(e.Warnings)
	case event.FDTPublished:
		return len(e.XML)
	}
	return 0
}

// end says that no event will follow.
func (q *Queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.tell()
}

// tell keeps signal as it should be: a program that waits is woken by the end, too.
func (q *Queue) tell() {
	waiting := len(q.list) > 0 || q.line != nil || q.missed > 0 || q.ended
	if q.signal != nil && waiting != q.on {
		q.on = waiting
		q.signal(waiting)
	}
}

// Next copies the next event into buf, as one JSON object: its name, its time, its fields. It returns the length of the
// object; Space, if that is more than buf has, and the event stays; Again, if none waits; End, if none will come.
func (q *Queue) Next(buf []byte) (n int, code Code) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.line == nil {
		switch {
		case q.missed > 0:
			m := notice.Missed{Count: q.missed}
			q.line = eventline.Append(nil, m.EventName(), time.Now(), m)
			q.missed = 0
		case len(q.list) > 0:
			e := q.take()
			q.line = eventline.Append(nil, e.e.EventName(), e.at, e.e)
		case q.ended:
			return 0, End
		default:
			return 0, Again
		}
	}
	if len(q.line) > len(buf) {
		return len(q.line), Space
	}
	n = copy(buf, q.line)
	q.line = nil
	q.tell()
	return n, OK
}
