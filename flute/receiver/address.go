package receiver

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/route"
	"github.com/flute-node/flute-node/internal/drop"
)

// ROUTE (RFC 9223) addresses bytes: a packet says where its bytes begin, and they may end anywhere. Section 5.2 has it
// as "a special case of the use of the Compact No-Code Scheme … in which the encoding symbol size is exactly one byte".
// Here an object has source symbols of the length that its packets have, so that all that is done with those is done
// with it; assembly.TakeAt joins what is not a whole one.

const (
	// offsetLen is the length of start_offset in bytes (RFC 9223, section 2.3).
	offsetLen = 4
	// leastSymbol is the least length of a source symbol: that of the packet that came first may be the last one's.
	leastSymbol = 256
	// blockSymbols is how many source symbols make a source block.
	blockSymbols = 1024
)

// The errors of packets of ROUTE.
var (
	errNoOffset  = drop.NewError(drop.PayloadID, "receiver: ends inside start_offset")
	errPayloadID = drop.NewError(drop.Codepoint, "receiver: a FEC Payload ID of several source blocks")
	errTooLong   = drop.NewError(drop.StartOffset, "receiver: more bytes than maxTransportSize")
)

// address is what is known of an object of ROUTE besides its description.
type address struct {
	mode   route.Mode
	length uint64
	known  bool        // length is
	weak   bool        // by the B flag alone
	end    uint64      // of the bytes that came
	mixed  bool        // they did not come in the order of their offsets
	first  uint64      // fingerprint of the packet with offset 0
	made   bool        // its description was made here: by a file template, or of its head
	failed bool        // what stands in front of it is no head
	head   *route.Head // of an object in entity mode; nil: none
}

// addressOverhead is charged for the address of an object.
const addressOverhead = 96

// parseROUTE reads a packet of ROUTE: what its payload begins with depends on the codepoint. Its alc.Packet then has a
// start_offset, the bytes from there on as Body, and the codepoint of Compact No-Code. It allocates nothing.
func (s *Session) parseROUTE(p *Packet, datagram []byte) error {
	a := &p.alc
	if err := a.ParseROUTE(datagram); err != nil {
		return err
	}
	p.codepoint, a.Codepoint = a.Codepoint, uint8(fec.CompactNoCode)
	if len(a.Body) == 0 {
		return nil
	}
	payload := s.payload(p.codepoint)
	a.HasOffset = true
	if payload.ID == route.NoPayloadID {
		return nil // the object is in one packet
	}
	if len(a.Body) < offsetLen {
		return errNoOffset
	}
	id := binary.BigEndian.Uint32(a.Body)
	a.Offset, a.Body = id, a.Body[offsetLen:]
	if payload.ID == route.SymbolID {
		// RFC 6330, section 3.2: SBN, 8 bits; ESI, 24 bits
		offset := uint64(id) * uint64(payload.SymbolLength)
		if id > 1<<24-1 || offset > 1<<32-1 {
			return errPayloadID
		}
		a.Offset = uint32(offset)
	}
	if len(a.Body) == 0 { // RFC 9223, section 5.2: dataless packets have no FEC Payload ID; this one has, for no bytes
		a.HasOffset, a.Offset = false, 0
	}
	return nil
}

// payload returns what a codepoint means: by the S-TSID, or by RFC 9223.
func (s *Session) payload(codepoint uint8) route.Payload {
	x := &s.l.extended
	if generation := s.l.cfg.signalling.generation.Load(); generation != x.generation {
		x.generation = generation
		x.flow = s.l.cfg.signalling.find(s.l.key)
	}
	if x.flow != nil {
		if p, ok := x.flow.Payloads[codepoint]; ok {
			return p
		}
	}
	return route.PayloadOf(codepoint)
}

// bytesOf returns the bytes of p, which is of ROUTE, and where they lie.
func bytesOf(p *alc.Packet) (off uint64, data []byte) { return uint64(p.Offset), p.Body }

// addressed takes what a packet of ROUTE says of its object e, beside its bytes, and describes e if nothing else does.
// It returns the entry that has the TOI then.
func (s *Session) addressed(now time.Time, ln *line, packet *Packet, e *entry) (*entry, error) {
	l, p := s.l, &packet.alc
	off, data := bytesOf(p)
	if e.address == nil {
		e.address = &address{}
	}
	if e.address.made && e.isIdle() && due(e.expires, now) || s.isNewSegment(packet, e, off, data) {
		var err error
		if e, err = s.renew(now, ln, packet, e); err != nil {
			return e, err
		}
	}
	a := e.address
	if a.mode == 0 {
		a.mode = s.payload(packet.codepoint).Mode
	}
	if off == 0 && len(data) > 0 && a.first == 0 {
		a.first = l.extended.fingerprintOf(data)
	}
	if err := a.learn(p, off, uint64(len(data))); err != nil {
		return e, err
	}
	switch {
	case e.file != nil && a.made && a.mode != route.FileMode:
		e.expires = now.Add(headExpiry) // as long as it is sent
	case e.file != nil:
	case a.mode == route.FileMode:
		return e, s.describeByTemplate(now, e, p, off+uint64(len(data)))
	case !a.failed:
		return e, s.describeByHead(now, e, packet, off, data)
	}
	return l.entries[e.toi], nil
}

