package inspect

import (
	"container/list"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/drop"
)

// What the accounts of a session, an object and a source block take, about.
const (
	sessionCost = 4096 + maxBuckets*56
	objectCost  = 512
	blockCost   = 192
	spanCost    = 16
)

// maxObjects is how many objects of a session are told apart.
const maxObjects = 100_000

// session is a transport session, as the capture shows it.
type session struct {
	in    *Inspector
	key   flute.SessionKey
	place *list.Element // in Inspector.unproven; nil: it has shown an FDT Instance
	held  uint64        // of Inspector.memory

	port             uint16 // of its first packet
	ports            int    // how often that changed
	packets, bytes   uint64
	dataless         uint64
	cut              uint64 // the capture has not all of their payload
	firstNo, lastNo  uint64
	first, last      time.Time
	route            bool  // of ROUTE, not of FLUTE
	version          uint8 // of FLUTE; 0: not known
	cci              uint8
	closed           bool      // A was seen
	sct              time.Time // the latest
	offset           time.Duration
	mbms             bool // its FDT Instances are those of the MBMS Download Profile
	due, lost        uint64
	late, duplicates uint64
	recent           [8]symbolKey
	recentAt         [8]time.Time
	turn             int
	parsed           alc.Packet
	series           Series
	broken           breaches
	objects          map[flute.TOI]*object
	order            []*object
	latest           *object
	beyond           uint64 // packets of objects beyond maxObjects
	fdt              history
	heard            *verdicts // what the receiver found
}

// symbolKey names an encoding symbol; of an FDT Instance, with its ID.
type symbolKey struct {
	toi flute.TOI
	id  flute.InstanceID
	sbn fec.SBN
	esi fec.ESI
}

func newSession(in *Inspector, d *capture.Datagram, key flute.SessionKey) *session {
	s := &session{
		in: in, key: key, port: d.Src.Port(), firstNo: d.Number, first: d.Time,
		objects: map[flute.TOI]*object{},
	}
	_ = in.spend(s, sessionCost)
	s.heard = newVerdicts(s)
	return s
}

func (s *session) proven() bool { return s.fdt.seen > 0 }

func (s *session) close() { s.heard.close(s.last) }

// breaks notes that packet d breaks a rule.
func (s *session) breaks(id string, number uint64, format string, args ...any) {
	if x := s.broken[id]; x != nil { // no text is made for it
		s.broken.add(id, number, nil)
		return
	}
	s.broken.add(id, number, func() string { return fmt.Sprintf(format, args...) })
}

// packet takes one of the session.
func (s *session) packet(d *capture.Datagram, b []byte, length int) {
	now := d.Time
	s.packets++
	s.bytes += uint64(length)
	s.last, s.lastNo = now, d.Number
	point := s.series.packet(now, length)
	if port := d.Src.Port(); port != s.port {
		s.port = port
		s.ports++
	}
	if s.packets == 1 {
		s.route = isROUTE(b)
	}
	if s.route {
		s.routePacket(d, b, length)
		return
	}
	p := &s.parsed
	if err := p.Parse(b, lct.RFC5651); err != nil {
		reason := drop.Of(err)
		if len(b) < length {
			s.cut++ // the header may be longer than what was captured
		} else if err == alc.ErrAmbiguous { //nolint:errorlint // a bare sentinel of the packet path
			s.breaks("L40", d.Number, "an extension comes twice and says two things")
		} else {
			s.breaks(ruleOfHeader(reason), d.Number, "%s", headerFault(reason))
		}
		return
	}
	if p.Reserved != 0 && s.version == 1 && p.Parse(b, lct.RFC3451) != nil {
		s.breaks("L15", d.Number, "flags T and R of RFC 3451, and no room for what they announce")
		return
	}
	s.header(d, p)
	missing := length - len(b)
	switch {
	case len(p.Body) == 0:
		s.dataless++
	case p.TOI.IsFDT():
		s.fdtPacket(d, p, point, missing)
	default:
		if o := s.object(d, p.TOI); o != nil {
			o.packet(s, d, p, point, missing)
		}
	}
	if missing > 0 {
		s.cut++
		return
	}
	s.heard.handle(d, b)
}

