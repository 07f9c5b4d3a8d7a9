package sender

import "time"

// delays holds the objects that wait between two transfers, by the time at which they resume; of one time, in the order
// of push. It is a binary heap. The zero value is empty.
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

// next returns when the first object resumes, if there is one. Those that have ended are dropped.
func (d *delays) next() (at time.Time, ok bool) {
	for len(d.heap) > 0 {
		if d.heap[0].object.state == waiting {
			return d.heap[0].at, true
		}
		d.pop()
	}
	return time.Time{}, false
}

// due removes and returns the first object, if it resumes at now or before; else nil.
func (d *delays) due(now time.Time) *object {
	if at, ok := d.next(); !ok || at.After(now) {
		return nil
	}
	return d.pop()
}

func (d *delays) pop() *object {
	h := d.heap
	o := h[0].object
	n := len(h) - 1
	h[0], h[n] = h[n], delayed{}
	h = h[:n]
	for i := 0; ; {
		least := 2*i + 1
		if least >= n {
			break
		}
		if right := least + 1; right < n && h[right].before(&h[least]) {
			least = right
		}
		if !h[least].before(&h[i]) {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	d.heap = h
	return o
}
