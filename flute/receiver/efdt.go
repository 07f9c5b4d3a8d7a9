package receiver

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/route"
	"github.com/flute-node/flute-node/flute/lct"
)

// An extended FDT Instance of ROUTE has no FDT Instance ID: it comes as the object with TOI 0, or in an S-TSID. What it
// says in the words of FLUTE is handed on as an FDT Instance of FLUTE, in packets made here, under an ID for each
// document. A sender that was started again is not told from the one before: ROUTE has no word for it.

const (
	// maxExtended bounds the documents that are known again.
	maxExtended = 64
	// maxStretches bounds the packets of one that are kept until it is whole.
	maxStretches = 512
	// stretchOverhead is charged for each of them besides its bytes.
	stretchOverhead = 96
	// efdtExpiry is how long an extended FDT Instance without Expires holds since it was read, efdtRest with less
	// than a day left to it; and headExpiry how long what the head of an object says does since its last packet.
	efdtExpiry = 24 * time.Hour
	headExpiry = time.Hour
	// efdtSymbol is the symbol length of the packets made here.
	efdtSymbol = 32 << 10
)

// extended is what ROUTE adds to a session.
type extended struct {
	stretches []stretch // of the document that is being received
	bytes     uint64    // in stretches
	length    uint64    // of the document
	sized     bool      // length is known
	mixed     bool      // they did not come in their order

	known    []known // the latest documents
	ids      flute.InstanceID
	numbered bool // ids is in use

	template   *route.EFDT // the latest that has a fileTemplate; nil: none had
	generation uint64      // of signalling that flow is from
	seed       maphash.Seed
	flow       *route.Flow // what an S-TSID says of the session; nil: nothing
	adopted    *route.Flow // that was taken into account
	suspected  bool        // a Warning told that a session of FLUTE may be one of ROUTE
}

// stretch is a packet of a document.
type stretch struct {
	off  uint64
	data []byte
}

// known is a document that was read.
type known struct {
	digest [sha256.Size]byte
	id     flute.InstanceID
}

// suspectROUTE tells, once, that a session which is received as one of FLUTE looks like one of ROUTE.
func (s *Session) suspectROUTE(datagram []byte) {
	// V is 1, C is 0, PSI has the Source Packet Indicator; S, no H, O is 1 (RFC 9223, section 2.1)
	if s.l.extended.suspected || len(datagram) < 2 || datagram[0] != 0x12 || datagram[1]&0xf0 != 0xa0 {
		return
	}
	s.l.extended.suspected = true
	s.emit(event.Warning{Text: fmt.Sprintf("session %v: TOI 0 comes without EXT_FDT, as in ROUTE (RFC 9223): "+
		"receive it with profile route", s.l.key)})
}

// efdtPacket takes a packet with TOI 0.
func (s *Session) efdtPacket(now time.Time, ln *line, packet *Packet) error {
	p, x := &packet.alc, &s.l.extended
	off, data := bytesOf(p)
	end := off + uint64(len(data))
	if end > route.MaxDocument || p.HasLength && p.Length > route.MaxDocument {
		return errBudget
	}
	if p.HasLength && (!x.sized || p.Length != x.length) {
		s.l.dropStretches()
		x.length, x.sized = p.Length, true
	}
	if x.sized && end > x.length {
		s.l.dropStretches()
		return errOTIConflict
	}
	i, same := slices.BinarySearchFunc(x.stretches, off, func(a stretch, off uint64) int {
		return cmp.Compare(a.off, off)
	})
	switch {
	case same && string(x.stretches[i].data) == string(data):
		return errDuplicate
	case same || i > 0 && x.stretches[i-1].off+uint64(len(x.stretches[i-1].data)) > off ||
		i < len(x.stretches) && x.stretches[i].off < end || len(x.stretches) >= maxStretches:
		s.l.dropStretches() // another version
		x.length, x.sized, i = p.Length, p.HasLength, 0
	}
	x.mixed = x.mixed || i < len(x.stretches)
	if p.CloseObject && !x.sized && !x.mixed {
		x.length, x.sized = end, true
	}
	if !s.l.listings.TryReserve(uint64(len(data)) + stretchOverhead) {
		s.l.dropStretches()
		return errBudget
	}
	x.stretches = slices.Insert(x.stretches, i, stretch{off, slices.Clone(data)})
	x.bytes += uint64(len(data))
	if !x.sized || x.bytes != x.length {
		return nil
	}
	var document []byte
	for _, s := range x.stretches {
		document = append(document, s.data...)
	}
	s.l.dropStretches()
	return s.efdt(now, ln, document, p.Time)
}

// dropStretches forgets what has come of a document.
func (l *Ledger) dropStretches() {
	x := &l.extended
	l.listings.Release(x.bytes + uint64(len(x.stretches))*stretchOverhead)
	x.stretches, x.bytes, x.length, x.sized, x.mixed = nil, 0, 0, false, false
}

// nextID returns an FDT Instance ID that is newer than those before, also those of an earlier process.
func (x *extended) nextID(now time.Time) flute.InstanceID {
	if !x.numbered {
		x.ids, x.numbered = flute.InstanceID(now.Unix()), true
	}
	x.ids = (x.ids + 1) & flute.MaxInstanceID
	return x.ids
}

