package fec

import (
	"errors"
	"fmt"
	"maps"

	"github.com/flute-node/flute-node/flute"
)

// ErrMoreSymbols reports that the given symbols do not suffice to decode a block.
var ErrMoreSymbols = errors.New("fec: more encoding symbols are needed")

// Variant names one of several codes that share a wire format; empty for a scheme that has only one.
type Variant string

// Symbol is an encoding symbol with its ESI.
type Symbol struct {
	ESI  ESI
	Data []byte
}

// Scheme is an FEC scheme. Its methods are safe for concurrent use; what they return is not.
type Scheme interface {
	// Supports returns an error that wraps flute.ErrOTI if this codec cannot work with the valid OTI o.
	Supports(o *OTI) error
	// Variants lists the codes that share the wire format, the default first; nil when there is only one.
	Variants() []Variant
	// NewEncoder returns the encoder of one source block of k symbols. source is the block's bytes in order, the last
	// symbol without its padding. The encoder keeps the slice. It does not depend on o.TransferLength, so that it
	// serves objects of any length.
	NewEncoder(o *OTI, v Variant, k uint32, source []byte) (Encoder, error)
	// NewDecoder returns the decoder of one source block of k symbols.
	NewDecoder(o *OTI, v Variant, k uint32) (Decoder, error)
	// Memory bounds what an encoder and a decoder of one source block of k symbols hold and allocate in bytes, besides
	// the symbols that they are given. It allocates nothing.
	Memory(o *OTI, k uint32) Memory
}

// Memory is what an encoder and a decoder of one source block need, in bytes.
type Memory struct{ Encoder, Decoder uint64 }

// Encoder makes the repair symbols of one source block. It is not safe for concurrent use.
type Encoder interface {
	// AppendRepair appends repair symbol esi, at least k, of SymbolLength bytes.
	AppendRepair(b []byte, esi ESI) ([]byte, error)
	// Reset makes it the encoder of another source block of as many symbols, as if NewEncoder had been called with
	// source, which it keeps: so the encoder and its memory serve one block after the other. An error wraps
	// flute.ErrOTI and leaves the encoder as it was.
	Reset(source []byte) error
}

// Decoder recovers the lost source symbols of one source block. It may also implement [Solver]. It is not safe for
// concurrent use.
type Decoder interface {
	// Ready reports whether a try is worth while with so many distinct source and repair symbols.
	Ready(sources, repairs int) bool
	// Recover fills in lost source symbols. source has k elements: a received one of SymbolLength bytes, zero padded; a
	// lost one of length 0 and with room for SymbolLength bytes. After success all have SymbolLength bytes. After
	// ErrMoreSymbols nothing has changed, and Recover may be called again with more symbols. Repair symbols beyond
	// those needed, and duplicates, do no harm.
	Recover(source [][]byte, repair []Symbol) error
	// Matches reports whether s is what this code makes of the complete source.
	Matches(source [][]byte, s Symbol) bool
}

// Solver is an optional interface of a Decoder that can tell from ESIs alone whether symbols suffice, for far less than
// it costs to recover them.
type Solver interface {
	// Solve returns nil when Recover will succeed for the source symbols lost, in ascending order, with the repair
	// symbols given; else an error that wraps ErrMoreSymbols. What it finds out it keeps for the next Solve, which has
	// at least the same symbols, and for Recover.
	Solve(lost, repair []ESI) error
}

// Grouper is an optional interface of a Scheme whose packets hold several symbols without consecutive ESIs.
type Grouper interface {
	// AppendGroup appends the ESIs of the G symbols that travel in one packet whose FEC Payload ID has esi, that one
	// first, for a source block of k symbols.
	AppendGroup(b []ESI, o *OTI, k uint32, esi ESI) ([]ESI, error)
	// AppendPacket appends the ESIs that a sender puts into packet index of a source block of k symbols: first come
	// those of the source symbols, ceil(k/G) packets, then those of the repair symbols.
	AppendPacket(b []ESI, o *OTI, k uint32, index uint32) ([]ESI, error)
}

// registered is the key of a Registry.
type registered struct {
	id       EncodingID
	instance uint16
}

// Registry holds the schemes that may be used. The zero value has none. It is immutable and safe for concurrent use.
type Registry struct{ schemes map[registered]Scheme }

// With returns a copy of r with s for id, and for FEC Instance ID instance when id is under-specified.
func (r *Registry) With(id EncodingID, instance uint16, s Scheme) *Registry {
	c := &Registry{schemes: maps.Clone(r.schemes)}
	if c.schemes == nil {
		c.schemes = map[registered]Scheme{}
	}
	c.schemes[registered{id, instance}] = s
	return c
}

// Scheme returns the scheme for o, or an error that wraps [flute.ErrOTI].
func (r *Registry) Scheme(o *OTI) (Scheme, error) {
	if s := r.schemes[registered{o.EncodingID, o.InstanceID}]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("fec: FEC scheme is not supported: %v (FEC Encoding ID %d, FEC Instance ID %d): %w",
		o.EncodingID, uint8(o.EncodingID), o.InstanceID, flute.ErrOTI)
}
