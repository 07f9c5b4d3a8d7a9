package lanes

import "github.com/flute-node/flute-node/internal/ring"

// turns is a queue that serves sessions in turn: one entry of each, in the order in which they came. It uses its memory
// again. The zero value is ready to use.
type turns[T any] struct {
	sessions map[string]*queue[T]
	order    ring.Queue[*queue[T]] // sessions that have something queued, the next one first
	spare    *queue[T]             // the one that was emptied last; nil: none
	n        int                   // entries
}

// queue holds the entries of one session, the oldest first.
type queue[T any] struct {
	session string
	entries ring.Queue[T]
}

func (t *turns[T]) push(session string, entry T) {
	q := t.sessions[session]
	if q == nil {
		if q = t.spare; q == nil {
			q = &queue[T]{}
		}
		t.spare, q.session = nil, session
		if t.sessions == nil {
			t.sessions = map[string]*queue[T]{}
		}
		t.sessions[session] = q
		t.order.Push(q)
	}
	q.entries.Push(entry)
	t.n++
}

// peek returns what pop is going to return.
func (t *turns[T]) peek() (entry T, ok bool) {
	if t.n == 0 {
		return entry, false
	}
	return *(*t.order.Front()).entries.Front(), true
}

// pop takes the next entry; its session goes to the end of the order.
func (t *turns[T]) pop() (entry T, ok bool) {
	if t.n == 0 {
		return entry, false
	}
	q := t.order.Pop()
	entry = q.entries.Pop()
	t.n--
	if q.entries.Len() > 0 {
		t.order.Push(q)
	} else {
		delete(t.sessions, q.session)
		t.spare = q
	}
	return entry, true
}
