package hub

import (
	"github.com/flute-node/flute-node/actors/notice"
)

// message is what the hub takes. It emits nothing but events to subscriptions.
//
//sumtype:decl
type message interface {
	// kind is the stable name of the message, for inject.Faults.
	kind() string
}

// Publish is sent by sessions, sockets and the node, in any state; every subscription whose filter takes the event gets
// it.
type Publish struct{ Event notice.Event }

// Unsubscribe is sent by the node; the subscription's channel is closed after what was published before.
type Unsubscribe struct{ Subscription *Subscription }

// Flush is sent by the node before it stops the hub: a Stop would overtake what is queued. Answered with Flushed.
type Flush struct{}

// Flushed answers Flush: every subscription has been offered what was published before.
type Flushed struct{}

func (Publish) kind() string     { return "publish" }
func (Flush) kind() string       { return "flush" }
func (Unsubscribe) kind() string { return "unsubscribe" }

// kindOf names what the hub takes.
func kindOf(m any) string {
	if m, ok := m.(message); ok {
		return m.kind()
	}
	return ""
}
