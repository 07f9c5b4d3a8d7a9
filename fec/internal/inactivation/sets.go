package inactivation

// sets are the components: sets of columns. When no row has one active column, the columns of a component are all
// active, or none is: setting one aside makes pivots of the others. So nothing is ever taken out of a set.
type sets struct {
	parent []uint16
	size   []uint16
	best   []uint16 // of a root: the column in the most rows
	heap   []uint32 // size and root; sizes that are no longer true are skipped
}

func (s *sets) reset(n int) {
	s.parent, s.size, s.best = resize(s.parent, n), resize(s.size, n), resize(s.best, n)
	for i := range s.parent {
		s.parent[i], s.size[i], s.best[i] = uint16(i), 1, uint16(i)
	}
	s.heap = room(s.heap, n)
}

func (s *sets) root(c uint16) uint16 {
	for s.parent[c] != c {
		s.parent[c] = s.parent[s.parent[c]]
		c = s.parent[c]
	}
	return c
}

func (s *sets) join(a, b uint16, g *graph) {
	a, b = s.root(a), s.root(b)
	if a == b {
		return
	}
	if s.size[a] < s.size[b] {
		a, b = b, a
	}
	s.parent[b] = a
	s.size[a] += s.size[b]
	if g.degree(s.best[b]) > g.degree(s.best[a]) {
		s.best[a] = s.best[b]
	}
	s.push(uint32(s.size[a])<<16 | uint32(a))
}

// largest returns a column of the largest component of active columns.
func (s *sets) largest(state []uint8) (column uint16, ok bool) {
	for len(s.heap) > 0 {
		top := s.heap[0]
		s.pop()
		if root := uint16(top); s.size[root] == uint16(top>>16) && s.parent[root] == root && state[root] == open {
			return s.best[root], true
		}
	}
	return 0, false
}

func (s *sets) push(v uint32) {
	s.heap = append(s.heap, v)
	for i := len(s.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if s.heap[up] >= v {
			break
		}
		s.heap[i], s.heap[up] = s.heap[up], v
		i = up
	}
}

func (s *sets) pop() {
	last := len(s.heap) - 1
	v := s.heap[last]
	s.heap = s.heap[:last]
	if last == 0 {
		return
	}
	i := 0
	for 2*i+1 < last {
		down := 2*i + 1
		if down+1 < last && s.heap[down+1] > s.heap[down] {
			down++
		}
		if s.heap[down] <= v {
			break
		}
		s.heap[i] = s.heap[down]
		i = down
	}
	s.heap[i] = v
}
