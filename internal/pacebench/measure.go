package pacebench

import (
	"math"
	"time"
)

// Arrival is one datagram, or several that came as one message with segmentation offload.
type Arrival struct {
	At        time.Duration // since the beginning of the measurement
	Bytes     int           // of UDP payload
	Datagrams int
}

// Result is how steady a sender was.
type Result struct {
	Seconds   []float64     // bits in each whole second since the first arrival
	Burst     int           // bytes: the most that arrived ahead of the rate of catching up
	First     time.Duration // of the first arrival, since the beginning of the measurement
	Datagrams int
}

// Measure looks at so many seconds of arrivals, in order, after the first. ahead is the rate, in bits per second, above
// which bytes belong to a burst.
func Measure(arrivals []Arrival, seconds int, ahead float64) Result {
	r := Result{Seconds: make([]float64, seconds)}
	if len(arrivals) == 0 {
		return r
	}
	r.First = arrivals[0].At
	before, level := r.First, 0.0
	for _, a := range arrivals {
		second := int((a.At - r.First) / time.Second)
		if second >= seconds {
			break
		}
		r.Seconds[second] += float64(a.Bytes) * 8
		r.Datagrams += a.Datagrams
		level = max(0, level-ahead/8*(a.At-before).Seconds()) + float64(a.Bytes)
		before = a.At
		r.Burst = max(r.Burst, int(level))
	}
	return r
}

// Worst returns the second that is farthest from rate, as its difference from it in parts of it.
func (r *Result) Worst(rate float64) (worst float64) {
	for _, s := range r.Seconds {
		if d := s/rate - 1; math.Abs(d) > math.Abs(worst) {
			worst = d
		}
	}
	return worst
}
