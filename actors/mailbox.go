package actors

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/internal/ring"
)

// Mailbox is the queue of one actor: messages of the runtime first, then control, then Data within Limits. It
// implements actor.Mailbox, and is also a handle: a reader goroutine Offers to it without looking up a PID.
//
// A Mailbox belongs to one actor at a time, through all its restarts. When that actor has terminated the Mailbox
// refuses everything; spawning another actor with it, as a supervisor does that builds a child anew, opens it again.
// Posting before the actor is spawned queues.
//
// All methods are safe for concurrent use, except Deliver as it says.
type Mailbox struct {
	limits Limits
	onLoss func(Data, Loss)
	run    func() // m.process, bound once so that scheduling does not allocate

	mu        sync.Mutex
	invoker   actor.MessageInvoker
	disp      actor.Dispatcher
	system    ring.Queue[entry]
	control   ring.Queue[entry]
	data      ring.Queue[entry]
	scheduled bool // process runs, or is queued in the dispatcher
	started   bool // Started has reached the actor; before, it could only ignore user messages
	suspended bool // a failure waits for the decision of the supervisor
	holding   bool // Data waits for Hold(false)
	closed    bool // user messages are refused; until RegisterHandlers
	stopped   bool // the actor has handled Stopped; until the next actor takes over
	watches   []any

	// Owned by the goroutine that runs process.
	asked   bool // Stop has arrived
	leaving bool // Stop has reached the actor; a late Restart must not revive it

	loop atomic.Pointer[Loop] // disp when it is a Loop; stored under mu
	held atomic.Int64         // bytes of Data queued or in the handler; added under mu
}

var _ actor.Mailbox = (*Mailbox)(nil)

// entry is a queued message; data and size are set in the data queue only.
type entry struct {
	msg  any
	data Data
	size int
}

// urgent is a control message that waits among the messages of the runtime, before all others of the user. A supervisor
// tells its parent by one that it gives up a child: before the child's Terminated.
type urgent interface{ IsUrgent() }

// NewMailbox returns an empty Mailbox. onLoss, when not nil, is shown every Data message that is lost, right before its
// Release. It runs on whatever goroutine found the loss, must be safe for concurrent use and quick, and must not post
// to the same Mailbox.
func NewMailbox(l Limits, onLoss func(Data, Loss)) *Mailbox {
	m := &Mailbox{limits: l.orDefault(), onLoss: onLoss}
	m.run = m.process
	return m
}

// Offer posts d and reports whether it was queued; if not, it is shown as lost and released. It never blocks. With a
// Loop it does not allocate once the queue has grown.
func (m *Mailbox) Offer(d Data) bool {
	return m.postData(d, d)
}

// Deliver posts d like Offer, and runs the actor at once on the goroutine of the caller when it is idle. It is for the
// actor that shares a Loop with the receiver, while it handles a message of its own. When something is already queued
// for the receiver, d waits in its turn.
func (m *Mailbox) Deliver(d Data) bool {
	m.mu.Lock()
	if why, ok := m.admit(d, d); !ok {
		m.mu.Unlock()
		m.lose(d, why)
		return false
	}
	_, first := m.claim()
	m.mu.Unlock()
	if first {
		m.process()
	}
	return true
}

// Tell is Deliver for a control message. It comes before Data that is queued; a closed Mailbox drops it.
func (m *Mailbox) Tell(msg any) {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	m.control.Push(entry{msg: msg})
	_, first := m.claim()
	m.mu.Unlock()
	if first {
		m.process()
	}
}

// PostUserMessage puts msg into the queue that it belongs to.
func (m *Mailbox) PostUserMessage(msg any) {
	if d, ok := dataOf(msg); ok {
		m.postData(msg, d)
		return
	}
	u, isUrgent := contentOf(msg).(urgent)
	m.mu.Lock()
	switch {
	case m.closed:
		m.mu.Unlock()
		return
	case isUrgent:
		m.system.Push(entry{msg: u})
	default:
		m.control.Push(entry{msg: msg})
	}
	m.schedule()
}

