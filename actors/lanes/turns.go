package lanes

// turns is a queue that serves sessions in turn: one entry of each, in the order in which they came. The zero value is
// ready to use.
type turns[T any] struct {
	sessions map[string]*queue[T]
	order    []*queue[T] // sessions that have something queued, the next one first
	n        int         // entries
}

// queue holds the entries of one session, the oldest first.
type queue[T any] struct {
	session string
	entries []T
}

func (t *turns[T]) push(session string, entry T) {
	q := t.sessions[session]
	if q == nil {
		q = &queue[T]{session: session}
		if t.sessions == nil {
			t.sessions = map[string]*queue[T]{}
		}
		t.sessions[session] = q
		t.order = append(t.order, q)
	}
	q.entries = append(q.entries, entry)
	t.n++
}

// peek returns what pop is going to return.
func (t *turns[T]) peek() (entry T, ok bool) {
	if t.n == 0 {
		return entry, false
	}
	return t.order[0].entries[0], true
}

// pop takes the next entry; its session goes to the end of the order.
func (t *turns[T]) pop() (entry T, ok bool) {
	if t.n == 0 {
		return entry, false
	}
	q := t.order[0]
	t.order = t.order[1:]
	entry = q.entries[0]
	q.entries = q.entries[1:]
	t.n--
	if len(q.entries) > 0 {
		t.order = append(t.order, q)
	} else {
		delete(t.sessions, q.session)
	}
	return entry, true
}
