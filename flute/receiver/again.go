package receiver

import (
	"errors"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// Again says which files are received again that were received before.
type Again uint8

// The kinds of Again.
const (
	// AgainUpdated receives each object once, and a file again when an object with another TOI, or of another session,
	// has its Content-Location.
	AgainUpdated Again = iota
	// AgainNever receives one version of each file.
	AgainNever
	// AgainAlways receives an object again in each turn of its carousel.
	AgainAlways
)

// With AgainAlways an object that is complete begins anew with the next turn of its carousel: with the packet of SBN 0
// and ESI 0, or, should that be lost, when one of the packets comes again that came first after its completion.

const (
	// turnPause is the least time from the completion of an object to its next turn: what comes before repeats a packet
	// of the turn that was.
	turnPause = 100 * time.Millisecond
	// maxMarks is how many packets are remembered that came after the completion: the first may be repair symbols,
	// which a carousel need not repeat.
	maxMarks = 8
)

// again is what is known of a complete object whose next turn is received.
type again struct {
	since time.Time  // its latest completion
	marks []packetID // FEC Payload IDs of what came first since, in no order
	// quiet: it is an S-TSID that was not used, and room the memory that it needs for that, if there was none. It is
	// received again for the session alone, when there is.
	quiet bool
	room  uint64
}

// finished notes the completion of e. It is received again with AgainAlways, and if it is an S-TSID that could
// not be used now: nothing else would tell what it says.
func (l *Ledger) finished(now time.Time, e *entry, unsignalled error) {
	e.again = nil
	if later, ok := errors.AsType[*laterError](unsignalled); ok {
		e.again = &again{since: now, quiet: true, room: later.cost}
	}
	if l.cfg.Selection.Again == AgainAlways {
		e.again = &again{since: now}
	}
}

// isQuiet reports whether the turn of e that is received is nobody's but the session's: it was told already, and
// whoever wants it has it.
func (e *entry) isQuiet() bool { return e.again != nil && e.again.quiet }

// isMissed reports whether the failure of e is that of a quiet turn only: the object is complete, and has other turns.
func (e *entry) isMissed(reason event.FailReason) bool {
	lasting := []event.FailReason{event.FailQuarantined, event.FailSuperseded, event.FailClosed, event.FailCancelled}
	return e.isQuiet() && !e.gone && !slices.Contains(lasting, reason)
}

// missTurn ends a quiet turn of e that has failed.
func (l *Ledger) missTurn(e *entry) {
	l.drop(e, true)
	e.phase, e.again.since, e.again.marks = completed, l.now, nil
	l.retire(e)
}

// turns reports whether p begins another turn of the complete object e, which is then to be received again.
func (s *Session) turns(now time.Time, e *entry, p *alc.Packet) bool {
	l := s.l
	if len(p.Body) == 0 || due(e.expires, now) {
		return false
	}
	if e.again == nil {
		if l.cfg.Selection.Again != AgainAlways {
			return false
		}
		e.again = &again{} // an earlier process has published it
	}
	if !e.again.begins(now, p) || e.isQuiet() && !l.cfg.signalling.hasRoom(l.key, e.again.room) {
		return false
	}
	e.phase, e.started, e.first, e.mixed, e.closeAt = announced, false, noTime, false, noTime
	e.born, e.repeated, e.taken = now, true, false
	l.ripen(e)
	return true
}

func (a *again) begins(now time.Time, p *alc.Packet) bool {
	id := idOf(p)
	if !now.Before(a.since.Add(turnPause)) && (isFirst(p) || slices.Contains(a.marks, id)) {
		return true
	}
	if len(a.marks) < maxMarks && !slices.Contains(a.marks, id) {
		a.marks = append(a.marks, id)
	}
	return false
}

// isFirst reports whether p carries the first symbol of an object.
func isFirst(p *alc.Packet) bool {
	if p.HasOffset {
		return p.Offset == 0
	}
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint), FieldBits: 8}
	id, _, err := oti.ParsePayloadID(p.Body)
	return err == nil && id.SBN == 0 && id.ESI == 0
}
