package raptor

import "slices"

// buckets says how sums of Half symbols are shared. The set of Half symbols of an intermediate symbol is cut in groups of
// width bits; all intermediate symbols with the same bits in a group are added up once, in a row of the slab of their own.
type buckets struct{ groups, width int }

// newBuckets returns the cheapest for c.
func newBuckets(c *code) buckets {
	best, least := buckets{c.h, 1}, 0
	for width := 1; width <= 8; width++ {
		groups := (c.h + width - 1) / width
		// One addition for each intermediate symbol with a bit in a group; each Half symbol is the sum of half the buckets of
		// its group; and a bucket is written, too.
		cost := groups*(c.k+c.s)*(1<<width-1)>>width + c.h<<(width-1) + 3*groups<<width
		if least == 0 || cost < least {
			best, least = buckets{groups, width}, cost
		}
	}
	return best
}

// rows returns how many rows of the slab they need.
func (b buckets) rows() int { return b.groups << b.width }

// build makes p the program that computes the intermediate symbols that are needed, all if need is nil, from the symbols of s,
// which is solved. Row i of its slab is intermediate symbol i; the rest is for buckets. More symbols are marked as needed.
func (p *program) build(s *system, need []bool) {
	o, e := &s.ordering, &s.echelon
	p.reset(s.code.l + s.buckets.rows())
	p.ops = slices.Grow(p.ops, 2*s.code.l+e.n+s.buckets.rows())
	p.list = slices.Grow(p.list, 2*len(s.matrix.cols)+s.buckets.groups*len(s.sets)+s.code.h<<s.buckets.width+weight(e.rows)+weight(e.used))
	// Forward: what is pivoted, as if all inactive symbols were zero.
	for _, v := range o.pivots {
		for _, c := range s.matrix.row(v.row) {
			if o.place[c] >= 0 && c != v.col {
				p.list = append(p.list, c)
			}
		}
		p.emit(v.col, s.symbol(v.row))
	}
	filled := p.emitBuckets(s)
	// The inactive symbols: the triangle, the oldest row first, then from its last row back.
	for _, t := range e.order {
		start := p.listRow(s, s.origin[t], filled)
		n := len(p.list)
		p.list = e.appendUsed(p.list, int(t))
		s.name(p.list[n:])
		p.emit(o.inactive[t], start)
	}
	for t := e.n - 1; t >= 0; t-- {
		n := len(p.list)
		p.list = e.appendRest(p.list, t)
		if s.name(p.list[n:]); len(p.list) > n {
			p.emit(o.inactive[t], keep)
		}
	}
	// Backward: what is pivoted, with the inactive symbols. Either they are added, or its row is summed up again, whichever is
	// shorter.
	if need != nil {
		s.mark(need)
	}
	p.final = len(p.ops)
	for _, v := range o.pivots {
		row, inactive := s.matrix.row(v.row), s.of(v.col)
		switch n := weight(inactive); {
		case n == 0 || need != nil && !need[v.col]:
		case n < len(row):
			n := len(p.list)
			p.list = appendBits(p.list, inactive)
			s.name(p.list[n:])
			p.emit(v.col, keep)
		default:
			for _, c := range row {
				if c != v.col {
					p.list = append(p.list, c)
				}
			}
			p.emit(v.col, s.symbol(v.row))
		}
	}
}

// mark marks the intermediate symbols that are needed for those that are.
func (s *system) mark(need []bool) {
	for i := len(s.ordering.pivots) - 1; i >= 0; i-- {
		v := s.ordering.pivots[i]
		if row := s.matrix.row(v.row); need[v.col] && weight(s.of(v.col)) >= len(row) {
			for _, c := range row {
				need[c] = true
			}
		}
	}
}

// name replaces the numbers of inactive symbols by those of intermediate symbols.
func (s *system) name(list []uint32) {
	for i, v := range list {
		list[i] = s.ordering.inactive[v]
	}
}

// listRow lists the pivoted symbols of a row of the echelon, or buckets of them, and returns the symbol to start with.
func (p *program) listRow(s *system, origin uint32, filled []bool) int32 {
	place, c := s.ordering.place, &s.code
	if origin < halfRow {
		for _, col := range s.matrix.row(origin) {
			if place[col] >= 0 {
				p.list = append(p.list, col)
			}
		}
		return s.symbol(origin)
	}
	h := int(origin &^ halfRow)
	group, bit := h/s.buckets.width, h%s.buckets.width
	for set := range 1 << s.buckets.width {
		if row := group<<s.buckets.width | set; set>>bit&1 == 1 && filled[row] {
			p.list = append(p.list, uint32(c.l+row))
		}
	}
	if col := c.k + c.s + h; place[col] >= 0 {
		p.list = append(p.list, uint32(col))
	}
	return zero
}

// emitBuckets computes the buckets, if any row of a Half symbol is of use. It returns which ones there are.
func (p *program) emitBuckets(s *system) (filled []bool) {
	filled = make([]bool, s.buckets.rows())
	needed := false
	for _, t := range s.echelon.order {
		needed = needed || s.origin[t] >= halfRow
	}
	if !needed {
		return filled
	}
	width := s.buckets.width
	start := make([]uint32, s.buckets.rows()+1)
	each := func(f func(row int, j uint32)) {
		for j, set := range s.sets {
			if s.ordering.place[j] < 0 {
				continue
			}
			for group := range s.buckets.groups {
				if bits := int(set) >> (group * width) & (1<<width - 1); bits != 0 {
					f(group<<width|bits, uint32(j))
				}
			}
		}
	}
	each(func(row int, _ uint32) { start[row]++ })
	end := uint32(len(p.list))
	for row, n := range start {
		start[row] = end
		end += n
	}
	p.list = p.list[:end] // build has made room
	each(func(row int, j uint32) {
		p.list[start[row]] = j
		start[row]++
	})
	begin := start[0]
	for row := range filled {
		if filled[row] = start[row] > begin; filled[row] {
			p.ops = append(p.ops, op{uint32(s.code.l + row), zero, start[row]})
		}
		begin = start[row]
	}
	return filled
}
