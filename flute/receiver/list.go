package receiver

// entryList is a list of entries through their links. An entry is in one list at a time. All methods take constant
// time: an FDT Instance of 100,000 File elements may ask for as many places.
type entryList struct {
	first, last *entry
	n           int
}

// link is the place of an entry in a list.
type link struct {
	list       *entryList // nil: it is in none
	prev, next *entry
}

// push makes e the last of l, wherever it was before.
func (l *entryList) push(e *entry) {
	if e.list != nil {
		e.list.remove(e)
	}
	e.link = link{list: l, prev: l.last}
	if l.last != nil {
		l.last.next = e
	} else {
		l.first = e
	}
	l.last = e
	l.n++
}

// remove takes e out of l, in which it is.
func (l *entryList) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.last = e.prev
	}
	e.link = link{}
	l.n--
}
