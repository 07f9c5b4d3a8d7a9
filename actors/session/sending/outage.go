package sending

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// firstRetry is the time until the first new try to send: most outages are a full queue.
	firstRetry = 10 * time.Millisecond
	// maxRetry is what the time between two tries grows to: a carousel goes on within a second of its link being back.
	maxRetry = time.Second
	// tellAfter is how long an outage lasts that is worth telling.
	tellAfter = 500 * time.Millisecond
)

// outage is a time during which the network takes no datagrams of a session. The zero value is none.
type outage struct {
	since time.Time // of the first error; zero: there is none
	delay time.Duration
	told  bool
}

// isPassing reports an error of a Writer after which it is worth trying again: the link or the route is away. Such an
// error has a method Passing.
func isPassing(err error) bool {
	var p interface{ Passing() bool }
	return errors.As(err, &p) && p.Passing()
}

// begin takes note of a failed try at now. It returns when to try again, and what there is to tell, if anything. ok is
// false when patience is over; negative patience never is.
func (o *outage) begin(now time.Time, err error, patience time.Duration) (retry time.Duration, tell string, ok bool) {
	if o.since.IsZero() {
		*o = outage{since: now, delay: firstRetry}
	}
	lasts := now.Sub(o.since)
	if patience >= 0 && lasts >= patience {
		return 0, "", false
	}
	if !o.told && lasts >= tellAfter {
		o.told, tell = true, fmt.Sprintf("nothing can be sent: %v; trying again", err)
	}
	// The jitter keeps the sessions of a node from trying all at once.
	retry = o.delay/2 + rand.N(o.delay/2)
	if patience >= 0 {
		retry = min(retry, patience-lasts)
	}
	o.delay = min(2*o.delay, maxRetry)
	return retry, tell, true
}

// end takes note that something was sent, and returns what there is to tell.
func (o *outage) end(now time.Time) (tell string) {
	if o.told {
		tell = fmt.Sprintf("sending again, after %v", now.Sub(o.since).Round(time.Millisecond))
	}
	*o = outage{}
	return tell
}