// learn takes note of the length of the object, and of the bytes that came. RFC 9223, section 2.2: "The transport
// object length can also be determined without the use of EXT_TOL by examining the LCT packet with the Close Object
// flag". That is believed of packets that came in the order of their offsets: else others may lie behind.
func (a *address) learn(p *alc.Packet, off, n uint64) error {
	end := off + n
	if n > 0 {
		a.mixed = a.mixed || off < a.end && end != a.end
	}
	switch {
	case p.HasLength && a.known && !a.weak && a.length != p.Length:
		return errOTIConflict
	case p.HasLength:
		a.length, a.known, a.weak = p.Length, true, false
	case p.CloseObject && n > 0 && !a.known && !a.mixed:
		a.length, a.known, a.weak = end, true, true
	}
	a.end = max(a.end, end)
	return nil
}

// isNewSegment reports whether a packet begins another initialization segment under the TOI of e, which is complete.
func (s *Session) isNewSegment(p *Packet, e *entry, off uint64, data []byte) bool {
	return route.NewSegment(p.codepoint) && e.phase == completed && off == 0 && len(data) > 0 &&
		e.address.first != 0 && e.address.first != s.l.extended.fingerprintOf(data)
}

// renew has the TOI of e, which has ended, name another object. Its description goes over to that, but for what it says
// of the bytes.
func (s *Session) renew(now time.Time, ln *line, p *Packet, e *entry) (*entry, error) {
	l, old := s.l, e
	s.dismiss(e, event.FailSuperseded, "another object has its TOI")
	e, err := l.entry(now, old.toi)
	if err != nil {
		return old, err
	}
	l.give(e, ln.run)
	p.entry, e.address = e, &address{}
	if old.file != nil && !old.address.made {
		file := *old.file
		file.ContentLength, file.TransferLength, file.MD5, file.SHA256, file.SHA512 = nil, nil, nil, nil, nil
		file.HasOTI = false
		if err = s.describe(now, e, &file, old.expires); err != nil {
			return e, err
		}
		e.address.made = false
	}
	return e, nil
}

// fingerprintOf returns a hash of b that is not 0. It has a seed, so that nobody can make two with the same.
func (x *extended) fingerprintOf(b []byte) uint64 { return max(maphash.Bytes(x.seed, b), 1) }

// transferLength returns the length of e, and whether it is known. RFC 9223, section 6.3.2: by EXT_FTI or EXT_TOL, or
// by the File.
func (e *entry) transferLength() (n uint64, known bool) {
	switch a := e.address; {
	case a == nil:
		return 0, false
	case a.known && !a.weak:
		return a.length, true
	case e.file != nil && e.file.TransferLength != nil:
		return *e.file.TransferLength, true
	case a.known:
		return a.length, true
	}
	return 0, false
}

// beginAddressed opens the holding once the length of the object is known; until then packets are kept within bounds.
func (o *Object) beginAddressed(now time.Time, p *alc.Packet) error {
	e := o.e
	n, known := e.transferLength()
	if !known || e.file == nil {
		return o.keep(now, p)
	}
	symbol := max(leastSymbol, len(p.Body))
	for _, k := range e.pending.packets {
		symbol = max(symbol, len(k.body())-offsetLen)
	}
	oti := fec.OTI{
		EncodingID: fec.CompactNoCode, TransferLength: n,
		SymbolLength: uint16(min(symbol, 1<<16-1)), MaxSourceBlockLength: blockSymbols,
	}
	if err := o.l.checkOTI(&oti); err != nil {
		o.fail(event.FailOTI, err.Error())
		return err
	}
	if e.address.weak {
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: nothing but the B flag tells that it has %d bytes",
			o.l.key, e.toi, n)})
	}
	return o.open(now, oti, nil)
}

// takeAddressed hands a packet of ROUTE to the assembly.
func (o *Object) takeAddressed(now time.Time, p *alc.Packet) error {
	off, data := bytesOf(p)
	return o.e.held.TakeAt(now, off, data)
}
