package session

import (
	"fmt"
	"slices"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/crew"
)

// Ledger is what Sessions and its children must not lose in a crash: which sessions there are, and what each of them
// runs on. The node makes it once. Readers and the node add to it; all else belongs to Sessions.
type Ledger struct {
	mu      sync.Mutex
	entries []*entry // in order of their beginning, until the session is over
	named   int
	drains  []draining // belong to Sessions
	crew    *crew.Crew // runs their actors
}

// entry is one session in the Ledger, receiving or sending. After Add it belongs to Sessions.
type entry struct {
	name      string           // of the actor
	inbox     *receiving.Inbox // nil: a sending session
	receiving *receiving.Ledger
	sending   *sending.Ledger
	loop      *actors.Loop // of the actor; nil: there is none
}

// draining is a Drain that was not answered yet.
type draining struct {
	reception uint64 // 0: all
	replyTo   *actor.PID
}

// NewLedger returns an empty Ledger of sessions that the goroutines of c run; nil: each has one of its own.
func NewLedger(c *crew.Crew) *Ledger { return &Ledger{crew: c} }

// Receive registers an Inbox, before Open is sent for it: should the message be lost, Sessions finds it here.
func (l *Ledger) Receive(in *receiving.Inbox) {
	l.add("tsi", in.Key.TSI, &entry{inbox: in})
}

// Send registers a sending session, before Start is sent for it. It returns the name of its actor below Sessions.
func (l *Ledger) Send(s *sending.Ledger) (name string) {
	return l.add("send", s.Key().TSI, &entry{sending: s})
}

func (l *Ledger) add(kind string, tsi flute.TSI, e *entry) (name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.named++
	e.name = fmt.Sprintf("%s-%d-%d", kind, tsi, l.named)
	l.entries = append(l.entries, e)
	return e.name
}

// Running is a session that has not ended.
type Running struct {
	Name      string // of its actor, below Sessions
	Key       flute.SessionKey
	Reception uint64 // 0: it sends
	Waiting   int    // messages in the mailbox of its actor
}

// Sessions returns up to limit sessions, the oldest first, and how many there are.
func (l *Ledger) Sessions(limit int) (list []Running, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries[:min(limit, len(l.entries))] {
		r := Running{Name: e.name}
		if e.inbox != nil {
			r.Key, r.Reception, r.Waiting = e.inbox.Key, e.inbox.Reception.ID, e.inbox.Waiting()
		} else {
			r.Key, r.Waiting = e.sending.Key(), e.sending.Waiting()
		}
		list = append(list, r)
	}
	return list, len(l.entries)
}

// Close frees what sessions hold that were not ended in order, once no actor and no reader is left.
func (l *Ledger) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	run := func(w lanes.Work) { w.Run(nil) }
	for _, e := range l.entries {
		e.stopLoop()
		if e.inbox != nil {
			e.inbox.Discard()
			if e.receiving != nil {
				e.receiving.Finish(e.inbox, "node stopped", run)
			}
		} else {
			e.sending.Finish("node stopped", nil, run)
			e.sending.Settle()
		}
	}
	l.entries = nil
}

func (l *Ledger) remove(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.inbox != nil {
		e.inbox.Forget()
	}
	l.entries = slices.DeleteFunc(l.entries, func(o *entry) bool { return o == e })
}

// list returns all sessions, in order.
func (l *Ledger) list() []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// find returns the entry of an Inbox or of a sending session; nil: it is over.
func (l *Ledger) find(in *receiving.Inbox, s *sending.Ledger) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range slices.Backward(l.entries) {
		if in != nil && e.inbox == in || s != nil && e.sending == s {
			return e
		}
	}
	return nil
}

// isDrained reports whether no session of a Reception is left, or none at all for 0.
func (l *Ledger) isDrained(reception uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(l.entries, func(e *entry) bool { return e.isOf(reception) })
}

// isOf reports whether the session is one of a Reception; all are of 0.
func (e *entry) isOf(reception uint64) bool {
	return reception == 0 || e.inbox != nil && e.inbox.Reception.ID == reception
}

// end tells the session to end, and why: an actor that has crashed, or that is not there yet, finds it when it starts.
func (e *entry) end(reason string) {
	if e.inbox != nil {
		e.inbox.End(reason)
	} else {
		e.sending.End(reason)
	}
}

// startLoop gives the session a Loop. Sessions may have crashed before it ended the one before.
func (e *entry) startLoop(c *crew.Crew) *actors.Loop {
	e.stopLoop()
	e.loop = actors.NewLoop(c)
	return e.loop
}

func (e *entry) stopLoop() {
	if e.loop != nil {
		e.loop.Stop()
		e.loop = nil
	}
}

// finish ends the session for good, and returns the last events. reason says why it was given up, if it was. What is
// left to be freed goes to run.
func (e *entry) finish(reason string, run func(lanes.Work)) []event.Event {
	if e.inbox != nil {
		return e.receiving.Finish(e.inbox, reason, run)
	}
	return e.sending.Finish("given up: "+reason, fmt.Errorf("session: given up: %s", reason), run)
}
