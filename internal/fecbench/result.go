package fecbench

import (
	"slices"
	"time"
)

const (
	// maxRuns bounds the runs of one operation: more do not make its median better.
	maxRuns = 5000
	// samples is how many samples make up the budget: the runs of one that are shorter count with their mean, so that
	// the best is not one lucky run.
	samples = 60
)

// Result is what the runs of one operation gave.
type Result struct {
	Bytes  uint64        // of source data in one run
	Runs   int           // that were timed
	Median time.Duration // of a run
	Best   time.Duration // the shortest run, or the mean of some where runs are very short
	Lost   int           // source symbols that a Decode recovered
	Extra  int           // encoding symbols beyond K that a Decode had, at least 2 where the code has them; see Decode
}

// MBPerSecond returns the speed in 10^6 bytes of source data a second, of the median run and of the best.
func (r Result) MBPerSecond() (median, best float64) {
	return speed(r.Bytes, r.Median), speed(r.Bytes, r.Best)
}

// speed takes a run that is too short for the clock to have lasted its shortest unit.
func speed(bytes uint64, d time.Duration) float64 { return float64(bytes) / 1e6 / max(d, 1).Seconds() }

// Work is one operation. Only Run is timed; the others may be nil.
type Work struct {
	Prepare func() error
	Run     func() error
	Check   func() error
}

// Measure repeats w, which works on so many bytes of source data, until the budget is used up.
func Measure(cfg Config, bytes uint64, w Work) (Result, error) {
	var times []time.Duration
	result := Result{Bytes: bytes}
	for sum := time.Duration(0); result.Runs == 0 || sum < cfg.Budget && result.Runs < maxRuns; {
		var sample time.Duration
		n := 0
		for n == 0 || sample < cfg.Budget/samples && result.Runs < maxRuns {
			d, err := w.once(cfg.Now)
			if err != nil {
				return Result{}, err
			}
			sample += d
			n++
			result.Runs++
		}
		times = append(times, sample/time.Duration(n))
		sum += sample
	}
	slices.Sort(times)
	result.Median, result.Best = times[len(times)/2], times[0]
	return result, nil
}

// once makes one run and returns its time.
func (w Work) once(now func() time.Time) (time.Duration, error) {
	if w.Prepare != nil {
		if err := w.Prepare(); err != nil {
			return 0, err
		}
	}
	start := now()
	if err := w.Run(); err != nil {
		return 0, err
	}
	d := now().Sub(start)
	if w.Check != nil {
		return d, w.Check()
	}
	return d, nil
}
