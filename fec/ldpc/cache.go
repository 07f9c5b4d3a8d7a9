package ldpc

import (
	"slices"
	"sync"
)

// cache keeps the matrices used last, up to limit bytes; each is made once, whoever asks for it at the same time. It is
// safe for concurrent use.
type cache struct {
	limit uint64

	mu    sync.Mutex
	used  []*cached // the latest last
	bytes uint64
}

type cached struct {
	params params
	once   sync.Once
	matrix *matrix
	bytes  uint64 // 0 while the matrix is being made
}

func (c *cache) get(p params) *matrix {
	e := c.entry(p)
	e.once.Do(func() {
		e.matrix = newMatrix(p)
		c.charge(e)
	})
	return e.matrix
}

// entry returns that of p, which it makes the latest.
func (c *cache) entry(p params) *cached {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.used, func(e *cached) bool { return e.params == p })
	if i < 0 {
		e := &cached{params: p}
		c.used = append(c.used, e)
		return e
	}
	e := c.used[i]
	c.used = append(slices.Delete(c.used, i, i+1), e)
	return e
}

// charge counts e and drops those that were not used for the longest time.
func (c *cache) charge(e *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.used, e) {
		return
	}
	e.bytes = uint64(e.matrix.bytes())
	c.bytes += e.bytes
	for c.bytes > c.limit && len(c.used) > 1 {
		i := 0
		if c.used[0] == e {
			i = 1
		}
		c.bytes -= c.used[i].bytes
		c.used = slices.Delete(c.used, i, i+1)
	}
}
