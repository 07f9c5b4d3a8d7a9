package receiving

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// Put is sent by the node, in any state: bytes or symbols of an object that came another way than in packets. It may be
// sent twice. Answered with [PutDone], or not at all if the session crashes meanwhile.
type Put struct {
	TOI     flute.TOI
	Offset  uint64 // of the bytes in the object as it is transferred
	Data    []byte // not to be changed any more
	Symbols bool   // Data is a FEC Payload ID and encoding symbols, not bytes
	Ranges  int    // of what the object lacks then, at most
}

// PutDone answers Put.
type PutDone struct {
	Found bool // there is such an object; else the other fields are empty
	State event.ObjectState
	Taken int    // bytes of Data that need not be put again
	Again bool   // the others are worth another try soon
	Unit  uint64 // bytes that may have to be put at once; 0: not known
	Err   error  // why no more can be put
}

func (Put) kind() string { return "put" }

// asked is a Put that an object has not answered yet.
type asked struct {
	from *actor.PID
	put  Put
	to   *object.Put
}

// put hands what is put to the object's actor. That answers at once, or when it comes to it.
func (s *session) put(ctx actor.Context, m Put) {
	state, found := s.ledger.core.State(m.TOI, m.Ranges)
	switch {
	case !found:
		ctx.Respond(PutDone{})
	case s.core.IsShort(): // as packets wait then
		ctx.Respond(PutDone{Found: true, State: state, Again: true})
	default:
		p := &object.Put{Offset: m.Offset, Data: m.Data, Symbols: m.Symbols}
		s.puts = append(s.puts, asked{ctx.Sender(), m, p})
		s.child(ctx, m.TOI).mailbox.Deliver(p)
	}
}

// answerPuts answers what objects have done with what was put. One that crashed has done nothing with it.
func (s *session) answerPuts(ctx actor.Context) {
	s.puts = slices.DeleteFunc(s.puts, func(a asked) bool {
		if a.to.Gone() {
			ctx.Send(a.from, s.putDone(a))
		}
		return a.to.Gone()
	})
}

func (s *session) putDone(a asked) PutDone {
	state, found := s.ledger.core.State(a.put.TOI, a.put.Ranges)
	switch {
	case !found:
		return PutDone{}
	case !a.to.Handled:
		return PutDone{Found: true, State: state, Again: true}
	}
	return PutDone{
		Found: true, State: state, Taken: a.to.Taken, Again: a.to.Again, Unit: a.to.Unit, Err: a.to.Err,
	}
}
