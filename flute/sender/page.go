package sender

import (
	"bytes"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// page is a part of the session's files, in order of addition, that one FDT Instance describes: bounded, so that a
// receiver need not have all of a long list to know a part of it. When a page changes, the next FDT Instance replaces
// its one.
type page struct {
	instance
	objects []*object // those that are gone leave with the next FDT Instance
	size    tally     // of those that are not gone
	live    int       // of them, with packets to come
	stale   bool      // the FDT Instance does not tell the truth
	wrong   bool      // the page is in plan.wrong
	gone    bool      // the page is forgotten
	turn    bool      // it has a turn in plan.rotation
	rounds  int       // complete transmissions of its FDT Instances
	ended   int       // rounds that do not count, since one of its objects ended later
	starts  uint64    // transmissions of its FDT Instances that were begun
	final   uint64    // files that had been added when one of them began after the last of all files
	bytes   uint64    // plan.fileBytes when the FDT Instance was made
	// fresh is how many objects came since then, some of which may be gone, and freshBytes what their transfers take.
	fresh      int
	freshBytes uint64
}

// instance is an FDT Instance. The zero value is none.
type instance struct {
	id       flute.InstanceID
	number   uint64 // counted from 1 in the session; 0: there is none
	coding   coding
	headers  headers
	document *bytes.Reader
	xml      []byte // before content encoding
	created  time.Time
	expires  time.Time
	complete bool      // it says Complete
	full     bool      // it says FullFDT
	began    time.Time // of the latest transmission
	sent     int       // complete transmissions
}

// turn is the place of a page in the rotation. It is void when the page has been sent since.
type turn struct {
	page   *page
	starts uint64
}

// rootBytes is what an FDT Instance has besides its File entries at most: the root element with its namespaces.
const rootBytes = 1 << 10

// fits reports whether p has room for one object more.
func (p *page) fits(cfg *Config, o *object) bool {
	return len(p.objects) == 0 || p.size.objects < cfg.FDTFiles && p.size.bytes+o.room+rootBytes <= cfg.FDTBytes
}

// add puts o on the page.
func (p *page) add(o *object) {
	o.page = p
	p.objects = append(p.objects, o)
	p.size.add(o)
	p.fresh++
	p.freshBytes += o.transferLength
	p.live++
	p.stale = true
}

// end notes that no packets of o are to come; o has its final state.
func (p *page) end(o *object, sending bool) {
	p.live--
	if o.state == gone {
		p.leave(o)
		return
	}
	p.rest(o, sending)
	p.ended = o.round
}

// rest notes that no packets of o are to come for now.
func (p *page) rest(o *object, sending bool) {
	o.round = p.rounds
	if sending { // half of this transmission may have been before
		o.round++
	}
}

// unsettled returns how many objects are still to be described.
func (p *page) unsettled(cfg *Config) (n int) {
	for _, o := range p.objects {
		if o.state != gone && !p.settled(cfg, o) {
			n++
		}
	}
	return n
}

// leave notes that o is gone.
func (p *page) leave(o *object) {
	p.size.drop(o)
	p.stale = p.stale || o.listed == p.number
}

// settled reports whether the description of o was sent often enough after its last packet.
func (p *page) settled(cfg *Config, o *object) bool {
	return (o.state == finished || o.resting) && p.rounds-o.round >= cfg.FDTTransfers
}

// compact drops the objects that are gone and, of those that are settled, the oldest as long as their descriptions take
// more than spare bytes; the newest of all only if they leave promptly, since an FDT Instance cannot be empty. drop is
// called for each.
func (p *page) compact(cfg *Config, spare int, drop func(*object)) {
	over := -spare
	for _, o := range p.objects {
		if p.settled(cfg, o) {
			over += o.room
		}
	}
	kept := p.objects[:0]
	for i, o := range p.objects {
		switch {
		case o.state == gone:
			drop(o)
		case over > 0 && (i < len(p.objects)-1 || cfg.prompt()) && p.settled(cfg, o):
			over -= o.room
			p.size.drop(o)
			drop(o)
		default:
			kept = append(kept, o)
		}
	}
	clear(p.objects[len(kept):])
	p.objects = kept
}
