package config

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// send looks at a sending session.
func (w *warner) send(s *Send) {
	what := "send " + s.Name
	w.noInterface(s.Interface, what, &s.origin)
	w.rate(s, what)
	w.ttl(s, what)
	w.times(s, what)
	w.content(s, what)
	if _, given := s.origin.keys["trace"]; given && s.Trace && w.Node.Traces == "" {
		w.add(s.origin.of("trace"), "%s: trace does nothing without node.traces", what)
	}
}

// rate looks at how fast the session is to send.
func (w *warner) rate(s *Send, what string) {
	o, words := &s.origin, s.Words(w.now)
	if doubt := words.Rate.Doubt(s.Symbol); doubt != "" {
		w.add(o.of("rate"), "%s: %s", what, doubt)
	}
	switch {
	case w.Node.Rate == 0 && s.Weight != 0:
		w.add(o.of("weight"), "%s: weight does nothing without node.rate", what)
	case w.Node.Rate != 0 && s.Rate != nil && *s.Rate > w.Node.Rate:
		w.add(o.of("rate"), "%s: rate %v: node.rate is %v, which it does not exceed", what, *s.Rate, w.Node.Rate)
	}
}

// ttl looks at how far datagrams get.
func (w *warner) ttl(s *Send, what string) {
	at, given := s.origin.keys["ttl"]
	to, err := s.To.Resolve(context.Background(), nobody)
	if !given || err != nil {
		return
	}
	local := false
	if s.Interface != "" && w.machine.Loopback != nil {
		local, _ = w.machine.Loopback(s.Interface)
	}
	switch {
	case !to.Addr().IsMulticast():
		w.add(at, "%s: ttl is that of multicast, and %v is no group", what, to)
	case s.TTL == 0 && !local:
		w.add(at, "%s: ttl 0 is taken for 1, and datagrams leave this machine; if they shall not, take interface lo",
			what)
	}
}

// times looks at times that are over.
func (w *warner) times(s *Send, what string) {
	for _, t := range []struct {
		key string
		of  settings.Moment
	}{{"until", s.Until}, {"by", s.By}} {
		if at := t.of.At(w.now); !at.IsZero() && at.Before(w.now) {
			w.add(s.origin.of(t.key), "%s: %s is over, and nothing will be sent", what, t.key)
		}
	}
	until, begin := s.Until.At(w.now), s.StartAt.At(w.now)
	later := w.now.Add(24 * time.Hour) // what a time of day, or one from the start, means depends on when that is
	fixed := until.Equal(s.Until.At(later)) && begin.Equal(s.StartAt.At(later))
	if fixed && until.After(w.now) && !until.After(begin) {
		w.add(s.origin.of("start_at"), "%s: start_at is not before until, and nothing will be sent", what)
	}
}

// content looks at what is to be sent.
func (w *warner) content(s *Send, what string) {
	for _, path := range s.Paths {
		if _, err := os.Stat(path); err != nil {
			w.add(s.origin.of("paths"), "%s: paths: %v", what, err)
		}
	}
	if s.Watch.Watch != "" {
		if _, err := os.Stat(s.Watch.Watch); err != nil {
			w.add(s.origin.of("watch"), "%s: watch: %v", what, err)
		}
	}
	if s.List != "" {
		return // its lines have priorities of their own
	}
	for priority := range s.Queue {
		has := func(p settings.Priority) bool { return p.Value == priority }
		if priority != 0 && !slices.ContainsFunc(s.Priority, has) {
			w.add(s.origin.of("queue"), "%s: queue %d: no priority gives any file that number", what, priority)
		}
	}
}
