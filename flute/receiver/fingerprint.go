package receiver

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/drop"
)

// conflicts reports whether p cannot belong to the instance: another length or OTI, or other bytes at its start.
func (in *instance) conflicts(p *alc.Packet) bool {
	if p.FTI != nil && in.fti != nil && !bytes.Equal(p.FTI, in.fti) {
		return true
	}
	head, ok := headHash(p)
	return ok && in.hasHead && head != in.head
}

// fingerprint remembers what conflicts compares.
func (in *instance) fingerprint(p *alc.Packet) {
	if in.fti == nil && p.FTI != nil {
		in.fti = bytes.Clone(p.FTI)
	}
	if head, ok := headHash(p); ok && !in.hasHead {
		in.head, in.hasHead = head, true
	}
}

// fingerprintDocument makes up for the first symbol, when in was decoded without it.
func (in *instance) fingerprintDocument() {
	h := in.object.e.held
	part := h.Partition()
	if in.hasHead || h.OTI.TransferLength == 0 || part.HasSubBlocks() || h.OTI.GroupSize > 1 {
		return
	}
	_, n := part.SymbolBytes(0, 0)
	body := h.OTI.AppendPayloadID(nil, fec.PayloadID{SourceBlockLength: uint16(part.BlockSymbols(0))})
	body = append(body, make([]byte, n)...)
	if _, err := in.receipt.memory.ReadAt(body[len(body)-int(n):], 0); err == nil || errors.Is(err, io.EOF) {
		in.head, in.hasHead = hashUnpadded(body), true
	}
}

// isMisfit reports whether err, of a packet, says that it cannot belong to what is received: then it is no fingerprint
// of that, or the right ones would conflict with it.
func isMisfit(err error) bool {
	switch drop.Of(err) {
	case drop.SymbolLength, drop.SBN, drop.ESI, drop.OTI:
		return true
	default:
		return false
	}
}

// isHead reports whether p is the packet with SBN 0 and ESI 0 that the instance had before. Nothing else is compared:
// it tells when the FDT Instance expires, and what it describes first.
func (in *instance) isHead(p *alc.Packet) bool {
	head, ok := headHash(p)
	return ok && in.hasHead && head == in.head
}

// headHash hashes the packet that carries the first symbol, told by a FEC Payload ID of zeros.
func headHash(p *alc.Packet) (h [sha256.Size]byte, ok bool) {
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
	n := oti.PayloadIDLen()
	if n == 0 || len(p.Body) <= n {
		return h, false
	}
	if id, _, err := oti.ParsePayloadID(p.Body); err != nil || id.SBN != 0 || id.ESI != 0 {
		return h, false
	}
	return hashUnpadded(p.Body), true
}

// hashUnpadded hashes a packet's body. Some senders pad the last source symbol with zeros, which may be the first one.
func hashUnpadded(body []byte) [sha256.Size]byte { return sha256.Sum256(bytes.TrimRight(body, "\x00")) }
