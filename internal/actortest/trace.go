package actortest

import (
	"fmt"
	"sync"
)

// Trace is an ordered log of what several actors did. The zero value is empty. Safe for concurrent use.
type Trace struct {
	mu    sync.Mutex
	lines []string
}

// Add appends a line.
func (t *Trace) Add(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf(format, args...))
}

// Take returns the lines since the last Take, never nil.
func (t *Trace) Take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.lines
	t.lines = nil
	return append([]string{}, lines...)
}
