package inspect

import "time"

// maxBuckets is how many points a plot has. When the capture is longer, two of them become one.
const maxBuckets = 512

// Point is what came in one step of a Series.
type Point struct {
	Packets    uint64        `json:"packets"`
	Bytes      uint64        `json:"bytes"` // UDP payload
	Lost       uint64        `json:"lost"`
	Late       uint64        `json:"late"` // out of order
	Duplicates uint64        `json:"duplicates"`
	Gap        time.Duration `json:"gap_ns"`    // the longest between two packets
	Jitter     time.Duration `json:"jitter_ns"` // the greatest
}

// Series is how a session went over time.
type Series struct {
	Start  time.Time     `json:"start"`
	Step   time.Duration `json:"step_ns"`
	Points []Point       `json:"points"`

	last    time.Time
	mean    float64 // of the gaps, in ns
	jitter  float64
	window  time.Time // where the peak is looked for
	inside  uint64
	peak    uint64
	maximum time.Duration
}

// peakWindow is the time over which the highest rate is measured.
const peakWindow = 10 * time.Millisecond

// firstStep is the step of a capture of some seconds.
const firstStep = 10 * time.Millisecond

// pause is a gap from which on it says nothing about jitter.
const pause = 100 * time.Millisecond

// at returns the point of the time now, which is not before Start.
func (s *Series) at(now time.Time) *Point {
	i := int(max(now.Sub(s.Start), 0) / s.Step)
	for i >= maxBuckets {
		for j := range len(s.Points) / 2 {
			s.Points[j] = s.Points[2*j].plus(&s.Points[2*j+1])
		}
		if n := len(s.Points); n%2 == 1 {
			s.Points[n/2] = s.Points[n-1]
		}
		s.Points = s.Points[:(len(s.Points)+1)/2]
		s.Step *= 2
		i = int(max(now.Sub(s.Start), 0) / s.Step)
	}
	for i >= len(s.Points) {
		s.Points = append(s.Points, Point{})
	}
	return &s.Points[i]
}

func (p Point) plus(o *Point) Point {
	p.Packets += o.Packets
	p.Bytes += o.Bytes
	p.Lost += o.Lost
	p.Late += o.Late
	p.Duplicates += o.Duplicates
	p.Gap, p.Jitter = max(p.Gap, o.Gap), max(p.Jitter, o.Jitter)
	return p
}

// packet counts one of n bytes and returns its point.
func (s *Series) packet(now time.Time, n int) *Point {
	if s.Step == 0 {
		s.Start, s.Step, s.last, s.window = now, firstStep, now, now
	}
	p := s.at(now)
	p.Packets++
	p.Bytes += uint64(n)
	gap := now.Sub(s.last)
	s.last = now
	if gap >= 0 {
		p.Gap = max(p.Gap, gap)
		s.maximum = max(s.maximum, gap)
		if gap < pause {
			s.mean += (float64(gap) - s.mean) / 16
			s.jitter += (max(float64(gap)-s.mean, s.mean-float64(gap)) - s.jitter) / 16
			p.Jitter = max(p.Jitter, time.Duration(s.jitter))
		}
	}
	if d := now.Sub(s.window); d < 0 || d >= peakWindow {
		s.window, s.inside = now, 0
	}
	s.inside += uint64(n)
	s.peak = max(s.peak, s.inside)
	return p
}
