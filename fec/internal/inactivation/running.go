package inactivation

// runningSum computes the dense rows of a code in terms of the inactive columns: it follows the running sum of Dense
// for vectors in place of symbols. A vector over GF(2^8) is kept as eight planes of bits, so that a factor of alpha is
// little more than a change of the plane that is taken for the first.
type runningSum struct {
	sum  []uint64 // the planes of g
	head int      // where plane 0 is among them
	acc  []uint64 // H rows of planes, in order
}

// rows returns H rows of a byte for each inactive column, in b if there is room.
func (s *runningSum) rows(b []byte, c *Code, g *graph, v *vectors) []byte {
	planes := 1
	if c.Dense.Alpha {
		planes = 8
	}
	w, h, last := v.width, c.Size.Dense, c.Columns-c.Size.Dense-1
	size := planes * w
	s.head = 0
	s.sum, s.acc = resize(s.sum, size), resize(s.acc, h*size)
	clear(s.sum)
	clear(s.acc)
	for column := range last + 1 {
		if planes > 1 {
			s.alpha(w)
		}
		at := s.head * w
		s.addColumn(s.sum[at:at+w], uint16(column), g, v)
		if column < last {
			pair := c.Dense.Pairs[column]
			s.addSum(int(pair[0])*size, w)
			s.addSum(int(pair[1])*size, w)
		}
	}
	for i, f := range c.Dense.Last {
		s.addProduct(i*size, w, f)
	}
	for i := range h {
		s.addColumn(s.acc[i*size:i*size+w], uint16(last+1+i), g, v)
	}
	n := len(g.inactive)
	b = resize(b, h*n)
	for i := range h {
		row, planesOf := b[i*n:(i+1)*n], s.acc[i*size:(i+1)*size]
		for column := range row {
			var octet byte
			for p := range planes {
				octet |= byte(planesOf[p*w+column/64]>>(column%64)&1) << p
			}
			row[column] = octet
		}
	}
	return b
}

func (s *runningSum) addColumn(dst []uint64, column uint16, g *graph, v *vectors) {
	if g.state[column] == inactive {
		flip(dst, int(g.index[column]))
	} else {
		xor(dst, v.of(column))
	}
}

// alpha multiplies g by 2: its planes move up by one, and plane 7, now plane 0, is added to planes 2, 3 and 4.
func (s *runningSum) alpha(w int) {
	s.head = (s.head - 1) & 7
	carry := s.sum[s.head*w : s.head*w+w]
	for p := 2; p <= 4; p++ {
		at := (s.head + p) & 7 * w
		xor(s.sum[at:at+w], carry)
	}
}

// addSum adds g to the row that begins at a word of acc.
func (s *runningSum) addSum(at, w int) {
	split := len(s.sum) - s.head*w
	xor(s.acc[at:at+split], s.sum[s.head*w:])
	xor(s.acc[at+split:at+len(s.sum)], s.sum[:s.head*w])
}

// addProduct adds g, times a factor, to the row that begins at a word of acc.
func (s *runningSum) addProduct(at, w int, factor byte) {
	planes := len(s.sum) / w
	for p := range planes {
		from := (s.head + p) & (planes - 1) * w
		// x^p times the factor.
		for q, product := 0, multiply(1<<p, factor); product != 0; q, product = q+1, product>>1 {
			if product&1 != 0 {
				xor(s.acc[at+q*w:at+q*w+w], s.sum[from:from+w])
			}
		}
	}
}
