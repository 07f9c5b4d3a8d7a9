package sending

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/flute/event"
)

// A turn of a session costs as much as twenty datagrams where many sessions take turns: nothing of what it touches is
// in a cache any more. There each turn makes more datagrams than the rate permits yet. They go out when their time has
// come, without a turn: the goroutine of the timers sends them.
const (
	// aheadPackets bounds what is made ahead, and aheadTime for how long: a file that is added, removed or triggered
	// meanwhile takes effect that much later.
	aheadPackets = 16
	aheadTime    = 100 * time.Millisecond
	// leastSpared is how many datagrams are to leave without a turn, beyond the burst that is kept for the next one.
	leastSpared = 4
)

// prompt is a Writer that can send without waiting. TryBatch returns how many datagrams were sent, in order. That these
// are not all of them is no error: WriteBatch tells what is wrong.
type prompt interface{ TryBatch(datagrams [][]byte) int }

// ahead returns how many datagrams are to be made that the rate does not permit yet.
func (l *Ledger) ahead() int {
	p, b := &l.pace, &l.batch
	if l.prompt == nil || !p.end.IsZero() || p.Constant || p.bucket == nil || !p.bucket.IsCrowded() || b.longest == 0 {
		return 0
	}
	n := uint64(aheadPackets)
	if p.bucket.Rate() < n*uint64(b.longest)*8*uint64(time.Second/aheadTime) {
		n = p.bucket.Rate() / 8 / uint64(time.Second/aheadTime) / uint64(b.longest)
	}
	if n < 2*uint64(b.burst)+leastSpared {
		return 0 // a turn for each burst costs less than to keep what is left of them
	}
	return int(n)
}

// fire is called by the timer, on its goroutine.
func (s *session) fire(root *actor.RootContext, self *actor.PID) {
	if !s.advance(func(e event.Event) { root.Send(s.hub, hub.Publish{Event: marked(e)}) }) {
		root.Send(self, pump{})
	}
}

// advance sends what is made ahead and the rate permits now, and sets the timer for what is left. It calls tell with
// each event that waited for that, before a turn of the actor can tell what follows. It reports false if it takes a
// turn: when the actor has one, or when what is left may be too little. A panic is left to the actor, which does the
// same, under its supervisor.
func (s *session) advance(tell func(event.Event)) (ok bool) {
	l := s.ledger
	if !l.mu.TryLock() {
		return false
	}
	defer l.mu.Unlock()
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	b := &l.batch
	if s.left || l.over || l.farewells > 0 || l.prompt == nil || !l.outage.since.IsZero() || b.sent < b.granted ||
		b.burst == 0 || b.ungranted() <= b.burst || l.pace.wanted() != l.pace.bucket.Rate() {
		return false
	}
	now := time.Now()
	s.woke(now)
	for b.ungranted() > 0 && l.pace.bucket.Take(now, len(b.datagrams[b.granted])) {
		b.granted++
	}
	if b.granted > b.sent {
		n := l.prompt.TryBatch(b.datagrams[b.sent:b.granted])
		b.burst = b.granted - b.sent
		now = time.Now()
		l.meter.Note(b.datagrams[b.sent:b.sent+n], now)
		b.sent += n
		l.pace.bucket.Left(now)
	}
	for _, e := range b.told() {
		tell(e)
	}
	if b.sent < b.granted || b.ungranted() == 0 {
		return false
	}
	s.pumpIn(l.pace.bucket.Deadline(now).Sub(now))
	return true
}
