package metrics

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
)

// maxLive bounds the sessions of a unit that are told apart; a node has fewer.
const maxLive = 16_384

// unit is what was counted for one section.
type unit struct {
	ended    flute.Counters // of sessions that have ended
	account  event.Account  // of them
	received uint64         // bytes of UDP payload of them
	live     map[flute.SessionKey]*session
	outside  [drop.NumReasons]uint64 // datagrams that belonged to no session of receptions that have ended
	heard    time.Time               // the latest packet
	objects  map[string]uint64       // by state
	bytes    uint64                  // of completed files
	lost     time.Time               // when a file failed for good last
	lacking  lacking
	unstored uint64            // tries that ended since the store took no more
	refusal  string            // what it said at the latest of them
	refused  time.Time         // when
	damaged  map[string]uint64 // by reason
	fdt      map[string]uint64 // by result
	late     uint64
	programs map[string]uint64 // by result
	streams  map[string]uint64 // files by uTP, by result
}

// session is the latest that was heard of one session.
type session struct {
	counters flute.Counters
	bytes    uint64 // of UDP payload
	account  event.Account
	at       time.Time
}

func (u *unit) completed(m *Meter, name string, e event.ObjectCompleted) {
	u.lacking.remove(e.Session, e.TOI)
	switch {
	case e.Sending:
		u.objects["sent"]++
	case e.Earlier:
		u.objects["there_already"]++
		return
	case e.Kept:
		u.objects["kept"]++
	default:
		u.objects["delivered"]++
	}
	u.bytes += e.Size
	m.durations.WithLabelValues(name).Observe(e.Duration.Seconds())
}

func (u *unit) failed(e event.ObjectFailed, now time.Time) {
	if e.Reason == event.FailStore {
		u.unstored++
		u.refusal, u.refused = e.Detail, now
	}
	if e.Retry {
		u.tried(e, now)
		return
	}
	u.lacking.remove(e.Session, e.TOI)
	switch e.Reason {
	case event.FailQuarantined:
		u.objects[string(e.Reason)]++
		u.lost = now
	case event.FailExpired, event.FailSuperseded, event.FailCancelled:
		u.objects[string(e.Reason)]++
	case event.FailDigest, event.FailEncoding, event.FailOTI:
		u.damaged[string(e.Reason)]++
		u.objects["failed"]++
		u.lost = now
	default:
		u.objects["failed"]++
		u.lost = now
	}
}

// session returns what is known of a session.
func (u *unit) session(key flute.SessionKey) *session {
	s := u.live[key]
	if s == nil {
		if len(u.live) >= maxLive {
			for other := range u.live {
				u.fold(other, time.Now())
				break
			}
		}
		s = &session{}
		u.live[key] = s
	}
	return s
}

// fold adds a session to those that have ended.
func (u *unit) fold(key flute.SessionKey, now time.Time) {
	u.over(key, now)
	if s := u.live[key]; s != nil {
		u.ended.Add(s.counters)
		u.account.Add(&s.account)
		u.received += s.bytes
		delete(u.live, key)
	}
}
