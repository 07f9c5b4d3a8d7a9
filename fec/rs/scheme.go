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

// codecKey names what a codec depends on.
type codecKey struct {
	variant fec.Variant
	k, p    int
}

// Scheme implements fec.Scheme for FEC Encoding IDs 5 and 129. Make it with New. It is safe for concurrent use.
type Scheme struct {
	field *field

	mu     sync.Mutex
	codecs map[codecKey]reedsolomon.Encoder
	recent []codecKey // keys of codecs, the oldest first
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

// codec returns the codec of k source and p repair symbols.
func (s *Scheme) codec(v fec.Variant, k, p int) (reedsolomon.Encoder, error) {
	if v == "" {
		v = Rizzo
	}
	if v != Rizzo && v != RFC5510 && v != Backblaze {
		return nil, fmt.Errorf("rs: no code is called %q", v)
	}
	if k < 1 || p < 1 || k+p > order {
		return nil, fmt.Errorf("rs: block of %d source and %d repair symbols: %w", k, p, flute.ErrOTI)
	}
	key := codecKey{v, k, p}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.codecs[key]; c != nil {
		return c, nil
	}
	// One goroutine: parallelism is for whoever has several blocks. No cache of inverted matrices: it has no bound.
	c, err := reedsolomon.New(k, p, reedsolomon.WithCustomMatrix(s.field.rows(v, k, p)),
		reedsolomon.WithMaxGoroutines(1), reedsolomon.WithInversionCache(false))
	if err != nil {
		return nil, fmt.Errorf("rs: %w", err)
	}
	if len(s.recent) == maxCodecs {
		delete(s.codecs, s.recent[0])
		s.recent = s.recent[1:]
	}
	s.codecs[key] = c
	s.recent = append(s.recent, key)
	return c, nil
}
