package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

// Account returns how well the session is received, at now.
func (l *Ledger) Account(now time.Time) event.Account {
	a := account(&l.sequences, &l.arrivals)
	for i := range l.feeds.list {
		f := &l.feeds.list[i]
		one := account(&f.sequences, &f.arrivals)
		a.Add(&one)
		a.LatestLoss, a.Jitter = max(a.LatestLoss, one.LatestLoss), max(a.Jitter, one.Jitter)
	}
	a.Useful, a.Repaired, a.Put = l.sender.Useful, l.sender.Repaired, l.sender.Put
	a.FDTInterval = l.fdtInterval
	a.Derive()
	if !l.clock.sct.IsZero() {
		a.ClockOffset = l.clock.sct.Sub(l.clock.at.Round(0))
	}
	if !l.fdtLatest.IsZero() {
		a.FDTAge = now.Sub(l.fdtLatest)
	}
	return a
}

// account returns what these tell of a session or a feed.
func account(s *sequences, arrivals *arrivals) event.Account {
	s.endOld()
	a := event.Account{Symbols: arrivals.symbols, Jitter: arrivals.jitter}
	if !s.isShuffled() {
		a.Due, a.Lost = s.due, s.lost
		a.LatestLoss, a.WorstLoss, a.WorstAt = s.second.latest, s.second.worst, s.second.worstAt
		a.MarginBlocks, a.MarginSymbols, a.Surplus, a.LeastSurplus = s.blocks, s.came, s.surplus, s.least
	}
	return a
}

const (
	// arrivalWeight is the part, one of arrivalWeight, that one read has in the averages, as in RFC 3550, section
	// 6.4.1.
	arrivalWeight = 16
	// longestPause is from which on a silence is a pause of the sender, not a delay.
	longestPause = 100 * time.Millisecond
)

// arrivals counts the symbols of files, and measures how steadily their packets come. Those of one read have one time.
type arrivals struct {
	symbols uint64
	last    time.Time // when the latest read came
	count   int64     // its datagrams
	pace    time.Duration
	jitter  time.Duration
}

// take takes note of a datagram that came at now. It reports whether it was read together with the one before.
func (a *arrivals) take(now time.Time) (sameRead bool) {
	if !now.After(a.last) {
		a.count++
		return true
	}
	if passed := now.Sub(a.last); passed < longestPause { // the first read comes after an age
		late := passed - time.Duration(a.count)*a.pace
		if a.pace == 0 {
			a.pace, late = passed/time.Duration(a.count), 0
		}
		a.jitter += (late.Abs() - a.jitter) / arrivalWeight
		a.pace += (passed/time.Duration(a.count) - a.pace) / arrivalWeight
	}
	a.last, a.count = now, 1
	return false
}
