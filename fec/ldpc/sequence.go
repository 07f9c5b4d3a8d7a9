package ldpc

import "github.com/flute-node/flute-node/fec"

// order is initialize_tables of RFC 5170, section 5.6: a random permutation of the repair symbols, and its inverse.
func order(repairs int, r *prng) (sequence, position []uint32) {
	sequence, position = make([]uint32, repairs), make([]uint32, repairs)
	for i := range position {
		position[i] = uint32(i)
	}
	for i := range position {
		j := r.rand(repairs)
		position[i], position[j] = position[j], position[i]
	}
	for i, at := range position {
		sequence[at] = uint32(i)
	}
	return sequence, position
}

// appendSources appends the ESIs of g source symbols that travel together, from first on, in a block of k.
func appendSources(b []fec.ESI, k, g, first int) []fec.ESI {
	for i := range g {
		b = append(b, fec.ESI((first+i)%k))
	}
	return b
}

// appendRepairs appends the ESIs of g repair symbols that travel together, from a place in their sequence on.
func (m *matrix) appendRepairs(b []fec.ESI, g, at int) []fec.ESI {
	for i := range g {
		b = append(b, fec.ESI(m.k+int(m.sequence[(at+i)%len(m.sequence)])))
	}
	return b
}
