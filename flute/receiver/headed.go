package receiver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/route"
)

// In entity mode "the entity headers sent along with the delivery object provide all information about that multicast
// transport object" (RFC 9223, section 4.2): they stand in front of it. A package has such headers too, of MIME; it is
// received as one file, headers included, since whoever unpacks it needs them.

// describeByHead describes e by what stands in front of it, once that has come.
func (s *Session) describeByHead(now time.Time, e *entry, p *Packet, off uint64, data []byte) error {
	if off > route.MaxHead {
		return nil
	}
	h, err := route.ParseHead(e.front(off, data))
	if errors.Is(err, route.ErrShortHead) {
		return nil
	}
	if err == nil && h.Encoding != "" && h.Encoding != "identity" {
		_, err = flute.ParseContentEncoding(h.Encoding)
	}
	if err != nil {
		e.address.failed = true
		s.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: codepoint %d says entity or package mode, but: %v",
			s.l.key, e.toi, p.codepoint, err)})
		return nil
	}
	file := &fdt.File{TOI: e.toi, ContentLocation: h.Location, ContentType: h.Type}
	if e.address.mode == route.EntityMode {
		e.address.head = h
		if h.Encoding != "" && h.Encoding != "identity" {
			file.ContentEncoding, _ = flute.ParseContentEncoding(h.Encoding)
		} else {
			file.MD5, file.SHA256 = h.MD5, h.SHA256 // of the encoded file they would be neither
			if !h.Chunked {
				file.ContentLength = h.Length
			}
		}
		if (!e.address.known || e.address.weak) && h.Length != nil && !h.Chunked {
			e.address.length, e.address.known = uint64(h.Len)+*h.Length, true
			e.address.weak = false
		}
	}
	if file.ContentLocation == "" {
		file.ContentLocation = fmt.Sprintf("tsi-%d-toi-%v", s.l.key.TSI, e.toi)
	}
	return s.describe(now, e, file, now.Add(headExpiry))
}

// front returns the bytes at the start of e that have come, with those of a packet.
func (e *entry) front(off uint64, data []byte) []byte {
	if off == 0 && bytes.Contains(data, []byte("\n\r\n")) || len(e.pending.packets) == 0 {
		if off > 0 {
			return nil
		}
		return data
	}
	pieces := []stretch{{off, data}}
	for _, k := range e.pending.packets {
		b := k.body()
		if at := uint64(binary.BigEndian.Uint32(b)); at <= route.MaxHead {
			pieces = append(pieces, stretch{at, b[offsetLen:]})
		}
	}
	slices.SortFunc(pieces, func(a, b stretch) int { return int(a.off) - int(b.off) })
	var front []byte
	for _, p := range pieces {
		n := uint64(len(front))
		if p.off > n {
			return front
		}
		front = append(front, p.data[min(n-p.off, uint64(len(p.data))):]...)
	}
	return front
}
