package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// completion is what a session knows about having everything: the sender said so, and all that it described has its
// end.
type completion struct {
	said     bool      // an FDT Instance said Complete="true"
	since    time.Time // when one said so last
	by       flute.InstanceID
	repeats  int              // transmissions of it that began since news
	latest   flute.InstanceID // of the packet of an FDT Instance that came last
	at       time.Time        // when
	told     bool             // SessionComplete was emitted
	news     time.Time        // when an FDT Instance that is not known whole was last heard of
	check    time.Time        // when to look next; zero: no reason to
	ends     bool             // objects have ended since the last look
	failed   int              // described objects that failed for good
	done     int              // described objects that completed
	unwanted int              // described objects that were refused
	refused  map[string]struct{}
}

const (
	// completeGrace is how long no FDT Instance may be new before SessionComplete is emitted, unless the sender closed
	// the session. Complete="true" says that no later Instance describes another file (RFC 6726, section 3.4.2); an
	// earlier one that was lost may. Senders repeat their Instances about every second.
	completeGrace = 2 * time.Second
	// completeRepeats is how often the FDT Instance that said Complete must come again meanwhile: between two of these
	// a sender of many Instances has sent the others.
	completeRepeats = 2
	// repeatPause separates two transmissions of an FDT Instance between which no other was heard.
	repeatPause = 500 * time.Millisecond
	// completeSilence is when a session repeats nothing any more: it is silent.
	completeSilence = 5 * time.Second
	// completePoll is the least time between two looks at all objects, which may be many.
	completePoll = 250 * time.Millisecond
	// maxRefused bounds the refused File elements that are remembered, to be counted as failed.
	maxRefused = 1024
)

// heard notes a packet of an FDT Instance, of which something is known already or not.
func (c *completion) heard(now time.Time, id flute.InstanceID, isNew bool) {
	again := id == c.latest && now.Before(c.at.Add(repeatPause))
	c.latest, c.at = id, now
	switch {
	case isNew:
		c.news, c.repeats = now, 0
	case c.said && id == c.by && !again:
		if c.repeats++; c.repeats == completeRepeats {
			c.look(now)
		}
	}
}

// announced notes that FDT Instance id said Complete.
func (c *completion) announced(now time.Time, id flute.InstanceID) {
	c.said, c.since, c.by, c.repeats = true, now, id, 0
	c.look(now.Add(completeGrace))
}

// look makes the session look at its objects at t or earlier.
func (c *completion) look(t time.Time) {
	if c.said && !c.told && (c.check.IsZero() || t.Before(c.check)) {
		c.check = t
	}
}

// refuse notes that a File element cannot be used: toi as it is written there.
func (c *completion) refuse(toi string) {
	if c.refused == nil {
		c.refused = map[string]struct{}{}
	}
	if len(c.refused) < maxRefused {
		c.refused[toi] = struct{}{}
	}
}

// accept notes that the File element of toi can be used, perhaps after all.
func (c *completion) accept(toi flute.TOI) {
	if c.refused != nil { // seldom
		delete(c.refused, toi.String())
	}
}

// completed counts the end of e. What is gone belongs to a sender before.
func (c *completion) completed(e *entry) {
	c.ends = true
	if !e.gone && !e.repeated {
		c.done++
	}
}

// lost counts the end of e, which failed. A superseded object has a successor, which counts instead.
func (c *completion) lost(e *entry, reason event.FailReason) {
	c.ends = true
	if !e.gone && !e.repeated && e.file != nil && reason != event.FailSuperseded {
		c.failed++
	}
}

// refusedObject counts the end of e, which is not wanted.
func (c *completion) refusedObject(e *entry) {
	c.ends = true
	if !e.gone {
		c.unwanted++
	}
}

// Complete reports whether an FDT Instance said that no file will follow, and every object has its final state (RFC
// 6726, section 3.4.2).
func (s *Session) Complete() bool {
	if !s.l.completion.said {
		return false
	}
	for _, e := range s.l.entries {
		if e.file != nil && !e.ended() && !e.repeated {
			return false
		}
	}
	return len(s.l.leaving) == 0 && len(s.l.deferred) == 0
}

// deadline returns when tellComplete has something to do; zero: not before something happens.
func (c *completion) deadline(last time.Time) time.Time {
	if c.ends && c.said && !c.told {
		return last
	}
	return c.check
}

// tellComplete emits SessionComplete once everything is there, and no FDT Instance is under way that may describe more.
func (s *Session) tellComplete(now time.Time) {
	c := &s.l.completion
	if c.ends {
		c.ends = false
		c.look(now.Add(completePoll))
	}
	if !due(c.check, now) {
		return
	}
	c.check = noTime
	if s.l.closing.IsZero() {
		at := c.news.Add(completeGrace)
		if silent := s.l.last.Add(completeSilence); c.repeats < completeRepeats && silent.After(at) {
			at = silent
		}
		if now.Before(at) {
			c.check = at
			return
		}
	} else if s.unread() {
		return
	}
	if s.Complete() {
		s.emitComplete()
	}
}

// unread reports whether an FDT Instance is not whole that came after the one which said Complete: nobody knows what it
// describes.
func (s *Session) unread() bool {
	for _, in := range s.l.instances {
		if in.object != nil && in.touched.After(s.l.completion.since) {
			return true
		}
	}
	return false
}

// tellCompleteAtEnd emits SessionComplete of a session that ends.
func (s *Session) tellCompleteAtEnd() {
	if !s.l.completion.told && s.Complete() && !s.unread() {
		s.emitComplete()
	}
}

func (s *Session) emitComplete() {
	c := &s.l.completion
	c.told, c.check = true, noTime
	s.emit(event.SessionComplete{
		Session: s.l.key, Completed: c.done, Failed: c.failed + len(c.refused), Refused: c.unwanted,
	})
}
