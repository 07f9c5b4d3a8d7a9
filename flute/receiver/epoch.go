package receiver

import (
	"bytes"
	"crypto/sha256"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// A sender that was started again uses FDT Instance IDs and TOIs a second time. What tells it from a forger, or from a
// sender that breaks the rules, is that the session was silent or closed in between: a pause.

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
	return sha256.Sum256(p.Body), true
}

// conflict counts a packet under an FDT Instance ID in use and reports the first one. RFC 6726, section 3.4.1: "Receipt
// of an FDT Instance that reuses an FDT Instance ID value that is currently used by a non-expired FDT Instance MUST be
// considered an error case." The first one is kept.
func (s *Session) conflict(in *instance) error {
	if !in.alarmed {
		in.alarmed = true
		s.emit(event.FDTRejected{Session: s.l.key, ID: in.id, Reason: "other content under an FDT Instance ID in use"})
	}
	return errConflict
}

// newEpoch forgets the database of a sender that was restarted. Objects that are being published finish; the others
// cannot: nothing of them is sent any more.
func (s *Session) newEpoch() {
	l := s.l
	for _, e := range l.entries {
		s.dismiss(e, event.FailClosed, "the sender started again")
	}
	for id, in := range l.instances {
		l.forgetInstance(id, in)
	}
	l.closing, l.version, l.completion = noTime, 0, completion{}
}

// dismiss forgets e, whose TOI means something else from now on. If it is unfinished, it fails for reason; if it is
// being published, it finishes.
func (s *Session) dismiss(e *entry, reason event.FailReason, detail string) {
	f := &s.l.effects
	switch {
	case e.phase == finishing && e.isOut():
		f.Detached = append(f.Detached, e.toi)
	case !e.ended():
		s.fail(e, reason, detail)
	default:
		f.Ended = append(f.Ended, e.toi)
	}
	s.l.remove(e)
}