// header judges what the LCT header says of the session.
func (s *session) header(d *capture.Datagram, p *alc.Packet) {
	if p.Reserved != 0 {
		s.breaks("L03", d.Number, "Res is %d", p.Reserved)
	}
	if s.packets == 1 {
		s.cci = p.CCILen
	} else if s.cci != p.CCILen {
		s.breaks("A03", d.Number, "%d bytes after %d", p.CCILen, s.cci)
		s.cci = p.CCILen
	}
	switch {
	case p.CloseSession:
		s.closed = true
		if p.HasTOI && len(p.Body) == 0 && !p.TOI.IsFDT() {
			s.breaks("E06", d.Number, "a data-less packet with A = 1 has TOI %v", p.TOI)
		}
	case s.closed && d.Src.Port() == s.port:
		s.breaks("L09", d.Number, "a packet with A = 0")
	}
	if p.Time != nil {
		s.time(d, p)
	}
	// A data-less packet that closes the session has no TOI (E06), and so no TSI of 16 bits: these come together.
	if s.mbms && p.HasTOI {
		if p.CCILen != 4 || p.CCI != [lct.MaxCCILen]byte{} || p.TSILen != 2 {
			s.breaks("O01", d.Number, "CCI of %d bytes, TSI of %d", p.CCILen, p.TSILen)
		}
		if p.FTI != nil && !p.TOI.IsFDT() || p.HasCENC {
			s.breaks("O02", d.Number, "TOI %v has EXT_FTI or EXT_CENC", p.TOI)
		}
	}
}

// time judges EXT_TIME.
func (s *session) time(d *capture.Datagram, p *alc.Packet) {
	const sctHigh, sctLow = 0x80, 0x40
	if len(p.Time) > 0 && p.Time[0]&(sctHigh|sctLow) == sctLow {
		s.breaks("L35", d.Number, "SCT-Low alone")
	}
	t, err := lct.ParseTime(p.Time, d.Time)
	if err != nil {
		s.breaks("L34", d.Number, "%v", err)
		return
	}
	if !t.HasSCT {
		return
	}
	// Seconds alone are cut off: up to one second is no step. Packets that the path has reordered are not either.
	if back := s.sct.Sub(t.SCT); !s.sct.IsZero() && back > 2*time.Second {
		s.breaks("L38", d.Number, "SCT goes back by %v", back)
	}
	s.sct, s.offset = t.SCT, t.SCT.Sub(d.Time)
}

// senderTime returns the time by the sender's clock, as far as it has told it.
func (s *session) senderTime(now time.Time) time.Time { return now.Add(s.offset) }

// object returns that of toi; nil: there are too many.
func (s *session) object(d *capture.Datagram, toi flute.TOI) *object {
	if o := s.latest; o != nil && o.toi == toi {
		return o
	}
	o := s.objects[toi]
	if o == nil {
		if len(s.objects) == maxObjects || !s.in.spend(s, objectCost) {
			s.beyond++
			return nil
		}
		o = &object{toi: toi, firstNo: d.Number, first: d.Time, blocks: map[fec.SBN]*block{}}
		s.objects[toi] = o
		s.order = append(s.order, o)
	}
	s.latest = o
	return o
}

// soon is within which time a symbol that comes again is one that the path has doubled.
const soon = 50 * time.Millisecond

// doubled reports whether the symbol came just before, and notes it.
func (s *session) doubled(k symbolKey, now time.Time) bool {
	for i := range s.recent {
		if s.recent[i] == k && now.Sub(s.recentAt[i]) < soon && !s.recentAt[i].IsZero() {
			return true
		}
	}
	s.turn = (s.turn + 1) % len(s.recent)
	s.recent[s.turn], s.recentAt[s.turn] = k, now
	return false
}
