package simulator

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

// settled is how long after its arrival a symbol is in the notes of its object: these are taken once a second, by a
// Work.
const settled = 3 * time.Second

// What comes after a silence of seam is held apart, in memory, until an FDT Instance tells that the sender goes on, or
// for apartPatience: it is not noted before (ADR 0041).
const (
	seam          = 400 * time.Millisecond
	apartPatience = 5 * time.Second
)

// symbol names an encoding symbol.
type symbol struct {
	tsi flute.TSI
	toi flute.TOI
	sbn fec.SBN
	esi fec.ESI
}

// symbolOf returns the symbol of a packet of a file. false: it is none.
func symbolOf(b []byte) (s symbol, p alc.Packet, ok bool) {
	p, err := alc.Parse(b)
	if err != nil || !p.HasTOI || p.TOI.IsFDT() || len(p.Body) == 0 {
		return s, p, false
	}
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint)}
	id, _, err := oti.ParsePayloadID(p.Body)
	if err != nil {
		return s, p, false
	}
	return symbol{p.TSI, p.TOI, id.SBN, id.ESI}, p, true
}

// holder knows which symbols the receiver has, and has the network withhold them from then on: so what was stored must
// not be needed again. It is for strict plans. The caller of its methods holds world.mu.
type holder struct {
	w     *world
	has   map[symbol]time.Time   // when it was read
	apart map[symbol]struct{}    // of has: those that are held apart
	lines map[flute.TSI]silences // of each session
	blind time.Time              // what is read before may be lost in a crash
}

// silences is what tells whether the packets of a session are held apart.
type silences struct {
	last  time.Time // packet
	apart bool      // no FDT Instance has come since the latest silence
}

func newHolder(w *world) *holder {
	return &holder{
		w: w, has: map[symbol]time.Time{}, apart: map[symbol]struct{}{}, lines: map[flute.TSI]silences{},
	}
}

// hears notes a packet of a session, and reports whether it is held apart.
func (h *holder) hears(p *alc.Packet) bool {
	now, s := time.Now(), h.lines[p.TSI]
	if now.Sub(s.last) >= seam {
		s.apart = !s.last.IsZero()
	}
	if s.last = now; isHead(p) {
		s.apart = false
		for held := range h.apart {
			if held.tsi == p.TSI { // it is taken now
				h.has[held] = now
				delete(h.apart, held)
			}
		}
	}
	h.lines[p.TSI] = s
	return s.apart
}

// isHead reports whether p has the first symbol of an FDT Instance: only that tells whose it is.
func isHead(p *alc.Packet) bool {
	if !p.HasTOI || !p.TOI.IsFDT() || len(p.Body) == 0 {
		return false
	}
	oti := fec.OTI{EncodingID: fec.EncodingID(p.Codepoint)}
	id, _, err := oti.ParsePayloadID(p.Body)
	return err == nil && id.SBN == 0 && id.ESI == 0
}

// sees takes a datagram that was read.
func (h *holder) sees(b []byte) {
	if !h.w.plan.Strict || time.Now().Before(h.blind) {
		return
	}
	if p, err := alc.Parse(b); err == nil {
		apart := h.hears(&p)
		s, _, ok := symbolOf(b)
		if _, known := h.has[s]; !ok || known {
			return
		}
		if h.has[s] = time.Now(); apart {
			h.apart[s] = struct{}{}
		}
	}
}

// withholds reports whether a datagram bears a symbol that the receiver has.
func (h *holder) withholds(b []byte) bool {
	if !h.w.plan.Strict {
		return false
	}
	s, _, ok := symbolOf(b)
	if !ok {
		return false
	}
	if _, ok = h.has[s]; ok {
		h.w.result.Figures.Withheld++
		h.w.result.Figures.Checks[Resume]++
	}
	return ok
}

// forget says that what was read from a time on may be lost, and what is read until another one.
func (h *holder) forget(from, until time.Time) {
	for s, at := range h.has {
		if !at.Before(from) {
			delete(h.has, s)
			delete(h.apart, s) // or the next FDT Instance would give it back
		}
	}
	if until.After(h.blind) {
		h.blind = until
	}
}

// died says that the process of the receiver has died: only what was noted is left.
func (h *holder) died(p *process) {
	now := time.Now()
	h.forget(now.Add(-settled), now)
	for s := range h.apart {
		if at, ok := h.has[s]; ok && at.After(now.Add(-settled-apartPatience)) {
			delete(h.has, s)
		}
	}
	clear(h.apart)
	for s := range h.has {
		known := false
		for key, at := range p.described {
			known = known || key.Source == source && key.TSI == s.tsi && at.Before(now.Add(-settled))
		}
		if !known { // nothing is noted of objects that nothing describes
			delete(h.has, s)
		}
	}
}
