package sender

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// list puts a new object on the last page, or on a new one when that is full.
func (s *Session) list(o *object) {
	p := s.lastPage()
	if p == nil || !p.fits(s.cfg, o) {
		if p != nil && !p.turn && p.number != 0 {
			s.settled.push(p)
		}
		p = &page{}
		s.pages = append(s.pages, p)
	}
	p.add(o)
}

// lastPage returns the page of the newest objects, which says Complete; nil if there is none.
func (s *Session) lastPage() *page {
	if len(s.pages) == 0 {
		return nil
	}
	return s.pages[len(s.pages)-1]
}

// publish makes an FDT Instance of p, if an FDT Instance ID is free. A page on which nothing is left is forgotten.
func (s *Session) publish(p *page, t time.Time) (ok bool, err error) {
	s.forgetSettled(t)
	spare := p.size.bytes
	if !s.complete && p.number != 0 {
		spare = int((s.fileBytes - p.bytes) / uint64(2*fdtShare*(1+s.cfg.FDTTransfers)))
	}
	p.compact(s.cfg, spare, s.unlist)
	if len(p.objects) == 0 {
		s.forgetPage(p)
		return false, nil
	}
	files := make([]fdt.File, len(p.objects))
	for i, o := range p.objects {
		files[i] = o.entry
	}
	ok, err = s.fdt.publish(s.cfg, t, p, files, s.complete && p == s.lastPage())
	if err != nil {
		return false, err
	}
	if !ok {
		if !s.fdt.exhausted {
			s.fdt.exhausted = true
			s.emit(event.Warning{Text: "sender: all FDT Instance IDs are in use by FDT Instances that have not expired; waiting for " +
				s.fdt.retry.UTC().Format(time.RFC3339)})
		}
		return false, nil
	}
	for _, o := range p.objects {
		o.listed, o.until = p.number, latest(o.until, p.expires)
	}
	p.stale, p.bytes = false, s.fileBytes
	s.stats.FDTInstances++
	return true, nil
}

// unlist forgets an object that no further FDT Instance describes.
func (s *Session) unlist(o *object) {
	if o.state == finished {
		s.finished.drop(o)
		if s.location[o.entry.ContentLocation] == o {
			delete(s.location, o.entry.ContentLocation)
		}
	}
	s.tois.retire(o.toi, o.until)
}

// forgetSettled forgets the pages that have been described often enough, once that has expired or when they are too
// many: a session that goes on for ever does not remember all that it ever sent.
func (s *Session) forgetSettled(t time.Time) {
	for s.settled.len() > 0 && !s.complete {
		p := *s.settled.front()
		if !p.gone && !p.turn && p.expires.After(t) && s.live.objects+s.finished.objects <= maxDescribed {
			return
		}
		s.settled.pop()
		if !p.gone && !p.turn {
			s.forgetPage(p)
		}
	}
}

// forgetPage forgets a page without live objects. If it was the last one of a complete session, the one before says so
// now.
func (s *Session) forgetPage(p *page) {
	for _, o := range p.objects {
		s.unlist(o)
	}
	p.objects, p.gone, p.size = nil, true, tally{}
	s.goneBefore++
	for n := len(s.pages); n > 0 && s.pages[n-1].gone; n-- {
		s.pages[n-1] = nil
		s.pages = s.pages[:n-1]
		s.goneBefore--
	}
	if s.goneBefore > len(s.pages)/2 {
		s.pages = slices.DeleteFunc(s.pages, func(p *page) bool { return p.gone })
		s.goneBefore = 0
	}
	s.sayComplete()
}

// sayComplete makes the last page of a complete session say so, if it does not.
func (s *Session) sayComplete() {
	if p := s.lastPage(); p != nil && s.complete && !p.complete && s.cfg.Profile != fdt.MBMSDownload {
		p.stale = true
		if p.number != 0 {
			s.rotate(p)
		}
	}
}
