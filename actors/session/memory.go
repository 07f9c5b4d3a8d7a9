package session

import (
	"fmt"
	"slices"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// Memory is what Sessions and its children must not lose in a crash: which sessions there are, and what each of them
// runs on. The node makes it once. Readers add to it; all else belongs to Sessions.
type Memory struct {
	mu       sync.Mutex
	inboxes  []*Inbox // in order of their first datagram, until their session is over
	outgoing []*outgoing
	named    int
	drain    *draining
}

// draining is a Drain that was not answered yet.
type draining struct {
	reason  string
	replyTo *actor.PID
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{} }

// Add registers an Inbox, before Open is sent for it: should the message be lost, Sessions finds it here.
func (m *Memory) Add(in *Inbox) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.named++
	in.name = fmt.Sprintf("tsi-%d-%d", in.Key.TSI, m.named)
	m.inboxes = append(m.inboxes, in)
}

// Close frees what sessions hold that were not ended in order, once no actor and no reader is left.
func (m *Memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, in := range m.inboxes {
		in.loop.end()
		in.mailbox.Close()
	}
	for _, out := range m.outgoing {
		out.loop.end()
		out.close("node stopped", nil)
		out.Outcome.End(out.cause)
	}
	m.inboxes, m.outgoing = nil, nil
}

func (m *Memory) addOutgoing(out *outgoing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.named++
	out.name = fmt.Sprintf("send-%d-%d", out.Key.TSI, m.named)
	m.outgoing = append(m.outgoing, out)
}

func (m *Memory) remove(in *Inbox, out *outgoing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in != nil {
		in.gone.Store(true)
	}
	m.inboxes = slices.DeleteFunc(m.inboxes, func(o *Inbox) bool { return o == in })
	m.outgoing = slices.DeleteFunc(m.outgoing, func(o *outgoing) bool { return o == out })
}

// list returns all sessions, in order.
func (m *Memory) list() ([]*Inbox, []*outgoing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.inboxes), slices.Clone(m.outgoing)
}

func (m *Memory) has(in *Inbox) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.inboxes, in)
}

func (m *Memory) isEmpty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.inboxes) == 0 && len(m.outgoing) == 0
}
