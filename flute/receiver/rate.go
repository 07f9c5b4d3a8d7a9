package receiver

import (
	"math"
	"time"

	"github.com/flute-node/flute-node/internal/ceil"
)

// When an object will be complete at the present rate is how many symbols it needs by how many that are new have come
// in a second. Repair symbols count like source symbols, and what comes again in a carousel does not.

const (
	// rateWindow is how long symbols are counted at least.
	rateWindow = time.Second
	// rateWeight is the part, one of rateWeight, that the latest window has in the average.
	rateWeight = 4
	// rateSilence is how many windows without a symbol are a pause: the rate falls from then on.
	rateSilence = 2
	// maxRateLeft is what is too far to be told.
	maxRateLeft = 365 * 24 * time.Hour
)

// rate is how fast an object comes.
type rate struct {
	since     time.Time // beginning of the window; zero: nothing has come
	needed    uint64    // symbols, then
	perSecond float64   // average of the windows before; 0: there is none
}

// measure notes that a symbol of an object has come that is not whole.
func (h *holding) measure(now time.Time) {
	r := &h.rate
	switch passed := now.Sub(r.since); {
	case r.since.IsZero():
		r.since, r.needed = now, ceil.Div(h.OTI.TransferLength-h.Received, uint64(h.OTI.SymbolLength))
	case passed >= rateWindow:
		_, _, needed, _ := h.Lacks(0)
		*r = rate{since: now, needed: needed, perSecond: r.after(passed, needed)}
	}
}

// after returns the average after a window of that length, at the end of which needed symbols are needed.
func (r *rate) after(passed time.Duration, needed uint64) float64 {
	current := float64(r.needed-min(r.needed, needed)) / passed.Seconds()
	if r.perSecond == 0 {
		return current
	}
	return r.perSecond + (current-r.perSecond)/rateWeight
}

// completeAt returns when an object will be complete that needs so many symbols at now; zero: nobody knows.
func (r *rate) completeAt(now time.Time, needed uint64) time.Time {
	perSecond, passed := r.perSecond, now.Sub(r.since)
	if passed >= rateSilence*rateWindow && perSecond > 0 {
		perSecond = min(perSecond, float64(r.needed-min(r.needed, needed))/passed.Seconds())
	}
	if perSecond == 0 || needed == 0 {
		return noTime
	}
	left := float64(needed) / perSecond
	if left >= maxRateLeft.Seconds() {
		return noTime
	}
	return now.Add(time.Duration(math.Ceil(left*1e3)) * time.Millisecond)
}
