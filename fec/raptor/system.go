package raptor

import "slices"

// halfRow marks, as the origin of a row, a Half symbol, counted from 0, instead of a row of the matrix.
const halfRow = 1 << 31

// system finds out whether encoding symbols determine the intermediate symbols, and how. All it looks at are ESIs. Its memory
// is used again for the next source block.
type system struct {
	code     code
	limits   limits
	matrix   matrix // the LDPC symbols, then the encoding symbols of esis
	esis     []uint32
	ordering ordering
	echelon  echelon
	bits     []uint64 // each intermediate symbol as a sum of inactive symbols, apart from what is known
	words    int      // of each in bits
	origin   []uint32 // of each row of the echelon: a row of the matrix, or one of a Half symbol
	sets     []uint16 // the sets of Half symbols
	buckets  buckets
}

// limits bound the size of a system, and with it the memory that forged symbols can ask for.
type limits struct {
	inactive int // intermediate symbols that may become inactive
	symbols  int // encoding symbols that are solved at once; up to inactive more may be added later
	entries  int // of their rows and those of the LDPC symbols
}

// limits returns the limits of c. What honest senders send stays far below them: about the square root of 4*L becomes
// inactive, and an encoding symbol has 4.63 entries in the mean.
func (c *code) limits() limits {
	symbols := c.k + c.k/4 + 64
	return limits{inactive: min(c.l, 64+c.l/16), symbols: symbols, entries: 3*c.k + c.s + 6*symbols + 10*maxDegree}
}

// rows returns the largest number of rows of the matrix.
func (l limits) rows(c *code) int { return c.s + l.symbols + l.inactive }

// allEntries returns the largest number of entries of the matrix.
func (l limits) allEntries() int { return l.entries + l.inactive*maxDegree }

// reset makes s the system of a code without encoding symbols.
func (s *system) reset(c *code) {
	s.code, s.limits = *c, c.limits()
	rows := s.limits.rows(c)
	s.matrix.start = slices.Grow(s.matrix.start[:0], rows+1)
	s.matrix.cols = slices.Grow(s.matrix.cols[:0], s.limits.allEntries())
	s.matrix.reset(c)
	s.esis = slices.Grow(s.esis[:0], rows-c.s)
	s.buckets = newBuckets(c)
	s.sets = resize(s.sets, c.k+c.s)
	c.half(func(j int, set uint32) { s.sets[j] = uint16(set) })
}

// add appends encoding symbol esi, to be solved. It returns false when there is no room.
func (s *system) add(esi uint32) bool {
	if len(s.esis) >= s.limits.symbols || len(s.matrix.cols)+maxDegree > s.limits.entries {
		return false
	}
	s.push(esi)
	return true
}

func (s *system) push(esi uint32) {
	s.matrix.add(&s.code, esi)
	s.esis = append(s.esis, esi)
}

// symbol returns which of esis row r of the matrix equals, or zero for an LDPC symbol.
func (s *system) symbol(r uint32) int32 { return max(int32(r)-int32(s.code.s), zero) }

// solve orders the matrix as it is now. The rows that were not needed for it then say what the inactive symbols are. It
// returns false when they do not.
func (s *system) solve() bool {
	o, c := &s.ordering, &s.code
	if !o.run(&s.matrix, c.l, c.s, s.limits.inactive) {
		return false
	}
	s.echelon.reset(len(o.inactive))
	s.express()
	s.origin = resize(s.origin, len(o.inactive))
	// Long rows come last: what is known already is not computed. The rest is sorted, with the LDPC symbols in front.
	split, _ := slices.BinarySearch(o.rest, uint32(c.s))
	for _, r := range o.rest[split:] {
		s.insert(r)
	}
	for _, r := range o.rest[:split] {
		s.insert(r)
	}
	s.insertHalves()
	return s.echelon.full()
}

// extend adds encoding symbol esi after solve. It returns false when it was of no use.
func (s *system) extend(esi uint32) bool {
	if s.echelon.full() {
		return false
	}
	s.push(esi) // no more than limits.inactive of them stay
	if s.insert(uint32(s.matrix.rows() - 1)) {
		return true
	}
	s.matrix.drop()
	s.esis = s.esis[:len(s.esis)-1]
	return false
}

// express computes bits.
func (s *system) express() {
	o := &s.ordering
	s.words = s.echelon.words
	s.bits = resize(s.bits, s.code.l*s.words)
	for i, c := range o.inactive {
		s.of(c)[i/64] |= 1 << (i & 63)
	}
	for _, v := range o.pivots {
		sum := s.echelon.row
		clear(sum)
		s.addRow(sum, v.row) // what it pivots is zero still
		copy(s.of(v.col), sum)
	}
}

// of returns intermediate symbol c as a sum of inactive symbols.
func (s *system) of(c uint32) []uint64 { return s.bits[int(c)*s.words : (int(c)+1)*s.words] }

// addRow adds what the intermediate symbols of row r are in sum.
func (s *system) addRow(sum []uint64, r uint32) {
	if len(sum) == 1 {
		w := sum[0]
		for _, c := range s.matrix.row(r) {
			w ^= s.bits[c]
		}
		sum[0] = w
		return
	}
	for _, c := range s.matrix.row(r) {
		xor(sum, s.of(c))
	}
}

// insert adds row r of the matrix to the echelon.
func (s *system) insert(r uint32) bool {
	if s.echelon.full() {
		return false
	}
	s.addRow(s.echelon.next(), r)
	p, ok := s.echelon.insert()
	if ok {
		s.origin[p] = r
	}
	return ok
}

// insertHalves adds the rows of the Half symbols to the echelon.
func (s *system) insertHalves() {
	c := &s.code
	for h := 0; h < c.h && !s.echelon.full(); h++ {
		row := s.echelon.next()
		xor(row, s.of(uint32(c.k+c.s+h)))
		for j, set := range s.sets {
			if set>>h&1 == 1 {
				xor(row, s.of(uint32(j)))
			}
		}
		if p, ok := s.echelon.insert(); ok {
			s.origin[p] = halfRow | uint32(h)
		}
	}
}
