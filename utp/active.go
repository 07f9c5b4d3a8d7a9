package utp

import (
	"context"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/utp/channel"
)

// Mode says how many Data messages a Controller may get: a number of them, or all.
type Mode int

// The modes.
const (
	Passive Mode = 0  // none: the user calls Read
	Once    Mode = 1  // one
	Always  Mode = -1 // all; what a controller does not handle in time waits in its queue
)

// Message is what a Controller gets.
//
//sumtype:decl
type Message interface{ isMessage() }

// Data is bytes that have come. They belong to who gets them.
type Data struct {
	Conn  *Conn
	Bytes []byte
}

// BecamePassive says that as many Data messages were sent as SetMode allows: no more follow until it is called again.
type BecamePassive struct{ Conn *Conn }

// HalfClosed says that the peer sends nothing more.
type HalfClosed struct{ Conn *Conn }

// Closed is the last message. Err is nil if both ends have got all bytes.
type Closed struct {
	Conn *Conn
	Err  error
}

func (Data) isMessage()          {}
func (BecamePassive) isMessage() {}
func (HalfClosed) isMessage()    {}
func (Closed) isMessage()        {}

// Controller is who gets the messages of a connection in active mode, and owns it: ToActor and ToChan make one.
type Controller struct {
	pid  *actor.PID
	to   chan<- Message
	ends context.Context
}

// ToActor returns a Controller that sends Messages to an actor of the Stack's actor system. When the actor ends, its
// connections are closed.
func ToActor(pid *actor.PID) Controller { return Controller{pid: pid} }

// ToChan returns a Controller that sends Messages to a channel: as many as it has room for, and the rest when there is
// room. When ctx ends, the connection is closed.
func ToChan(ctx context.Context, to chan<- Message) Controller { return Controller{to: to, ends: ctx} }

// control is a Controller at work for a connection: the channel.Controller.
type control struct {
	Controller
	conn *Conn

	mu    sync.Mutex
	left  Mode // Data messages
	owes  bool // BecamePassive, for which there was no room
	gone  bool // it controls the connection no longer
	unsub func() bool
}

// SetController hands the connection to a Controller, in a mode: Erlang's controlling_process. The one before gets
// nothing more. Read is not to be called before SetPassive.
func (c *Conn) SetController(to Controller, m Mode) {
	next := &control{Controller: to, conn: c, left: m}
	if to.ends != nil {
		next.unsub = context.AfterFunc(to.ends, func() {
			if !next.isGone() {
				c.closed.Store(true)
				c.channel.Wish(channel.Wishes{Close: true})
			}
		})
	}
	c.replace(next)
	c.channel.Control(next)
}

// SetPassive takes the connection back: its user calls Read.
func (c *Conn) SetPassive() {
	c.replace(nil)
	c.channel.Control(nil)
}

func (c *Conn) replace(next *control) {
	if before := c.control.Swap(next); before != nil {
		before.leave()
	}
}

// SetMode says how many Data messages the Controller may get from now on: Erlang's active.
func (c *Conn) SetMode(m Mode) {
	if k := c.control.Load(); k != nil {
		k.mu.Lock()
		k.left, k.owes = m, false
		k.mu.Unlock()
		c.channel.Wake()
	}
}

func (k *control) leave() {
	k.mu.Lock()
	k.gone = true
	k.mu.Unlock()
	if k.unsub != nil {
		k.unsub()
	}
}

func (k *control) isGone() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.gone
}

// send sends a message, if there is room for it.
func (k *control) send(m Message) bool {
	switch {
	case k.gone:
		return false
	case k.pid != nil:
		k.conn.socket.stack.system.Root().Send(k.pid, m)
		return true
	}
	select {
	case k.to <- m:
		return true
	default:
		return false
	}
}

// Mode implements channel.Controller.
func (k *control) Mode() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return int(k.left)
}

// Data implements channel.Controller.
func (k *control) Data(b []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.send(Data{k.conn, b}) {
		return false
	}
	if k.left > 0 {
		k.left--
		k.owes = k.left == 0
	}
	return true
}

// Settle implements channel.Controller.
func (k *control) Settle() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.owes {
		k.owes = !k.send(BecamePassive{k.conn})
	}
	return !k.owes || k.gone
}

// HalfClosed implements channel.Controller.
func (k *control) HalfClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.send(HalfClosed{k.conn})
}

// Closed implements channel.Controller.
func (k *control) Closed(err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		err = k.conn.fail("read", err)
	}
	return k.send(Closed{k.conn, err})
}

// PID implements channel.Controller.
func (k *control) PID() *actor.PID { return k.pid }
