//go:build cgo

package main

/*
#include "flute_node.h"
*/
import "C"

import (
	"net/netip"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/binding"
)

func main() {} // a library has none, but a package main must

// handles are the objects that the program holds. The library has one table: C has no place for another.
var handles binding.Handles

// errorSize is ERROR_SIZE of abi.c.
const errorSize = 1024

// ret tells what came of a call: its code, and what its error says.
func ret(err error, text *C.char) C.int {
	if err == nil {
		return C.FLUTE_OK
	}
	say(binding.TextOf(err), text, errorSize)
	return C.int(binding.CodeOf(err))
}

// say copies a text to n bytes of C, cut between characters if it is too long, with a zero byte behind it.
func say(s string, text *C.char, n int) {
	b := unsafe.Slice((*byte)(unsafe.Pointer(text)), n)
	if n--; len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	b[copy(b[:len(b)-1], s)] = 0
}

// bytesOf is C memory as it is.
func bytesOf(p unsafe.Pointer, n C.size_t) []byte {
	if p == nil {
		return nil
	}
	return unsafe.Slice((*byte)(p), int(n))
}

// textOf copies a text of C; NULL is an empty one.
func textOf(p *C.char) string {
	if p == nil {
		return ""
	}
	return C.GoString(p)
}

// out copies b to C. It is an error if b is too long for that; *n is its length all the same.
func out(b []byte, buf *C.char, capacity C.size_t, n *C.size_t) error {
	*n = C.size_t(len(b))
	if uint64(len(b)) > uint64(capacity) {
		return binding.Space.Err()
	}
	copy(bytesOf(unsafe.Pointer(buf), capacity), b)
	return nil
}

// put makes a handle for v, in *h.
func put(v any, h unsafe.Pointer) { *(*uintptr)(h) = handles.Put(v) }

// patience is milliseconds of a call. What is below 0 is none.
func patience(ms C.int64_t) time.Duration {
	const most = int64(24 * time.Hour / time.Millisecond)
	return time.Duration(min(max(0, int64(ms)), most)) * time.Millisecond
}

// otiOf converts a flute_oti; nil for NULL.
func otiOf(o *C.flute_oti) (*binding.OTI, error) {
	if o == nil {
		return nil, nil
	}
	if uintptr(o.size) < unsafe.Sizeof(*o) {
		return nil, binding.Wrong("oti.size is not sizeof(flute_oti): make it by a function flute_oti_...")
	}
	if o.fti > C.FLUTE_FTI_FDT {
		return nil, binding.Wrong("oti.fti: take one of FLUTE_FTI_...")
	}
	variant := C.GoStringN(&o.variant[0], C.int(len(o.variant)))
	for i := range len(variant) {
		if variant[i] == 0 {
			variant = variant[:i]
			break
		}
	}
	return &binding.OTI{
		OTI: fec.OTI{
			EncodingID: fec.EncodingID(o.fec_encoding_id), InstanceID: uint16(o.fec_instance_id),
			SymbolLength: uint16(o.symbol_length), MaxSourceBlockLength: uint32(o.max_source_block_length),
			MaxEncodingSymbols: uint32(o.max_encoding_symbols), SubBlocks: uint16(o.sub_blocks),
			Alignment: uint8(o.alignment), FieldBits: uint8(o.field_bits), GroupSize: uint8(o.group_size),
			N1: uint8(o.n1), Seed: uint32(o.seed),
		},
		Repair: uint32(o.repair), Variant: fec.Variant(variant), FTI: sender.FTI(o.fti),
	}, nil
}

// keyOf converts a flute_endpoint; NULL is an endpoint of which nothing is known.
func keyOf(e *C.flute_endpoint) (key flute.SessionKey, port uint16) {
	if e == nil {
		return key, 0
	}
	source := addressOf((*[16]byte)(unsafe.Pointer(&e.source)), uint8(e.source_len))
	group := addressOf((*[16]byte)(unsafe.Pointer(&e.group)), uint8(e.group_len))
	return flute.SessionKey{Source: source, Group: netip.AddrPortFrom(group, uint16(e.port))}, uint16(e.source_port)
}

func addressOf(b *[16]byte, n uint8) netip.Addr {
	switch n {
	case 4:
		return netip.AddrFrom4([4]byte(b[:4]))
	case 16:
		return netip.AddrFrom16(*b)
	}
	return netip.Addr{}
}

// putAddress writes an address, without its zone.
func putAddress(a netip.Addr, b *[16]byte) C.uint8_t { return C.uint8_t(copy(b[:], a.AsSlice())) }
