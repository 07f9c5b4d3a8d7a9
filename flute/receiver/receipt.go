package receiver

import (
	"sync"

	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/store"
)

// receipt is what an FDT Instance is received in: an object of a ledger of its own, whose store is memory. Whoever
// forges FDT Instances makes one with each packet, so that they are used again.
type receipt struct {
	object Object
	entry  entry
	ledger Ledger
	share  store.Share
	memory memory
	lent   bool // a Work knows it: it is not used again
}

// receiptOverhead is charged for an FDT Instance while it is received, besides instanceOverhead and what has come of
// it: receipt, and what an object with one symbol holds.
const receiptOverhead = 5 << 10

// receiptPool has those that may be used again, by all sessions that share a Config.
type receiptPool struct{ sync.Pool }

// get returns a receipt without content.
func (p *receiptPool) get() *receipt {
	if a, ok := p.Get().(*receipt); ok {
		return a
	}
	return &receipt{}
}

// receive prepares for the packets of in, one of those that are received. It reports whether there is memory for that.
func (l *Ledger) receive(in *instance) bool {
	if !l.prepare(in) {
		return false
	}
	l.arrive(in)
	return true
}

// prepare makes the memory for the packets of in, if there is any.
func (l *Ledger) prepare(in *instance) bool {
	if !l.listings.TryReserve(receiptOverhead) {
		return false
	}
	a := l.cfg.receipts.get()
	a.memory = memory{budget: l.listings, limit: l.cfg.fdtLimit(), cost: receiptOverhead}
	a.share = store.Share{All: l.listings, Small: l.listings}
	// What is found out while it is received concerns it alone, until it was read. What FEC adds to the bytes, and the
	// packets kept because EXT_FTI is missing, stay within a few times the limit.
	d := &a.ledger
	d.key, d.opened, d.cfg, d.share, d.store = l.key, true, l.cfg.forFDT, &a.share, &a.memory
	d.undescribed.budget = store.NewBudget(4*d.cfg.MaxObjectSize, l.listings)
	d.sender = assembly.Sender{
		Source: l.sender.Source, Variant: l.sender.Variant, Inline: true, Arenas: l.sender.Arenas,
		Labour: l.sender.Labour,
	}
	a.object.l, a.object.e = d, &a.entry
	in.receipt, in.object = a, &a.object
	return true
}

// end frees what is held of the FDT Instance, and what it lies in.
func (a *receipt) end() {
	a.ledger.drop(&a.entry, true)
	_ = a.memory.Discard()
	if a.lent {
		return
	}
	pool := a.ledger.cfg.receipts
	*a = receipt{}
	pool.Put(a)
}

// configForFDT returns the Config of the ledgers that FDT Instances are received with.
func (c *Config) configForFDT() *Config {
	own := *c
	own.ROUTE = false // an extended FDT Instance comes as one of FLUTE, see efdt.go
	own.MaxObjectSize = uint64(c.fdtLimit())
	return &own
}
