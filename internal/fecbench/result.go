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

// work is one operation. Only run is timed.
type work struct {
	prepare func() error
	run     func() error
	check   func() error
}

// measure repeats w until the budget is used up.
func (b *Bench) measure(w work) (Result, error) {
	var times []time.Duration
	result := Result{Bytes: uint64(len(b.source))}
	for sum := time.Duration(0); result.Runs == 0 || sum < b.cfg.Budget && result.Runs < maxRuns; {
		var sample time.Duration
		n := 0
		for n == 0 || sample < b.cfg.Budget/samples && result.Runs < maxRuns {
			d, err := b.once(w)
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
func (b *Bench) once(w work) (time.Duration, error) {
	if w.prepare != nil {
		if err := w.prepare(); err != nil {
			return 0, err
		}
	}
	start := b.cfg.Now()
	if err := w.run(); err != nil {
		return 0, err
	}
	d := b.cfg.Now().Sub(start)
	if w.check != nil {
		return d, w.check()
	}
	return d, nil
}
