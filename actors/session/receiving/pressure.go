package receiving

import "time"

const (
	// firstCalm is for how long a session whose sender did not wait has had what it needs until it is tried again
	// whether that waits: the pressure is over, or another sender has come. Each further time it takes twice as long,
	// up to lastCalm, since a sender of another kind fills the socket's buffer to three quarters before it shows.
	firstCalm = 10 * time.Second
	lastCalm  = time.Hour
)

// pressure is what a session remembers of datagrams that would have been lost if it had waited for its store (Press).
// The zero value is ready to use.
type pressure struct {
	since time.Time     // of the calm; zero: nothing presses
	calm  time.Duration // how long it lasted, or has to last
}

// isOver reports whether a session at now that is pressed may wait for its store again. behind says that it lacks
// memory, or waits for the store already.
func (p *pressure) isOver(now time.Time, pressed, behind bool) bool {
	switch {
	case !pressed:
		p.since = time.Time{}
	case p.since.IsZero():
		p.since, p.calm = now, min(max(2*p.calm, firstCalm), lastCalm)
	case behind:
		p.since = now
	case now.Sub(p.since) >= p.calm:
		p.since = time.Time{}
		return true
	}
	return false
}
