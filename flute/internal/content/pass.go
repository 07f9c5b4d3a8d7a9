package content

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/internal/panicked"
)

// passSlots is how many steps of ReadSize are read and not yet used by all consumers: enough for the reader and the
// slowest consumer not to wait for each other, small enough to stay in the cache.
const passSlots = 4

// Pass reads content once, in order, for several consumers. Each consumer, and the reading, may have a goroutine of its
// own: any number of goroutines call Help beside the one that calls Run. Without them Run does everything.
type Pass struct {
	read      func(p []byte, off uint64) error
	size      uint64
	consumers []io.Writer

	mu      sync.Mutex
	changed sync.Cond // a part has come further: while there is something to do, one is at it
	slots   [passSlots][]byte
	steps   []uint64 // of each part: the reader first, then the consumers
	busy    []bool   // of each part: a goroutine is at it
	err     error
	crash   *panicked.Passed // of the first part that has panicked; nil: none has
	over    bool             // nothing is to be done any more
}

// NewPass returns a Pass over size bytes. read fills p from the offset off; its calls follow one another.
func NewPass(size uint64, read func(p []byte, off uint64) error, consumers ...io.Writer) *Pass {
	p := &Pass{read: read, size: size, consumers: consumers}
	p.changed.L = &p.mu
	p.steps, p.busy = make([]uint64, 1+len(consumers)), make([]bool, 1+len(consumers))
	p.over = size == 0 || len(consumers) == 0
	return p
}

// Helpers returns how many goroutines, beside that of Run, have something to do: none for content of one step.
func (p *Pass) Helpers() int {
	if p.count() < 2 {
		return 0
	}
	return len(p.consumers)
}

// count returns the number of steps.
func (p *Pass) count() uint64 { return (p.size + ReadSize - 1) / ReadSize }

// Run reads all, and returns when all consumers have had it and nobody uses the content any more. The first error of
// reading or of a consumer, or that of ctx, ends it early. It holds cpu, which may be nil, while it computes. If a part
// panics, on whichever goroutine, Run panics with a panicked.Passed.
func (p *Pass) Run(ctx context.Context, cpu sync.Locker) error {
	p.Help(ctx, cpu)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.crash != nil {
		panic(p.crash)
	}
	for i := range p.slots {
		steps.put(p.slots[i])
		p.slots[i] = nil
	}
	return p.err
}

// Help does parts of the work until nothing is left to be done. It does not panic: Run does.
func (p *Pass) Help(ctx context.Context, cpu sync.Locker) {
	for {
		part := p.take(ctx)
		if part < 0 {
			return
		}
		p.do(part, cpu)
	}
}

// take waits for a part that can go on, and returns it; -1: the Pass is over, and nobody uses the content any more.
func (p *Pass) take(ctx context.Context) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			p.end(err)
		}
		if p.over && !slices.Contains(p.busy, true) {
			return -1
		}
		if part := p.next(); part >= 0 {
			p.busy[part] = true
			return part
		}
		p.changed.Wait()
	}
}

// next returns a part that can go on now; -1: there is none. p.mu is held.
func (p *Pass) next() int {
	if p.over {
		return -1
	}
	// Reading comes first as long as there is room: it is what the others wait for.
	if p.steps[0] < p.count() && p.steps[0]-slices.Min(p.steps) < passSlots && !p.busy[0] {
		return 0
	}
	part, least := -1, p.steps[0]
	for i, done := range p.steps[1:] { // then the consumer that is behind the others
		if done < least && !p.busy[1+i] {
			part, least = 1+i, done
		}
	}
	return part
}

// do does one step of a part.
func (p *Pass) do(part int, cpu sync.Locker) {
	var err error
	defer func() {
		crash := recover()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.busy[part] = false
		p.steps[part]++
		switch {
		case crash != nil:
			p.crash = panicked.Of(crash)
			p.end(nil)
		case err != nil:
			p.end(err)
		case slices.Min(p.steps) == p.count(): // all parts have done all steps
			p.end(nil)
		}
		p.changed.Broadcast()
	}()
	step := p.steps[part] // only who has taken the part changes it
	slot := &p.slots[step%passSlots]
	if part == 0 {
		off := step * ReadSize
		if *slot == nil {
			*slot = steps.get()
		}
		*slot = (*slot)[:min(ReadSize, p.size-off)]
		err = p.read(*slot, off)
		return
	}
	lock(cpu)
	defer unlock(cpu)
	_, err = p.consumers[part-1].Write(*slot)
}

// end ends the Pass; the first error counts. p.mu is held.
func (p *Pass) end(err error) {
	if !p.over {
		p.over, p.err = true, err
	}
}
