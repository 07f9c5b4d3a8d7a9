package object

import (
	"sync"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// Message is what an object takes.
//
//sumtype:decl
type Message interface {
	// kind is the stable name of the message, for actors.Faults.
	kind() string
}

// Packets is sent by the session: packets of this TOI in the order of their arrival. Data queue. It is a buffer that
// changes hands: whoever has it owns it.
type Packets struct {
	Packets []alc.Packet // views into what Owner holds
	Owner   Owner
	bytes   int
	done    int // packets that the object has handled
	free    *FreeList
}

// Owner is the memory behind packets; Packets holds one reference to it.
type Owner interface{ Release() }

// Describe is sent by the session, once an FDT Instance describes the object, also after every restart.
type Describe struct{}

// WorkDone is sent by the session when a Work has run and lies in the Ledger.
type WorkDone struct{}

// Cancel is sent by the session to end the object, in any state.
type Cancel struct {
	Reason event.FailReason
	Detail string
}

// Reported is what an object emits, to its session: there are Reports in the Ledger.
type Reported struct{}

func (*Packets) kind() string { return "packets" }
func (Describe) kind() string { return "describe" }
func (WorkDone) kind() string { return "work_done" }
func (Cancel) kind() string   { return "cancel" }

// FreeList holds Packets for reuse. It is safe for concurrent use.
type FreeList struct {
	mu   sync.Mutex
	list []*Packets
}

// maxFree bounds a FreeList: a session has few batches under way, since its objects run at once.
const maxFree = 16

// Get returns empty Packets over owner. The caller has retained owner for it.
func (f *FreeList) Get(owner Owner) *Packets {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.list)
	if n == 0 {
		return &Packets{Owner: owner, free: f}
	}
	p := f.list[n-1]
	f.list = f.list[:n-1]
	p.Owner = owner
	return p
}

// Add appends a packet that takes n bytes of the datagram.
func (p *Packets) Add(packet alc.Packet, n int) {
	p.Packets = append(p.Packets, packet)
	p.bytes += n
}

// Left returns how many packets were not handled.
func (p *Packets) Left() int { return len(p.Packets) - p.done }

// Bytes implements actors.Data.
func (p *Packets) Bytes() int { return p.bytes }

// Release implements actors.Data.
func (p *Packets) Release() {
	p.Owner.Release()
	p.Owner, p.Packets, p.bytes, p.done = nil, p.Packets[:0], 0, 0
	p.free.mu.Lock()
	defer p.free.mu.Unlock()
	if len(p.free.list) < maxFree {
		p.free.list = append(p.free.list, p)
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
