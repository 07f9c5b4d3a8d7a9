package receiver

import (
	"errors"
	"io"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
)

// maxProbes bounds how often a session reads a block back to find out which code the sender uses: blocks of one or two
// symbols look the same in several codes, and a forged symbol in none.
const maxProbes = 256

// scratch is memory that an Object uses again for each source block that needs FEC.
type scratch struct {
	arena  []byte
	source [][]byte
}

// recover tries to decode block sbn from the symbols held. Not enough of them is no error.
func (o *Object) recover(sbn fec.SBN, b *block) error {
	r := o.e.rec
	scheme, err := o.l.cfg.Registry.Scheme(&r.oti)
	if err != nil {
		return nil // cannot happen: checkOTI asked the same
	}
	variant, guessed := o.variantFor(scheme)
	decoder, err := scheme.NewDecoder(&r.oti, variant, b.k)
	if err != nil || !decoder.Ready(int(b.sources), len(b.repair)) {
		return nil
	}
	if !r.budget.TryReserve(o.arenaSize(b.k)) {
		return nil // the next symbol tries again
	}
	defer r.budget.Release(o.arenaSize(b.k))
	if err := o.load(sbn, b); err != nil {
		return o.storeFailed(err)
	}
	lost := b.lostSymbols()
	err = decoder.Recover(o.scratch.source, b.repair)
	if errors.Is(err, fec.ErrMoreSymbols) {
		return nil
	}
	if err != nil {
		o.emit(o.l.fail(o.e, event.FailOTI, err.Error()))
		return errStore
	}
	if guessed && len(b.repair) > len(lost) {
		// A symbol more than was needed: it tells the codes apart now.
		if v, ok := o.chooseBySurplus(scheme, b, lost); ok {
			o.detected(v, "surplus_symbol")
			variant, guessed = v, false
		}
	}
	if err := o.save(sbn, lost); err != nil {
		return o.storeFailed(err)
	}
	for _, esi := range lost {
		b.have.set(uint32(esi))
	}
	b.sources = b.k
	r.repaired += uint64(len(lost))
	if guessed {
		b.guess, b.lost = variant, lost
		r.guesses++
	}
	r.close(sbn, b)
	return nil
}

// variantFor returns the code to assume, and whether that is only a guess.
func (o *Object) variantFor(s fec.Scheme) (fec.Variant, bool) {
	variants := s.Variants()
	switch {
	case len(variants) < 2:
		return "", false
	case o.l.variant != "":
		return o.l.variant, false
	}
	return variants[0], true
}

// arenaSize returns the memory in bytes that load uses for a block of k source symbols.
func (o *Object) arenaSize(k uint32) uint64 { return uint64(k) * uint64(o.e.rec.oti.SymbolLength) }

