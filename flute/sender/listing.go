package sender

import (
	"cmp"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// publish makes the next FDT Instance the current one, if an FDT Instance ID is free.
func (s *Session) publish(t time.Time) error {
	s.compact()
	listed := s.list()
	if len(listed) == 0 {
		s.fdt.retire(s.cfg)
		return nil
	}
	files := make([]fdt.File, len(listed))
	for i, o := range listed {
		files[i] = o.entry
	}
	ok, err := s.fdt.publish(s.cfg, t, files, s.complete)
	if err != nil {
		return err
	}
	if !ok {
		if !s.fdt.exhausted {
			s.fdt.exhausted = true
			s.emit(event.Warning{Text: "sender: all FDT Instance IDs are in use by FDT Instances that have not expired; waiting for " +
				s.fdt.retry.UTC().Format(time.RFC3339)})
		}
		return nil
	}
	for _, o := range listed {
		o.listed, o.until = s.fdt.number, latest(o.until, s.fdt.expires)
	}
	s.dirty = false
	s.stats.FDTInstances++
	return nil
}

// fit reports whether one FDT Instance has room for as many objects.
func (s *Session) fit(t tally) bool { return t.objects <= s.cfg.FDTFiles && t.bytes <= s.cfg.FDTBytes }

// allFit reports whether one FDT Instance can describe all objects of the session.
func (s *Session) allFit() bool {
	return s.fit(tally{s.live.objects + s.finished.objects, s.live.bytes + s.finished.bytes})
}

// compact drops the objects that are gone, and those that finished once they are too many for one FDT Instance: a
// session that goes on for ever does not remember all that it ever sent.
func (s *Session) compact() {
	forget := !s.complete && !s.allFit()
	kept := s.entries[:0]
	for _, o := range s.entries {
		switch {
		case o.state == gone:
		case o.state == finished && forget:
			s.forgot = true
			s.finished.drop(o)
			delete(s.location, o.entry.ContentLocation)
		default:
			kept = append(kept, o)
			continue
		}
		s.tois.retire(o.toi, o.until)
	}
	clear(s.entries[len(kept):])
	s.entries = kept
}

// list returns what the next FDT Instance describes, in order of addition: all files with packets to come, or, where
// these are too many, those that come first; of a complete session all files. After the last file it describes those
// that the FDT Instance before it does.
func (s *Session) list() []*object {
	if s.complete || s.fit(s.live) {
		listed := make([]*object, 0, len(s.entries))
		for _, o := range s.entries {
			if o.live() || s.complete || (s.live.objects == 0 && s.covers(o)) {
				listed = append(listed, o)
			}
		}
		return listed
	}
	// The head of the queue comes before the objects in transfer, which were described before: an FDT Instance that left it
	// out would change nothing, and the next one be due at once.
	listed := make([]*object, 0, min(s.cfg.FDTFiles, len(s.entries)))
	var used tally
	list := func(o *object) bool {
		used.add(o)
		if len(listed) > 0 && !s.fit(used) {
			return false
		}
		listed = append(listed, o)
		return true
	}
	head := s.head()
	room := head == nil || list(head)
	for i := 0; room && i < len(s.lanes); i++ {
		room = list(s.lanes[i].object)
	}
	for _, q := range []*fifo[*object]{&s.queue, &s.waiting} {
		for i := 0; room && i < q.len(); i++ {
			if o := *q.at(i); o.live() && o != head {
				room = list(o)
			}
		}
	}
	slices.SortFunc(listed, func(a, b *object) int { return cmp.Compare(a.number, b.number) })
	return listed
}
