package inspect

import "slices"

// maxSpans is how many spans a set may have: that of a source block of 65,536 symbols of which every second one came.
const maxSpans = 1 << 15

// span is the ESIs from from to before to.
type span struct{ from, to uint32 }

// spans is a set of ESIs, which mostly come in order. The zero value is empty.
type spans struct {
	list  []span // ascending, apart from each other
	count uint32 // of ESIs
}

// add adds e. It reports false if it was there, and full if it cannot be told any more.
func (s *spans) add(e uint32) (fresh, full bool) {
	n := len(s.list)
	if n > 0 {
		if last := &s.list[n-1]; e == last.to {
			last.to++
			s.count++
			return true, false
		} else if e >= last.from && e < last.to {
			return false, false
		}
	}
	i, found := slices.BinarySearchFunc(s.list, e, func(a span, e uint32) int {
		switch {
		case a.to <= e:
			return -1
		case a.from > e:
			return 1
		}
		return 0
	})
	if found {
		return false, false
	}
	joinsLeft := i > 0 && s.list[i-1].to == e
	joinsRight := i < n && s.list[i].from == e+1
	switch {
	case joinsLeft && joinsRight:
		s.list[i-1].to = s.list[i].to
		s.list = slices.Delete(s.list, i, i+1)
	case joinsLeft:
		s.list[i-1].to++
	case joinsRight:
		s.list[i].from--
	case n == maxSpans:
		return false, true
	default:
		s.list = slices.Insert(s.list, i, span{e, e + 1})
	}
	s.count++
	return true, false
}

// below returns how many ESIs below k are in the set.
func (s *spans) below(k uint32) (n uint32) {
	for _, a := range s.list {
		if a.from >= k {
			break
		}
		n += min(a.to, k) - a.from
	}
	return n
}
