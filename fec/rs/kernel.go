package rs

import (
	"github.com/klauspost/reedsolomon"
)

// lane is the number of bytes that the kernels take at once. They handle what is left of it byte by byte, which is slower
// than everything else for the usual symbols of 1400 bytes: product hands it to them as one lane, filled up with anything.
const lane = 64

// newCodec returns a codec that multiplies a column of k symbols with rows.
func newCodec(k int, rows [][]byte) (reedsolomon.Encoder, error) {
	// One goroutine: parallelism is for whoever has several blocks. No cache of inverted matrices: none is inverted.
	return reedsolomon.New(k, len(rows), reedsolomon.WithCustomMatrix(rows), reedsolomon.WithMaxGoroutines(1),
		reedsolomon.WithInversionCache(false))
}

// product is the memory for multiplying symbols with a matrix. It may be used again.
type product struct {
	symbols [][]byte // the inputs, then the outputs
	views   [][]byte
	tails   []byte
}

// column returns room for k inputs and p outputs, all of one length, for the caller to set.
func (m *product) column(k, p int) [][]byte {
	if cap(m.symbols) < k+p {
		m.symbols, m.views = make([][]byte, k+p), make([][]byte, k+p)
	}
	m.symbols, m.views = m.symbols[:k+p], m.views[:k+p]
	return m.symbols
}

// run computes the outputs of column, of which the first k are inputs. It changes no input.
func (m *product) run(c reedsolomon.Encoder, k int) error {
	length := len(m.symbols[0])
	whole := length &^ (lane - 1)
	if whole == length {
		return c.Encode(m.symbols)
	}
	if whole > 0 {
		for i, s := range m.symbols {
			m.views[i] = s[:whole]
		}
		if err := c.Encode(m.views); err != nil {
			return err
		}
	}
	if size := len(m.symbols) * lane; cap(m.tails) < size {
		m.tails = make([]byte, size)
	}
	m.tails = m.tails[:len(m.symbols)*lane]
	for i, s := range m.symbols {
		m.views[i] = m.tails[i*lane : (i+1)*lane]
		if i < k {
			copy(m.views[i], s[whole:]) // what is behind it comes out behind the outputs
		}
	}
	if err := c.Encode(m.views); err != nil {
		return err
	}
	for i := k; i < len(m.symbols); i++ {
		copy(m.symbols[i][whole:], m.views[i])
	}
	return nil
}

// release forgets the caller's memory.
func (m *product) release() { clear(m.symbols); clear(m.views) }
