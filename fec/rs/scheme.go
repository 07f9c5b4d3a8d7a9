package rs

import (
	"fmt"
	"sync"

	"github.com/klauspost/reedsolomon"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// maxCodecs bounds the cache. An object has blocks of two lengths at most, and a session few OTIs.
const maxCodecs = 64

// codecKey names what the codec of an encoder depends on.
type codecKey struct {
	variant      fec.Variant
	k            int // source symbols
	first, count int // repair symbols; first is counted from 0
}

// Scheme implements fec.Scheme for FEC Encoding IDs 5 and 129. Make it with New. It is safe for concurrent use.
type Scheme struct {
	field *field

	mu     sync.Mutex
	codecs map[codecKey]reedsolomon.Encoder
	keys   []codecKey // of codecs, the oldest first
}

var _ fec.Scheme = (*Scheme)(nil)

// New returns the scheme with an empty cache of codecs.
func New() *Scheme { return &Scheme{field: newField(), codecs: map[codecKey]reedsolomon.Encoder{}} }

// Supports implements fec.Scheme.
func (s *Scheme) Supports(o *fec.OTI) error {
	switch {
	case o.EncodingID != fec.ReedSolomonGF28 && (o.EncodingID != fec.SmallBlockSystematic || o.InstanceID != 0):
		return fmt.Errorf("rs: %v, FEC Instance ID %d: %w", o.EncodingID, o.InstanceID, flute.ErrOTI)
	case o.TransferLength > 0 && (o.MaxSourceBlockLength > order || o.MaxEncodingSymbols > order):
		return fmt.Errorf("rs: blocks of %d source and %d encoding symbols, at most 255: %w",
			o.MaxSourceBlockLength, o.MaxEncodingSymbols, flute.ErrOTI)
	}
	return nil
}

// Variants implements fec.Scheme.
func (s *Scheme) Variants() []fec.Variant { return []fec.Variant{Rizzo, RFC5510, Backblaze} }

// Memory implements fec.Scheme: an encoder keeps all repair symbols of a block; a decoder's largest part is the codec that it
// makes.
func (s *Scheme) Memory(o *fec.OTI, k uint32) fec.Memory {
	n := uint64(min(o.MaxESI(k), order))
	tables := n*n*32 + n*(lane+64)
	return fec.Memory{Encoder: n*uint64(o.SymbolLength) + tables, Decoder: tables}
}

// codec returns the codec of an encoder.
func (s *Scheme) codec(key codecKey) (reedsolomon.Encoder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.codecs[key]; c != nil {
		return c, nil
	}
	source := s.field.sourceBasis(key.variant, key.k)
	rows := make([][]byte, key.count)
	for i := range rows {
		rows[i] = source.coefficients(s.field.point(key.variant, key.k+key.first+i))
	}
	c, err := newCodec(key.k, rows)
	if err != nil {
		return nil, fmt.Errorf("rs: %w", err)
	}
	if len(s.keys) == maxCodecs {
		delete(s.codecs, s.keys[0])
		s.keys = append(s.keys[:0], s.keys[1:]...)
	}
	s.codecs[key] = c
	s.keys = append(s.keys, key)
	return c, nil
}
