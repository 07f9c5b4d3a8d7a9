package raptor

import "github.com/flute-node/flute-node/fec"

// Memory implements fec.Scheme. It counts the plan and the work of making it, although the scheme keeps both for the next
// source block; what a source block takes for long is much less.
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	if check(o, "", k) != nil {
		return fec.Memory{}
	}
	c := newCode(int(k))
	b := newBuckets(&c)
	plan := planBytes(&c, b)
	work := workBytes(&c, b)
	encoder := newLayout(c.l+b.rows(), int(o.SymbolLength), s.parallel != nil).size()
	l := decoderLayout(&c, int(o.SymbolLength), 0, s.parallel != nil)
	decoder := l.planeSize()
	if s.parallel != nil {
		decoder = l.size()
	}
	return fec.Memory{Encoder: rounded(encoder + plan + work), Decoder: rounded(decoder + plan + work)}
}

// rounded adds what the allocator rounds up, and small things.
func rounded(n int) uint64 { return uint64(n) + uint64(n)/8 + 8<<10 }

// planBytes bounds the memory of a program that computes the intermediate symbols.
func planBytes(c *code, b buckets) int {
	m := c.limits()
	ops := 2*c.l + m.inactive + b.rows()
	list := 2*m.allEntries() + b.groups*(c.k+c.s) + c.h<<b.width + m.inactive*(m.inactive+1)
	return 12*ops + 4*list
}

// workBytes bounds the memory of a work without its slab.
func workBytes(c *code, b buckets) int {
	m, n := c.limits(), maxUnknowns(c.k)
	rows := m.rows(c)
	matrix := 4*(rows+1) + 4*m.allEntries() + 4*rows + 2*(c.k+c.s)
	ordering := c.l*(8+4+4+4+4+2+2) + 4*(c.l+1) + rows*(4+4+4+2+2+1) + 4*m.entries
	unknowns := max(m.inactive, n)
	words := (unknowns + 63) / 64
	echelon := 2*8*unknowns*words + unknowns*(1+4+4) + 2*8*words
	sums := 8*c.l*((m.inactive+63)/64) + 8*(c.l+b.rows())*((n+63)/64)
	lists := 4*c.k + 4*(2*c.k+n) + 8*(modulus/64+1) + 8*rows + 24*(rows+c.k) + 4*maxDegree
	need := c.l + b.rows()
	byPlan := 12*2*n + 4*(n*maxDegree+n*(n+1))
	return matrix + ordering + echelon + sums + lists + need + planBytes(c, b) + byPlan
}