// PostSystemMessage queues a message of the runtime.
func (m *Mailbox) PostSystemMessage(msg any) {
	m.mu.Lock()
	m.system.Push(entry{msg: msg})
	m.schedule()
}

// Hold keeps the Data that waits, and that comes, from the actor until Hold(false). All other messages reach it. It is
// the actor's to call; the next actor begins without.
func (m *Mailbox) Hold(hold bool) {
	m.mu.Lock()
	if m.holding == hold {
		m.mu.Unlock()
		return
	}
	m.holding = hold
	m.schedule()
}

// RegisterHandlers connects the Mailbox to an actor that is being spawned.
func (m *Mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.disp = dispatcher
	loop, _ := dispatcher.(*Loop)
	m.loop.Store(loop)
	m.closed, m.started, m.holding = false, false, false
	if m.invoker == nil {
		m.invoker = invoker
		return
	}
	// The last messages of the actor before may still be queued, and are still its own.
	m.system.Push(entry{msg: attach{invoker}})
}

// attach stands in the system queue where a new actor takes over.
type attach struct{ invoker actor.MessageInvoker }

// Start does nothing: the first message starts the actor.
func (m *Mailbox) Start() {}

// UserMessageCount returns the number of control and Data messages that wait.
func (m *Mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.control.Len() + m.data.Len()
}

// Waiting returns how many Data messages are queued, and the bytes of these and of the one in the handler.
func (m *Mailbox) Waiting() (messages, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data.Len(), int(m.held.Load())
}

// Close refuses further messages and releases the Data that is queued. The Guard calls it when the actor has stopped;
// others need it only for a Mailbox whose actor could not be spawned.
func (m *Mailbox) Close() {
	m.mu.Lock()
	m.closed, m.stopped = true, true
	data := m.data
	m.data, m.control = ring.Queue[entry]{}, ring.Queue[entry]{}
	for _, w := range m.watches {
		m.system.Push(entry{msg: w})
	}
	m.watches = nil
	m.mu.Unlock()
	for data.Len() > 0 {
		e := data.Pop()
		m.held.Add(-int64(e.size))
		m.lose(e.data, LossClosed)
	}
}

func (m *Mailbox) postData(msg any, d Data) bool {
	m.mu.Lock()
	if why, ok := m.admit(msg, d); !ok {
		m.mu.Unlock()
		m.lose(d, why)
		return false
	}
	m.schedule()
	return true
}

// admit queues d if there is room for it. m.mu is held.
func (m *Mailbox) admit(msg any, d Data) (Loss, bool) {
	if m.closed {
		return LossClosed, false
	}
	size := d.Bytes()
	held := int(m.held.Load())
	if m.data.Len() >= m.limits.Messages || held > 0 && held+size > m.limits.Bytes {
		return LossFull, false
	}
	m.held.Add(int64(size))
	m.data.Push(entry{msg, d, size})
	return 0, true
}

// claim reports whether the caller has to see to it that process runs. m.mu is held.
func (m *Mailbox) claim() (actor.Dispatcher, bool) {
	if m.scheduled || m.disp == nil {
		return nil, false
	}
	m.scheduled = true
	return m.disp, true
}

// schedule unlocks m.mu, and starts the actor when it is idle.
func (m *Mailbox) schedule() {
	disp, first := m.claim()
	m.mu.Unlock()
	if first {
		disp.Schedule(m.run)
	}
}

// lose shows and releases a Data message that is not, or no longer, queued.
func (m *Mailbox) lose(d Data, why Loss) {
	// The loser may be a reader goroutine or the recovery from a panic: neither may die of a faulty callback.
	defer func() { _ = recover() }()
	defer d.Release()
	if m.onLoss != nil {
		m.onLoss(d, why)
	}
}
