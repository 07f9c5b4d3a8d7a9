package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// Carousel is how files are sent again: interval=10s, from start to start, or delay=10s, from the end to the next
// start, with burst=2 after a comma for two transfers each time. The zero value is no carousel.
type Carousel struct {
	Interval, Delay time.Duration
	Burst           int
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Carousel) UnmarshalText(text []byte) (err error) {
	var got Carousel
	seen := map[string]bool{}
	for part := range strings.SplitSeq(string(text), ",") {
		name, value, _ := strings.Cut(part, "=")
		if seen[name] {
			return fmt.Errorf("%q: %s is there twice", text, name)
		}
		seen[name] = true
		switch name {
		case "interval":
			got.Interval, err = ParseDuration(value, true)
		case "delay":
			got.Delay, err = ParseDuration(value, true)
		case "burst":
			var n uint64
			n, err = ParseNumber(value, 1, 1<<31-1)
			got.Burst = int(n)
		default:
			err = fmt.Errorf("%q is none of interval=10s, delay=10s, burst=2", part)
		}
		if err != nil {
			return err
		}
	}
	if (got.Interval == 0) == (got.Delay == 0) {
		return fmt.Errorf("%q: take one of interval=10s and delay=10s", text)
	}
	*c = got
	return nil
}

// String writes it as it is read.
func (c Carousel) String() string {
	var parts []string
	if c.Interval > 0 {
		parts = append(parts, "interval="+c.Interval.String())
	}
	if c.Delay > 0 {
		parts = append(parts, "delay="+c.Delay.String())
	}
	if c.Burst > 0 {
		parts = append(parts, "burst="+strconv.Itoa(c.Burst))
	}
	return strings.Join(parts, ",")
}

// turns sets in cfg when files are sent again.
func (s *Send) turns(cfg *sender.Config) error {
	cfg.TransferCount, cfg.Delay, cfg.Until = int(s.Repeat), s.Delay, s.Until
	c := s.Carousel
	if s.Repeat == 0 && (c != Carousel{} || !s.Until.IsZero()) {
		cfg.TransferCount = -1
	}
	switch {
	case s.Delay < 0:
		return errorf("%v %v is negative", wordDelay, s.Delay)
	case c == Carousel{}:
		return nil
	case s.Delay > 0:
		return errorf("%v %v and %v %v exclude each other", wordCarousel, c, wordDelay, s.Delay)
	case s.Repeat > 0 && c.Burst > int(s.Repeat):
		return errorf("%v %v has more transfers in a turn than %v %d in all", wordCarousel, c, wordRepeat, s.Repeat)
	}
	cfg.Interval, cfg.Delay, cfg.Burst = c.Interval, c.Delay, c.Burst
	return nil
}
