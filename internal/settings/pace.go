package settings

import (
	"time"

	"github.com/flute-node/flute-node/node"
)

// Pace are the words that say how fast a session sends, besides rate.
type Pace struct {
	Counting string        // counting: what of a datagram rate counts: payload, ip or ethernet; empty: payload
	Within   time.Duration // within: all files are sent in that time; zero: no such time
	By       time.Time     // by: all files are sent until then; zero: no such time
	Constant bool          // constant: the rate is that all the time, with padding
	WarmUp   time.Duration // warm-up: padding before the first packet and after the last one; with constant
	Weight   int           // weight: part of the node's rate beside other sessions', 1 to 1000000; zero: 1
}

// maxWeight is what node.SendConfig.Weight takes.
const maxWeight = 1_000_000

// apply fills in the pace of a session that sends its files so often.
func (p *Pace) apply(cfg *node.SendConfig) (err error) {
	if cfg.Counting, err = oneOf(wordCounting, p.Counting, countings()); err != nil {
		return err
	}
	target, word := p.Within != 0, wordWithin
	switch {
	case p.Within < 0:
		return errorf("%v %v is negative", wordWithin, p.Within)
	case target && !p.By.IsZero():
		return errorf("%v and %v: take one of them", wordWithin, wordBy)
	case !p.By.IsZero():
		target, word = true, wordBy
	}
	switch {
	case p.Constant && cfg.Rate == 0:
		return errorf("%v needs a %v", wordConstant, wordRate)
	case p.Constant && target:
		return errorf("%v and %v: take one of them", wordConstant, word)
	case p.Weight < 0 || p.Weight > maxWeight:
		return errorf("%v %d: take 1 to %d", wordWeight, p.Weight, maxWeight)
	case p.WarmUp < 0:
		return errorf("%v %v is negative", wordWarmUp, p.WarmUp)
	case p.WarmUp != 0 && !p.Constant:
		return errorf("%v goes with %v", wordWarmUp, wordConstant)
	}
	cfg.Constant, cfg.WarmUp, cfg.Weight = p.Constant, p.WarmUp, p.Weight
	if target && cfg.Session.TransferCount < 0 {
		return errorf("%v, and files that are sent for ever: leave it out", word)
	}
	cfg.Within, cfg.By = p.Within, p.By
	return nil
}

// Span is a duration above zero, such as 90s or 10m.
type Span time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := ParseDuration(string(text), true)
	*s = Span(d)
	return err
}

// countings are the values of counting.
func countings() []choice[node.Counting] {
	return []choice[node.Counting]{
		{"payload", node.CountPayload}, {"ip", node.CountIP}, {"ethernet", node.CountEthernet},
	}
}
