package port

import (
	"net/netip"
	"sync"

	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/utp/core"
	"github.com/flute-node/flute-node/utp/wire"
)

// maxReports bounds the reports that wait for the actor: each packet to a peer that is gone makes one, and one of them
// is enough.
const maxReports = 256

// hearer is a Source that tells what ICMP says of datagrams that were sent. tell must not block.
type hearer interface {
	Hear(tell func(udp.Report)) error
}

// report is what ICMP says of a packet of ours.
type report struct {
	to      netip.AddrPort
	quoted  core.Quoted
	longest int // bytes of a datagram; 0: nobody listens
}

// reports are reports on their way from the Source to the actor. They are safe for concurrent use.
type reports struct {
	mu   sync.Mutex
	list []report
}

// add adds what is told of a packet of uTP, if there is room, and reports whether the actor is to be told of the first.
func (r *reports) add(u udp.Report) (first bool) {
	q, ok := core.ParseQuoted(u.Quoted)
	if !ok {
		return false
	}
	said := report{to: netip.AddrPortFrom(u.To.Addr().Unmap(), u.To.Port()), quoted: q}
	if !u.Refused {
		said.longest = max(1, u.Longest())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) == maxReports {
		return false
	}
	r.list = append(r.list, said)
	return len(r.list) == 1
}

func (r *reports) take() []report {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.list
	r.list = nil
	return list
}

// hear has the source tell what ICMP says, if it can.
func (p *Port) hear(source any) {
	if h, ok := source.(hearer); ok {
		// Without it, a peer that is gone is noticed by its silence.
		_ = h.Hear(func(u udp.Report) {
			if p.reports.add(u) {
				p.line.Mailbox.PostUserMessage(reported{})
			}
		})
	}
}

// reported hands reports to the connections that they are about.
func (p *portActor) reported() {
	for _, r := range p.reports.take() {
		k := channel.Key{Remote: r.to, ID: r.quoted.ID}
		c := p.table[k] // of our SYN
		if r.quoted.Type != wire.Syn {
			if c = p.sentBy(k, k.ID-1); c == nil {
				c = p.sentBy(k, k.ID+1)
			}
		}
		if c != nil {
			c.Report(r.quoted, r.longest)
		}
	}
}
