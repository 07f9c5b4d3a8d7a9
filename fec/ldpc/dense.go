package ldpc

import "math/bits"

// denseRow is an equation for the symbols set aside. In the end it has one bit, its lead: that symbol is the sum of the right
// sides that from names, and the right side of a dense row is the sum of what is known of its row.
type denseRow struct {
	row  uint32
	lead int
	bits []uint64 // which symbols set aside
	from []uint64 // which dense rows have been added up, itself among them
}

// combine finds out which symbols set aside are in each pivot.
func (s *solver) combine() {
	s.words = (len(s.aside) + 63) / 64
	s.combined = resize(s.combined, len(s.pivots)*s.words)
	for i, p := range s.pivots {
		s.sum(s.combined[i*s.words:(i+1)*s.words], p.row, p.symbol)
	}
}

// sum sets b to the symbols set aside that are in a row, without symbol except.
func (s *solver) sum(b []uint64, row, except uint32) {
	clear(b)
	s.symbols(row, func(c uint32) {
		switch {
		case c == except:
		case s.state[c] == setAside:
			i := s.asideAt[c]
			b[i/64] ^= 1 << (i % 64)
		case s.state[c] == given:
			at := int(s.pivotAt[c]) * s.words
			for w, v := range s.combined[at : at+s.words] {
				b[w] ^= v
			}
		}
	})
}

const none = ^uint32(0)

// eliminate solves the rows that gave no symbol for the symbols set aside, and returns their rank.
func (s *solver) eliminate() (rank int) {
	u := len(s.aside)
	leads := make([]int, u) // 1 + the dense row with that lead
	arena := make([]uint64, 2*s.words*(u+1))
	for row := range uint32(len(s.used)) {
		if s.used[row] {
			continue
		}
		d := denseRow{row: row, bits: arena[:s.words:s.words], from: arena[s.words : 2*s.words : 2*s.words]}
		s.sum(d.bits, row, none)
		clear(d.from)
		d.from[len(s.dense)/64] |= 1 << (len(s.dense) % 64)
		if !s.reduce(&d, leads) {
			continue // it says nothing new
		}
		arena = arena[2*s.words:]
		s.dense = append(s.dense, d)
		leads[d.lead] = len(s.dense)
		if len(s.dense) == u {
			s.substitute(leads)
			break
		}
	}
	return len(s.dense)
}

// reduce adds dense rows to d until it has a lead of its own; false: it has none.
func (s *solver) reduce(d *denseRow, leads []int) bool {
	for w := range d.bits {
		for d.bits[w] != 0 {
			d.lead = w*64 + bits.TrailingZeros64(d.bits[w])
			at := leads[d.lead] - 1
			if at < 0 {
				return true
			}
			d.add(&s.dense[at], w)
		}
	}
	return false
}

// substitute clears all bits but the leads, from the last lead on.
func (s *solver) substitute(leads []int) {
	for lead := len(leads) - 1; lead >= 0; lead-- {
		from := leads[lead] - 1
		for to := range s.dense {
			if d := &s.dense[to]; to != from && d.bits[lead/64]>>(lead%64)&1 != 0 {
				d.add(&s.dense[from], lead/64)
			}
		}
	}
}

// add adds a to d; words of a's bits before w are zero.
func (d *denseRow) add(a *denseRow, w int) {
	b := d.bits[w:]
	for i, v := range a.bits[w:] {
		b[i] ^= v
	}
	b = d.from[:len(a.from)]
	for i, v := range a.from {
		b[i] ^= v
	}
}
