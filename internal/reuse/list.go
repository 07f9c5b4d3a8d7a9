package reuse

import "sync"

// List keeps values of one type. The zero value is empty. It is safe for concurrent use.
type List[T any] struct {
	mu   sync.Mutex
	list []*T
}

// Get takes the value that was put last; nil: there is none.
func (l *List[T]) Get() *T {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.list)
	if n == 0 {
		return nil
	}
	v := l.list[n-1]
	l.list[n-1] = nil
	l.list = l.list[:n-1]
	return v
}

// Trim drops values until there are most at most.
func (l *List[T]) Trim(most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) > most {
		clear(l.list[most:])
		l.list = l.list[:most]
	}
}

// Put keeps v for a later Get, and reports that: not when there are most values already.
func (l *List[T]) Put(v *T, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) >= most {
		return false
	}
	l.list = append(l.list, v)
	return true
}
