package sender

import (
	"cmp"
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/ring"
)

// delays holds the objects that wait between two turns, by the time at which they resume; of one time, in the order of
// push. Those of one delay come in order: they stand in line. The others are in a binary heap. What was removed stays
// until it is first, or until half of all is of that kind: the objects, which are many and not in the processor's
// cache, are not touched when their places change. The zero value is empty.
type delays struct {
	base    time.Time // times are counted from it
	line    ring.Queue[delayed]
	heap    []delayed
	pushed  uint64
	removed int // entries of objects that were removed
}

type delayed struct {
	object *object
	at     time.Duration // object.resume, from delays.base
	number uint64        // of the push; object.delayed, unless that was removed
}

// leastSweep is how many entries are kept before those that were removed are looked for.
const leastSweep = 64

func (d *delayed) before(other *delayed) bool {
	return cmp.Or(cmp.Compare(d.at, other.at), cmp.Compare(d.number, other.number)) < 0
}

// removed reports whether the object was removed since.
func (d *delayed) removed() bool { return d.object.delayed != d.number }

// push adds o.
func (d *delays) push(o *object) {
	if d.base.IsZero() {
		d.base = o.resume
	}
	d.pushed++
	o.delayed = d.pushed
	e := delayed{o, o.resume.Sub(d.base), d.pushed}
	if d.line.Len() == 0 || d.line.Back().at <= e.at {
		d.line.Push(e)
		return
	}
	d.heap = append(d.heap, e)
	h := d.heap
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(&h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// first returns the entry that is next, and whether it stands in line; nil: there is none. What was removed before it
// goes.
func (d *delays) first() (e *delayed, inLine bool) {
	for {
		switch {
		case d.line.Len() > 0 && (len(d.heap) == 0 || d.line.Front().before(&d.heap[0])):
			e, inLine = d.line.Front(), true
		case len(d.heap) > 0:
			e, inLine = &d.heap[0], false
		default:
			return nil, false
		}
		if d.removed == 0 || !e.removed() {
			return e, inLine
		}
		d.pop(inLine)
		d.removed--
	}
}

// next returns when the first object resumes, if there is one.
func (d *delays) next() (at time.Time, ok bool) {
	e, _ := d.first()
	if e == nil {
		return time.Time{}, false
	}
	return d.base.Add(e.at), true
}

// due removes and returns the first object, if it resumes at now or before; else nil.
func (d *delays) due(now time.Time) *object {
	e, inLine := d.first()
	if e == nil || d.base.Add(e.at).After(now) {
		return nil
	}
	o := d.pop(inLine)
	o.delayed = 0
	return o
}

// remove removes o, which must be there.
func (d *delays) remove(o *object) {
	o.delayed = 0
	d.removed++
	if d.removed < leastSweep || d.removed < (d.line.Len()+len(d.heap))/2 {
		return
	}
	for range d.line.Len() {
		if e := d.line.Pop(); !e.removed() {
			d.line.Push(e)
		}
	}
	d.heap = slices.DeleteFunc(d.heap, func(e delayed) bool { return e.removed() })
	d.removed = 0
	for i := len(d.heap)/2 - 1; i >= 0; i-- {
		d.down(i)
	}
}

// pop removes the first in line or the top of the heap.
func (d *delays) pop(inLine bool) *object {
	if inLine {
		return d.line.Pop().object
	}
	h := d.heap
	o, n := h[0].object, len(h)-1
	h[0], h[n] = h[n], delayed{}
	d.heap = h[:n]
	d.down(0)
	return o
}

// down moves what is at i to its place.
func (d *delays) down(i int) {
	for h := d.heap; ; {
		least := 2*i + 1
		if least >= len(h) {
			return
		}
		if right := least + 1; right < len(h) && h[right].before(&h[least]) {
			least = right
		}
		if !h[least].before(&h[i]) {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}
