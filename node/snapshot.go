package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// The bounds of a Snapshot: at some 300 bytes an entry it stays below 5 MB of JSON.
const (
	snapshotActors   = 1000
	snapshotSessions = 1000
	snapshotObjects  = 10_000 // of all sessions, which share them evenly
	// snapshotPatience is how long a session may take to answer: it does so between two batches of packets.
	snapshotPatience = time.Second
	// snapshotQuestions is how many sessions are asked at once.
	snapshotQuestions = 16
)

// Snapshot is what runs in a node at one moment, as plain values. Its lists are bounded; the counts beside them are
// not.
type Snapshot struct {
	Time         time.Time        `json:"time"`
	Actors       []string         `json:"actors"` // ids, which show the tree; 1,000 at most
	ActorCount   int              `json:"actor_count"`
	Receptions   []ReceptionState `json:"receptions"`
	Sessions     []SessionState   `json:"sessions"` // 1,000 at most, the oldest first
	SessionCount int              `json:"session_count"`
	Budget       uint64           `json:"budget"` // bytes of memory for objects in reception
	Used         uint64           `json:"used"`   // of Budget
}

// ReceptionState is one Reception in a Snapshot.
type ReceptionState struct {
	ID       uint64         `json:"id"`
	Group    netip.AddrPort `json:"group"`
	Feeds    []flute.Feed   `json:"feeds"`    // on which it comes, that of Group first
	Counters flute.Counters `json:"counters"` // of its sockets; Accepted: given to a session
}

// SessionState is one transport session in a Snapshot.
type SessionState struct {
	Session   flute.SessionKey  `json:"session"`
	Reception uint64            `json:"reception,omitempty"` // its ID; 0: it sends
	Silent    bool              `json:"silent,omitempty"`    // it did not answer in time: what follows is not known
	Received  *flute.Counters   `json:"received,omitempty"`
	Account   *event.Account    `json:"account,omitempty"` // of a session that is received
	Feeds     []event.FeedStats `json:"feeds,omitempty"`   // of one that has several
	Held      uint64            `json:"held,omitempty"`    // bytes of memory
	Waiting   int               `json:"waiting,omitempty"` // messages in its actor's mailbox, also of a silent one
	// ReceivedRate is how many bits of UDP payload have come in the latest second, LastPacket when the latest came;
	// zero: none.
	ReceivedRate  uint64              `json:"received_rate,omitempty"`
	ReceivedBytes uint64              `json:"received_bytes,omitempty"` // of UDP payload
	LastPacket    time.Time           `json:"last_packet,omitzero"`
	Sent          *sender.Stats       `json:"sent,omitempty"`
	SentRate      uint64              `json:"sent_rate,omitempty"` // bits of UDP payload in the latest second
	Queues        []sender.QueueState `json:"queues,omitempty"`    // of a session that sends
	Objects       []event.ObjectState `json:"objects"`             // that have not ended; of all sessions 10,000 at most
	ObjectCount   int                 `json:"object_count"`
}

// Snapshot returns what runs in the node. It asks each session for its state, for a second at most, or until ctx ends,
// and returns what it has then. The error is ErrStopped.
func (n *Node) Snapshot(ctx context.Context) (*Snapshot, error) {
	if n.isDown() {
		return nil, ErrStopped
	}
	s := &Snapshot{
		Time: time.Now(), Receptions: []ReceptionState{},
		Budget: n.cfg.Budget, Used: n.Used(),
	}
	s.Actors, s.ActorCount = n.system.Actors(n.root.Id, snapshotActors)
	n.mu.Lock()
	receptions := slices.Collect(maps.Values(n.receptions))
	n.mu.Unlock()
	for _, r := range receptions {
		s.Receptions = append(s.Receptions, r.state())
	}
	slices.SortFunc(s.Receptions, func(a, b ReceptionState) int { return cmp.Compare(a.ID, b.ID) })
	running, count := n.ledger.Sessions(snapshotSessions)
	s.SessionCount = count
	s.Sessions = n.inspect(ctx, running)
	return s, nil
}

// state returns what is known of the reception without asking it.
func (r *Reception) state() ReceptionState {
	st := ReceptionState{ID: r.id, Group: r.feeds[0].Group, Feeds: r.feeds}
	st.Counters.Received, st.Counters.Dropped = r.Datagrams()
	if dropped := st.Counters.DropTotal(); dropped < st.Counters.Received {
		st.Counters.Accepted = st.Counters.Received - dropped
	}
	return st
}

// inspect asks sessions for their state. One that ends meanwhile is left out.
func (n *Node) inspect(ctx context.Context, running []session.Running) []SessionState {
	ctx, cancel := context.WithTimeout(ctx, snapshotPatience)
	defer cancel()
	states := make([]*SessionState, len(running))
	questions := make(chan int, len(running))
	for i := range running {
		questions <- i
	}
	close(questions)
	var asking sync.WaitGroup
	for range min(snapshotQuestions, len(running)) {
		asking.Go(func() {
			for i := range questions {
				states[i] = n.inspectOne(ctx, running[i], max(1, snapshotObjects/len(running)))
			}
		})
	}
	asking.Wait()
	list := []SessionState{}
	for _, st := range states {
		if st != nil {
			list = append(list, *st)
		}
	}
	return list
}

// inspectOne asks a session for its state; nil: it has ended.
func (n *Node) inspectOne(ctx context.Context, r session.Running, objects int) *SessionState {
	st := &SessionState{Session: r.Key, Reception: r.Reception, Waiting: r.Waiting}
	pid := n.address(sessionsName + "/" + r.Name)
	var err error
	if r.Reception != 0 {
		var got receiving.State
		if got, err = actors.Ask[receiving.State](ctx, n.system, pid, receiving.Inspect{Objects: objects}); err == nil {
			st.Received, st.Held, st.Objects, st.ObjectCount = &got.Counters, got.Held, got.Objects, got.ObjectCount
			st.Account, st.Feeds = &got.Account, got.Feeds
			st.ReceivedRate, st.ReceivedBytes, st.LastPacket = got.Rate, got.Bytes, got.Latest
		}
	} else {
		var got sending.State
		if got, err = actors.Ask[sending.State](ctx, n.system, pid, sending.Inspect{Objects: objects}); err == nil {
			st.Sent, st.SentRate, st.Queues = &got.Stats, got.Rate, got.Queues
			st.Objects, st.ObjectCount = got.Objects, got.ObjectCount
		}
	}
	if errors.Is(err, actors.ErrGone) {
		return nil
	}
	st.Silent = err != nil
	if st.Objects == nil {
		st.Objects = []event.ObjectState{}
	}
	return st
}

// Stats returns what the session has sent so far. After its end there is nobody to ask, and it returns an error.
func (s *Sending) Stats(ctx context.Context) (sender.Stats, error) {
	st, err := askPID[sending.State](ctx, s.node, s.pid, sending.Inspect{}, s.done)
	if err != nil {
		return sender.Stats{}, fmt.Errorf("node: session %v: %w", s.key, err)
	}
	return st.Stats, nil
}
