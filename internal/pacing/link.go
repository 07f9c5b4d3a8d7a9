package pacing

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// lastPart is the part of the rate, one of lastPart, that is kept for what ends while others send.
const lastPart = 10

// Link shares one rate between sessions, by weight. What a session does not want, because it has nothing to send or a
// lower rate of its own, the others get. Each always has its part: none starves. It is safe for concurrent use.
type Link struct {
	mu      sync.Mutex
	rate    uint64
	members []*Member
	busy    atomic.Int64 // members that want something
	last    time.Time    // when what Last has granted so far has left
}

// NewLink returns a Link of so many bits per second; 0: without a bound.
func NewLink(bitsPerSecond uint64) *Link { return &Link{rate: bitsPerSecond} }

// SetRate changes the rate; 0: without a bound.
func (l *Link) SetRate(bitsPerSecond uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rate = bitsPerSecond
	l.share()
}

// Join returns a Member with this weight, at least 1. It wants nothing yet.
func (l *Link) Join(weight int) *Member {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &Member{link: l, weight: float64(max(weight, 1))}
	m.rate.Store(math.MaxUint64)
	l.members = append(l.members, m)
	l.changed()
	return m
}

// Member is a session of a Link. One goroutine uses it.
type Member struct {
	link   *Link
	weight float64
	want   uint64 // bits per second, at most
	left   bool
	ends   bool // it has called Last
	rate   atomic.Uint64
}

// Want says that the session wants so many bits per second, at most; 0: nothing at the moment; math.MaxUint64: as much
// as it can get.
func (m *Member) Want(bitsPerSecond uint64) {
	if m.want == bitsPerSecond {
		return
	}
	m.link.mu.Lock()
	defer m.link.mu.Unlock()
	if !m.left {
		m.link.busy.Add(wants(bitsPerSecond) - wants(m.want))
	}
	m.want = bitsPerSecond
	m.link.changed()
}

// wants returns 1 if so much is something, else 0.
func wants(bitsPerSecond uint64) int64 { return int64(min(bitsPerSecond, 1)) }

// Busy returns how many members of the Link want something now.
func (m *Member) Busy() int { return int(m.link.busy.Load()) }

// Rate returns what the session may send, in bits per second; math.MaxUint64: without a bound.
func (m *Member) Rate() uint64 { return m.rate.Load() }

// Last returns when a member that ends may send n bytes more, at now or later. It sends nothing else any more. Members
// that end together do so one after the other, at the rate that the others leave, and at a tenth of the rate of the
// Link at least: what they say at their ends would leave all at once otherwise.
func (m *Member) Last(now time.Time, n int) time.Time {
	l := m.link
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rate == 0 || m.left {
		return now
	}
	if !m.ends {
		m.ends = true
		l.share()
	}
	free := float64(l.rate)
	for _, other := range l.members {
		if !other.ends && other.want > 0 {
			free -= float64(other.rate.Load())
		}
	}
	at := now
	if l.last.After(now) {
		at = l.last
	}
	takes := float64(n) * 8 / max(free, float64(l.rate)/lastPart)
	l.last = at.Add(time.Duration(min(takes, 1) * float64(time.Second)))
	return at
}

// Leave ends the membership, and returns how many other members there are. It may be called again.
func (m *Member) Leave() (others int) {
	m.link.mu.Lock()
	defer m.link.mu.Unlock()
	m.link.members = slices.DeleteFunc(m.link.members, func(other *Member) bool { return other == m })
	if !m.left {
		m.left = true
		m.link.busy.Add(-wants(m.want))
	}
	m.link.changed()
	return len(m.link.members)
}

// changed shares the rate anew when members, or what they want, have changed. Without a bound nobody looks at all of
// them for that: a thousand sessions that begin would look a million times.
func (l *Link) changed() {
	if l.rate != 0 {
		l.share()
	}
}

// share gives each member the same rate for each unit of weight, but no more than it wants. One that wants nothing is
// told what it would get.
func (l *Link) share() {
	if l.rate == 0 {
		for _, m := range l.members {
			m.rate.Store(math.MaxUint64)
		}
		return
	}
	left, weight, ends := float64(l.rate), 0.0, false
	var open []*Member // those that get less than they want, as far as is known
	for _, m := range l.members {
		ends = ends || m.ends
		if m.want > 0 {
			open = append(open, m)
			weight += m.weight
		}
	}
	if ends {
		left -= left / lastPart
	}
	for again := true; again && len(open) > 0; {
		again = false
		unit := left / weight
		open = slices.DeleteFunc(open, func(m *Member) bool {
			if float64(m.want) > unit*m.weight {
				return false
			}
			m.rate.Store(m.want)
			left -= float64(m.want)
			weight -= m.weight
			again = true
			return true
		})
	}
	for _, m := range open {
		m.rate.Store(max(uint64(left/weight*m.weight), 1))
	}
	for _, m := range l.members {
		if m.want == 0 {
			m.rate.Store(max(uint64(max(left, 0)/(weight+m.weight)*m.weight), 1))
		}
	}
}