// efdt takes an extended FDT Instance that is whole.
func (s *Session) efdt(now time.Time, ln *line, document, sent []byte) error {
	l, x := s.l, &s.l.extended
	digest := sha256.Sum256(document)
	i := slices.IndexFunc(x.known, func(k known) bool { return k.digest == digest })
	if i >= 0 {
		in := l.instances[x.known[i].id]
		if in == nil && !l.proven || in != nil && !in.read {
			x.known = slices.Delete(x.known, i, i+1) // it was refused, or nothing came of it: once more
			i = -1
		}
	}
	if i >= 0 {
		id := x.known[i].id
		l.completion.heard(now, id, false)
		if in := l.instances[id]; in != nil {
			in.touched, l.fdtLatest = now, now
			return errDuplicate
		}
	}
	e, err := route.ParseEFDT(document, ntpOf(now.Add(efdtExpiry)))
	if err != nil {
		if i < 0 {
			id := s.know(digest, x.nextID(now))
			s.emit(event.FDTRejected{Session: l.key, ID: id, Reason: brief(err)})
		}
		return errDuplicate
	}
	var id flute.InstanceID
	if i >= 0 {
		id = x.known[i].id
	} else {
		id = s.know(digest, x.nextID(now))
	}
	return s.adoptEFDT(now, ln, e, id, sent)
}

// know remembers a document under its ID.
func (s *Session) know(digest [sha256.Size]byte, id flute.InstanceID) flute.InstanceID {
	x := &s.l.extended
	if len(x.known) >= maxExtended {
		x.known = slices.Delete(x.known, 0, 1)
	}
	x.known = append(x.known, known{digest, id})
	return id
}

// adoptEFDT takes what an extended FDT Instance says: its files as an FDT Instance of FLUTE, and its template.
func (s *Session) adoptEFDT(now time.Time, ln *line, e *route.EFDT, id flute.InstanceID, sent []byte) (err error) {
	if e.Document != nil {
		oti := fec.OTI{
			EncodingID: fec.CompactNoCode, TransferLength: uint64(len(e.Document)),
			SymbolLength: uint16(min(len(e.Document), efdtSymbol)), MaxSourceBlockLength: 64,
		}
		p := alc.Packet{HasFDT: true, FLUTEVersion: 2, InstanceID: id, FTI: oti.AppendFTI(nil), Time: sent}
		p.HasTSI, p.TSI, p.HasTOI = true, s.l.key.TSI, true
		for esi, rest := uint32(0), e.Document; len(rest) > 0; esi++ {
			n := min(len(rest), int(oti.SymbolLength))
			p.Body = append(binary.BigEndian.AppendUint32(nil, esi), rest[:n]...)
			rest = rest[n:]
			err = s.fdtPacket(now, ln, &p)
		}
	}
	if e.Template == nil {
		return err
	}
	x := &s.l.extended
	x.template, s.l.proven = e, true
	for _, f := range s.l.undescribed.all() {
		if f.address != nil && f.address.mode == route.FileMode {
			_ = s.describeByTemplate(now, f, &alc.Packet{}, f.address.end)
		}
	}
	return err
}

// all returns the undescribed objects.
func (u *undescribed) all() (all []*entry) {
	for _, list := range []*entryList{&u.partial, &u.whole} {
		for e := list.first; e != nil; e = e.next {
			all = append(all, e)
		}
	}
	return all
}

// adoptFlow takes what an S-TSID says of the session, if that is news.
func (s *Session) adoptFlow(now time.Time, ln *line) {
	x := &s.l.extended
	if x.flow == x.adopted {
		return
	}
	x.adopted = x.flow
	if x.flow == nil || x.flow.EFDT == nil {
		return
	}
	_ = s.adoptEFDT(now, ln, x.flow.EFDT, x.nextID(now), nil) // what is wrong with it was told
}

// describeByTemplate describes e by the file template, if there is one (RFC 9223, section 6.3). end is that of the
// bytes that came of it.
func (s *Session) describeByTemplate(now time.Time, e *entry, p *alc.Packet, end uint64) error {
	t := s.l.extended.template
	if t == nil {
		return nil
	}
	if t.MaxSize > 0 && max(end, e.address.length) > t.MaxSize {
		return errTooLong
	}
	// Section 6.3.3: "When both maxExpiresDelta and the ERT of EXT_TIME are present, the smaller of the two values
	// should be used".
	valid := efdtExpiry
	if t.MaxExpires > 0 {
		valid = t.MaxExpires
	}
	if p.Time != nil {
		if at, err := lct.ParseTime(p.Time, now); err == nil && at.HasERT {
			valid = min(valid, at.ERT)
		}
	}
	file := &fdt.File{TOI: e.toi, ContentLocation: t.Template.Location(e.toi), ContentType: t.ContentType}
	if a := e.address; a.known && !a.weak {
		file.TransferLength = &a.length
	}
	return s.describe(now, e, file, now.Add(valid))
}

// describe describes e by what was made here.
func (s *Session) describe(now time.Time, e *entry, file *fdt.File, expires time.Time) error {
	if s.l.cfg.Expiry == ExpiryIgnore {
		expires = now.AddDate(100, 0, 0)
	}
	err := s.mergeFile(now, &fdt.Instance{ID: s.l.extended.nextID(now)}, file, expires)
	if err == nil {
		e.address.made = true
	}
	return err
}

// ntpOf returns t in seconds of NTP, as Expires has it.
func ntpOf(t time.Time) uint32 { return uint32(t.Unix() + 2208988800) }
