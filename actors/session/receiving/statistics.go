package receiving

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/flute/event"
)

const (
	// statsInterval is how often event.SessionStats is emitted while packets come.
	statsInterval = time.Second
	// statsGrace is for how long the next packets may bring that event: a timer of each of many sessions costs more.
	statsGrace = statsInterval / 8
)

// publishStats emits the counters, once per interval, when they have changed.
func (s *session) publishStats(ctx actor.Context, now time.Time) {
	if s.ledger.core.Received() == s.counted || now.Before(s.stats) || !s.ledger.core.Opened() {
		return
	}
	c := s.ledger.core.Counters()
	s.counted, s.stats = c.Received, now.Add(statsInterval)
	s.armed = time.Time{} // it need not fire for what was told
	stats := event.SessionStats{
		Session: s.inbox.Key, Counters: c, Bytes: s.ledger.bytes, Held: s.ledger.core.Held(),
		Feeds: s.ledger.core.Feeds(), Account: s.ledger.core.Account(now),
	}
	ctx.Send(s.cfg.Hub, hub.Publish{Event: stats})
}
