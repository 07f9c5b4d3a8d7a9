package object

import (
	"time"

	"github.com/flute-node/flute-node/flute/receiver"
)

// Put is sent by the session: bytes or symbols of the object that came another way than in packets. Data queue. It is
// shared with the session, which finds the answer in it; a report follows.
type Put struct {
	Offset  uint64 // of the bytes
	Data    []byte // nothing of it is kept
	Symbols bool   // Data is a FEC Payload ID and encoding symbols, not bytes

	Handled bool   // what follows is the answer
	Taken   int    // bytes of Data that need not be put again
	Again   bool   // the others are worth another try soon
	Unit    uint64 // bytes that may have to be put at once; 0: not known
	Err     error

	gone bool
}

func (*Put) kind() string { return "put" }

// Gone reports whether the object has done with it: it was handled, or lost in a crash.
func (p *Put) Gone() bool { return p.gone }

// Bytes implements actors.Data.
func (p *Put) Bytes() int { return len(p.Data) }

// Release implements actors.Data.
func (p *Put) Release() { p.Data, p.gone = nil, true }

// IgnoreDeadLetterLogging implements actors.Data.
func (p *Put) IgnoreDeadLetterLogging() {}

// handle puts what there is.
func (p *Put) handle(now time.Time, o *receiver.Object) {
	if p.Symbols {
		p.Again, p.Err = o.PutSymbols(now, p.Data)
		if !p.Again && p.Err == nil {
			p.Taken = len(p.Data)
		}
	} else {
		p.Taken, p.Again, p.Err = o.Put(now, p.Offset, p.Data)
	}
	p.Unit, p.Handled = o.PutUnit(), true
}