// load reads the block's source symbols into scratch: a held one with its full length, zero padded; a lost one with
// length 0 and room for it.
func (o *Object) load(sbn fec.SBN, b *block) error {
	r := o.e.rec
	e := int(r.oti.SymbolLength)
	if size := int(b.k) * e; cap(o.scratch.arena) < size {
		o.scratch.arena = make([]byte, size)
	}
	arena := o.scratch.arena[:int(b.k)*e]
	off, n := r.part.Block(sbn)
	if _, err := r.buffer.ReadAt(arena[:n], int64(off)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	clear(arena[n:])
	o.scratch.source = o.scratch.source[:0]
	for i := range int(b.k) {
		symbol := arena[i*e : (i+1)*e : (i+1)*e]
		if !b.have.has(uint32(i)) {
			symbol = symbol[:0]
		}
		o.scratch.source = append(o.scratch.source, symbol)
	}
	return nil
}

// save writes the symbols lost from scratch to the object.
func (o *Object) save(sbn fec.SBN, lost []fec.ESI) error {
	r := o.e.rec
	for _, esi := range lost {
		off, n := r.part.Symbol(sbn, esi)
		if _, err := r.buffer.WriteAt(o.scratch.source[esi][:n], int64(off)); err != nil {
			return err
		}
	}
	return nil
}

// lostSymbols lists the source symbols that the block does not hold.
func (b *block) lostSymbols() []fec.ESI {
	lost := make([]fec.ESI, 0, b.k-b.sources)
	for i := range b.k {
		if !b.have.has(i) {
			lost = append(lost, fec.ESI(i))
		}
	}
	return lost
}

// chooseBySurplus decodes the block with each code and keeps the one whose repair symbols all agree; scratch then holds
// the result of that one. ok is false when none or several agree; scratch then holds the result of the first code.
func (o *Object) chooseBySurplus(s fec.Scheme, b *block, lost []fec.ESI) (fec.Variant, bool) {
	var agreeing []fec.Variant
	for _, v := range s.Variants() {
		if d := o.decodeAs(s, v, b, lost); d != nil && agrees(d, o.scratch.source, b.repair) {
			agreeing = append(agreeing, v)
		}
	}
	choice, ok := s.Variants()[0], false
	if len(agreeing) == 1 {
		choice, ok = agreeing[0], true
	}
	o.decodeAs(s, choice, b, lost)
	return choice, ok
}

// decodeAs recovers the lost symbols in scratch with the code v. It returns nil when that is not possible.
func (o *Object) decodeAs(s fec.Scheme, v fec.Variant, b *block, lost []fec.ESI) fec.Decoder {
	d, err := s.NewDecoder(&o.e.rec.oti, v, b.k)
	if err != nil {
		return nil
	}
	for _, esi := range lost {
		o.scratch.source[esi] = o.scratch.source[esi][:0]
	}
	if d.Recover(o.scratch.source, b.repair) != nil {
		return nil
	}
	return d
}

func agrees(d fec.Decoder, source [][]byte, repair []fec.Symbol) bool {
	for _, s := range repair {
		if !d.Matches(source, s) {
			return false
		}
	}
	return true
}

// prove uses a repair symbol of a complete block to find out which code the sender uses, once per session.
func (o *Object) prove(sbn fec.SBN, esi fec.ESI, k uint32, symbol []byte) {
	r := o.e.rec
	if o.l.variant != "" || o.l.probes >= maxProbes {
		return
	}
	o.l.probes++
	scheme, err := o.l.cfg.Registry.Scheme(&r.oti)
	if err != nil || len(scheme.Variants()) < 2 || !r.budget.TryReserve(o.arenaSize(k)) {
		return
	}
	defer r.budget.Release(o.arenaSize(k))
	surplus := fec.Symbol{ESI: esi, Data: symbol}
	b := r.blocks[sbn]
	if b != nil && b.lost != nil { // recovered under a guess: decide with one symbol more
		if _, known := b.seen[esi]; known {
			return
		}
		o.settle(scheme, sbn, b, surplus)
		return
	}
	whole := block{k: k, have: fullBitmap(k), sources: k}
	if o.load(sbn, &whole) != nil {
		return
	}
	var match []fec.Variant
	for _, v := range scheme.Variants() {
		if d, err := scheme.NewDecoder(&r.oti, v, k); err == nil && d.Matches(o.scratch.source, surplus) {
			match = append(match, v)
		}
	}
	if len(match) == 1 {
		o.detected(match[0], "surplus_symbol")
		_ = o.recode(scheme, match[0])
	}
}

// settle decides the code with a surplus symbol for block b, which was recovered under a guess.
func (o *Object) settle(scheme fec.Scheme, sbn fec.SBN, b *block, surplus fec.Symbol) {
	held := *b
	held.have = fullBitmap(b.k)
	for _, esi := range b.lost {
		held.have[esi/64] &^= 1 << (esi % 64)
	}
	held.repair = append(b.repair[:len(b.repair):len(b.repair)], surplus)
	if o.load(sbn, &held) != nil {
		return
	}
	if v, ok := o.chooseBySurplus(scheme, &held, b.lost); ok {
		o.detected(v, "surplus_symbol")
		if err := o.recode(scheme, v); err != nil {
			_ = o.storeFailed(err)
		}
	}
}

// recode makes every block that was recovered under a guess hold what the code v says, and forgets the guesses.
func (o *Object) recode(scheme fec.Scheme, v fec.Variant) error {
	r := o.e.rec
	for sbn, b := range r.blocks {
		if b.lost == nil {
			continue
		}
		if b.guess != v {
			if err := o.redo(scheme, v, sbn, b); err != nil {
				return err
			}
		}
		b.lost = nil
		r.guesses--
		r.forget(sbn, b)
	}
	return nil
}

// redo decodes block b again with the code v.
func (o *Object) redo(scheme fec.Scheme, v fec.Variant, sbn fec.SBN, b *block) error {
	for _, esi := range b.lost {
		b.have[esi/64] &^= 1 << (esi % 64)
	}
	err := o.load(sbn, b)
	for _, esi := range b.lost {
		b.have.set(uint32(esi))
	}
	if err != nil {
		return err
	}
	if o.decodeAs(scheme, v, b, b.lost) == nil {
		return nil // this code cannot do it: the digest will say so
	}
	b.guess = v
	return o.save(sbn, b.lost)
}

// detected remembers the code for the whole session.
func (o *Object) detected(v fec.Variant, by string) {
	o.l.variant = v
	o.emit(event.MatrixDetected{Session: o.l.key, Matrix: string(v), By: by})
}

func (o *Object) storeFailed(err error) error {
	o.emit(o.l.fail(o.e, failReason(err), err.Error()))
	return errStore
}

func fullBitmap(k uint32) bitmap {
	b := make(bitmap, (k+63)/64)
	for i := range b {
		b[i] = ^uint64(0)
	}
	if k%64 != 0 {
		b[len(b)-1] = 1<<(k%64) - 1
	}
	return b
}
