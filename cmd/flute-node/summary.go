package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/settings"
)

// summary is the last word of send and receive: what came of it, and what went wrong on the way.
type summary struct {
	totals
	sending  bool
	first    time.Time   // packet of a file that is there
	last     time.Time   // end of one
	again    bool        // files are sent several times
	stopping atomic.Bool // what fails from now on had no time to become whole
}

// totals is a summary in JSON.
type totals struct {
	Files      int     `json:"files"`
	Bytes      uint64  `json:"bytes"`
	Failed     int     `json:"failed"`
	Unfinished int     `json:"unfinished"`           // when it was stopped
	Seconds    float64 `json:"seconds"`              // from the first packet of a file to the end of the last file
	Transfers  uint64  `json:"transfers,omitempty"`  // of files that were sent again and again
	SentBytes  uint64  `json:"sent_bytes,omitempty"` // of datagrams, with them
	*arrivals          // nil when sending

	// vanished reports whether a file that failed is gone from the watched folder, which is its removal. Nil: no folder
	// is watched.
	vanished func(location string) bool
}

// arrivals is what a receiver's summary says besides.
type arrivals struct {
	Repaired    uint64            `json:"source_symbols_repaired"`
	Datagrams   uint64            `json:"datagrams"` // read from the sockets
	Duplicate   uint64            `json:"duplicate"`
	Dropped     map[string]uint64 `json:"dropped"` // by reason
	KernelDrops uint64            `json:"kernel_drops"`
	Refused     uint64            `json:"refused"` // files that were not wanted
	Account     event.Account     `json:"account"` // of all sessions; times and jitter are in theirs
}

func newSummary(sending bool) *summary {
	s := &summary{sending: sending}
	if !sending {
		s.arrivals = &arrivals{Dropped: map[string]uint64{}}
	}
	return s
}

// add counts an event.
func (s *summary) add(e notice.Event) {
	switch e := e.(type) {
	case event.ObjectCompleted:
		if e.Sending == s.sending {
			s.Files++
			s.Bytes += e.Size
			if s.arrivals != nil {
				s.Repaired += e.Repaired
			}
			if e.FirstPacket.IsZero() { // an empty file has none
				break
			}
			if s.first.IsZero() || e.FirstPacket.Before(s.first) {
				s.first = e.FirstPacket
			}
			if end := e.FirstPacket.Add(e.Duration); end.After(s.last) {
				s.last = end
			}
		}
	case event.ObjectFailed:
		switch {
		case !s.sending: // perhaps it is tried again: until knows
		case e.Reason == event.FailSuperseded: // its new version is sent
		case e.Reason == event.FailSource && s.vanished != nil && s.vanished(e.ContentLocation):
		case e.Reason == event.FailCancelled: // it was removed from the watched folder, or by an order
		case s.stopping.Load() && e.Reason == event.FailClosed:
			s.Unfinished++
		default:
			s.Failed++
		}
	case event.SessionClosed:
		if s.arrivals != nil {
			s.Duplicate += e.Counters.Duplicate
			s.drop(e.Counters.Dropped)
			if e.Account != nil {
				s.Account.Add(e.Account)
			}
		}
	case event.ObjectRefused:
		if s.arrivals != nil {
			s.Refused++
		}
	case notice.KernelDrops:
		if s.arrivals != nil {
			s.KernelDrops += e.New
		}
	}
}

func (s *arrivals) drop(counts [drop.NumReasons]uint64) {
	for reason, n := range counts {
		if n > 0 {
			s.Dropped[flute.DropReason(reason).String()] += n
		}
	}
}

// text writes the summary for people.
func (s *summary) text() string {
	var text strings.Builder
	what := "received"
	if s.sending {
		what = "sent"
	}
	_, _ = fmt.Fprintf(&text, "%s %s", what, count(s.Files, "file"))
	if s.Files > 0 {
		took := time.Duration(s.Seconds * float64(time.Second))
		_, _ = fmt.Fprintf(&text, ", %s in %s", formatBytes(s.Bytes), formatDuration(took))
	}
	switch {
	case s.Seconds == 0:
	case !s.again:
		_, _ = fmt.Fprintf(&text, ", %v", settings.BitRate(float64(s.Bytes)*8/s.Seconds))
	case s.Transfers > 0:
		_, _ = fmt.Fprintf(&text, "; %s, %s in datagrams", count(s.Transfers, "transfer"), formatBytes(s.SentBytes))
	}
	if s.Failed > 0 {
		_, _ = fmt.Fprintf(&text, "; %d failed", s.Failed)
	}
	if s.Unfinished > 0 {
		_, _ = fmt.Fprintf(&text, "; %d not finished", s.Unfinished)
	}
	if s.sending {
		return text.String()
	}
	if s.Refused > 0 {
		_, _ = fmt.Fprintf(&text, "; %d not wanted", s.Refused)
	}
	_, _ = fmt.Fprintf(&text, "\n%s, %d of them nothing new; %s lost and repaired", count(s.Datagrams, "datagram"),
		s.Duplicate, count(s.Repaired, "source symbol"))
	text.WriteString(accountText(&s.Account))
	if s.KernelDrops > 0 {
		_, _ = fmt.Fprintf(&text, "\n%s dropped by the system: the receive buffer was full",
			count(s.KernelDrops, "datagram"))
	}
	for reason := range drop.NumReasons {
		name := reason.String()
		switch n := s.Dropped[name]; {
		case n == 0:
		case reason == drop.Refused:
			_, _ = fmt.Fprintf(&text, "\n%s of files that were not wanted", count(n, "datagram"))
		case reason == drop.NoSession:
			_, _ = fmt.Fprintf(&text, "\n%s of no session: padding, or the end of one", count(n, "datagram"))
		default:
			_, _ = fmt.Fprintf(&text, "\n%s dropped: %s", count(n, "datagram"), name)
		}
	}
	return text.String()
}

// accountText tells people how well the sessions were received, as far as that is known.
func accountText(a *event.Account) string {
	var text strings.Builder
	if a.Due > 0 {
		_, _ = fmt.Fprintf(&text, "\nloss on the way: %s", percent(a.Loss))
		if a.WorstLoss > 0 {
			_, _ = fmt.Fprintf(&text, ", %s in the worst second", percent(a.WorstLoss))
		}
	}
	if a.Useful > 0 {
		_, _ = fmt.Fprintf(&text, "\n%s more received than needed", percent(a.Overhead))
	}
	switch {
	case a.MarginBlocks == 0:
	case a.LeastSurplus < 0:
		_, _ = fmt.Fprintf(&text, "; %s short in the source block with the highest loss",
			count(uint64(-a.LeastSurplus), "symbol"))
	default:
		_, _ = fmt.Fprintf(&text, "; of the source block with the highest loss %s more might have been lost",
			count(uint64(a.LeastSurplus), "symbol"))
	}
	return text.String()
}

// percent writes a share for people.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// count writes a number with its noun: 1 file, 2 files.
func count[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// show is the last word.
func (s *summary) show(out *output) {
	s.Seconds = s.last.Sub(s.first).Seconds()
	out.note("summary", s.totals, s.text())
}
