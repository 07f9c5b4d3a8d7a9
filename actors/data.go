package actors

import "github.com/asynkron/protoactor-go/actor"

// Data is a message of the data queue, usually a pooled pointer that holds references to buffers. See the package
// comment for who releases it.
type Data interface {
	// Bytes returns what the message counts against Limits.Bytes. It is asked once, when the message is posted.
	Bytes() int
	// Release gives the buffers back. It is called exactly once, from any goroutine, and must not panic.
	Release()
	// IgnoreDeadLetterLogging marks the message for protoactor, whose logging of dead letters starts goroutines.
	IgnoreDeadLetterLogging()
}

// Loss says why a Data message did not reach the end of a handler.
type Loss uint8

// The losses. Their String is stable.
const (
	LossFull   Loss = iota // the data queue was full
	LossClosed             // the actor was stopping, gone, or its Mailbox closed
	LossCrash              // the actor panicked while it handled the message
)

// String returns the stable name of the loss.
func (l Loss) String() string {
	switch l {
	case LossFull:
		return "full"
	case LossClosed:
		return "closed"
	case LossCrash:
		return "crash"
	}
	return "unknown"
}

// Limits bound the data queue of a Mailbox. A message is admitted when the queue holds nothing, or when it still fits:
// one message larger than Bytes cannot be stuck for ever.
type Limits struct {
	Bytes    int // sum of Data.Bytes, including the message in the handler; 0 means 16 MiB
	Messages int // messages queued; 0 means 1024
}

// The defaults of Limits: 16 MiB are 16 ms of a link of 8 Gbit/s, enough to bridge one garbage collection or one slow
// write; 1024 messages bound the cost of messages that are almost empty.
const (
	defaultBytes    = 16 << 20
	defaultMessages = 1024
)

func (l Limits) orDefault() Limits {
	if l.Bytes == 0 {
		l.Bytes = defaultBytes
	}
	if l.Messages == 0 {
		l.Messages = defaultMessages
	}
	return l
}

// dataOf returns the Data in a message.
func dataOf(msg any) (Data, bool) {
	d, ok := contentOf(msg).(Data)
	return d, ok
}

// contentOf returns a message without the envelope that protoactor may have put it into.
func contentOf(msg any) any {
	if env, ok := msg.(*actor.MessageEnvelope); ok {
		return env.Message
	}
	return msg
}
