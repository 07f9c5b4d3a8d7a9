package binding

import "sync"

// Handles are the objects that C knows by number. A number is never given twice. The zero value is ready to use; it is
// safe for concurrent use.
type Handles struct {
	mu   sync.RWMutex
	last uintptr
	all  map[uintptr]any
}

// Put returns the handle of v.
func (h *Handles) Put(v any) uintptr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[uintptr]any{}
	}
	// Steps of 16 look like addresses: a debugger, and a program that tags pointers, are not surprised.
	h.last += 16
	h.all[h.last] = v
	return h.last
}

// Take returns what is behind a handle and forgets it.
func (h *Handles) Take(handle uintptr) any {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.all[handle]
	delete(h.all, handle)
	return v
}

// Len returns how many handles are in use.
func (h *Handles) Len() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.all)
}

// Find returns what is behind a handle of a type, or an error.
func Find[T any](h *Handles, handle uintptr) (T, error) {
	h.mu.RLock()
	v, ok := h.all[handle].(T)
	h.mu.RUnlock()
	if !ok {
		return v, errHandle
	}
	return v, nil
}
