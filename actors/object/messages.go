package object

import (
	"slices"
	"sync"

	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/reuse"
)

// Message is what an object takes.
//
//sumtype:decl
type Message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// Packets is sent by the session: packets of this TOI in the order of their arrival. Data queue. It is a buffer that
// changes hands: whoever has it owns it.
type Packets struct {
	packets []receiver.Packet // views into what owner holds
	owner   owner
	bytes   int
	done    int // packets that the object has handled
	free    *FreeList
}

// owner is the memory behind packets; Packets holds one reference to it.
type owner interface{ Release() }

// Describe is sent by the session, once an FDT Instance describes the object, also after every restart.
type Describe struct{}

// WorkDone is sent by the session when a Work has run and lies in the Ledger.
type WorkDone struct{}

// Reported is what an object emits, to its session: there are reports in the Ledger. A report follows each WorkDone.
// What an object that is attended reports, its session sees at the end of its own turn.
type Reported struct{}

func (*Packets) kind() string { return "packets" }
func (Describe) kind() string { return "describe" }
func (WorkDone) kind() string { return "work_done" }

// FreeList holds Packets for reuse. It is safe for concurrent use.
type FreeList struct{ list reuse.List[Packets] }

// maxFree bounds a FreeList: a session has few batches under way, since its objects run at once.
const maxFree = 16

// spare has what does not go into a FreeList: a read of short objects brings hundreds of them. The collector of garbage
// empties it.
var spare = sync.Pool{New: func() any { return new(Packets) }}

// Get returns empty Packets over a slab. The caller has retained it for them.
func (f *FreeList) Get(o owner) *Packets {
	p := f.list.Get()
	if p == nil {
		p = spare.Get().(*Packets)
	}
	p.owner, p.free = o, f
	return p
}

// Add appends a packet that takes n bytes of the datagram.
func (p *Packets) Add(packet *receiver.Packet, n int) {
	p.packets = append(p.packets, *packet)
	p.bytes += n
}

// Place returns where the next packet may be made: [Packets.AddPlaced] adds it then, without a copy. A packet is large.
func (p *Packets) Place() *receiver.Packet {
	n := len(p.packets)
	p.packets = slices.Grow(p.packets, 1)
	return &p.packets[:n+1][n]
}

// AddPlaced appends the packet in its place, which takes n bytes of the datagram.
func (p *Packets) AddPlaced(n int) {
	p.packets = p.packets[:len(p.packets)+1]
	p.bytes += n
}

// Unhandled returns how many packets of each feed the object has not handled.
func (p *Packets) Unhandled() (n [defaults.MaxFeeds]int) {
	for i := range p.packets[p.done:] {
		n[p.packets[p.done+i].Feed()]++
	}
	return n
}

// Bytes implements actors.Data.
func (p *Packets) Bytes() int { return p.bytes }

// Release implements actors.Data.
func (p *Packets) Release() {
	p.owner.Release()
	// Views keep a slab in memory that was given up, also those of a packet that was made in its place and not added.
	clear(p.packets[:min(len(p.packets)+1, cap(p.packets))])
	p.owner, p.packets, p.bytes, p.done = nil, p.packets[:0], 0, 0
	if !p.free.list.Put(p, maxFree) {
		p.free = nil
		spare.Put(p)
	}
}

// IgnoreDeadLetterLogging implements actors.Data.
func (p *Packets) IgnoreDeadLetterLogging() {}

// kindOf names what an object takes.
func kindOf(m any) string {
	if m, ok := m.(Message); ok {
		return m.kind()
	}
	return ""
}
