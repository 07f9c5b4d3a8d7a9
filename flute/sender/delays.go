package sender

import "time"

// delays holds the objects that wait between two turns, by the time at which they resume; of one time, in the order of
// push. It is a binary heap, in which each object knows its place. The zero value is empty.
type delays struct {
	heap   []delayed
	pushed uint64
}

type delayed struct {
	object *object
	at     time.Time // object.resume
	number uint64    // of the push
}

func (d *delayed) before(other *delayed) bool {
	if c := d.at.Compare(other.at); c != 0 {
		return c < 0
	}
	return d.number < other.number
}

// push adds o.
func (d *delays) push(o *object) {
	d.pushed++
	d.heap = append(d.heap, delayed{o, o.resume, d.pushed})
	d.up(len(d.heap) - 1)
}

// next returns when the first object resumes, if there is one.
func (d *delays) next() (at time.Time, ok bool) {
	if len(d.heap) == 0 {
		return time.Time{}, false
	}
	return d.heap[0].at, true
}

// due removes and returns the first object, if it resumes at now or before; else nil.
func (d *delays) due(now time.Time) *object {
	if at, ok := d.next(); !ok || at.After(now) {
		return nil
	}
	o := d.heap[0].object
	d.remove(o)
	return o
}

// remove removes o, which must be there.
func (d *delays) remove(o *object) {
	i, n := o.slot, len(d.heap)-1
	d.heap[i] = d.heap[n]
	d.heap[n] = delayed{}
	d.heap = d.heap[:n]
	if i < n && !d.up(i) {
		d.down(i)
	}
}

// up moves what is at i to its place towards the first, and reports whether it has moved.
func (d *delays) up(i int) (moved bool) {
	h := d.heap
	for i > 0 {
		parent := (i - 1) / 2
		if !h[i].before(&h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		h[i].object.slot = i
		i, moved = parent, true
	}
	h[i].object.slot = i
	return moved
}

// down moves what is at i to its place towards the last.
func (d *delays) down(i int) {
	h := d.heap
	for {
		least := 2*i + 1
		if least >= len(h) {
			break
		}
		if right := least + 1; right < len(h) && h[right].before(&h[least]) {
			least = right
		}
		if !h[least].before(&h[i]) {
			break
		}
		h[i], h[least] = h[least], h[i]
		h[i].object.slot = i
		i = least
	}
	h[i].object.slot = i
}
