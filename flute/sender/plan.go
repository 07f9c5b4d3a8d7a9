package sender

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/ring"
)

// plan is which files are described, in which FDT Instances, and which of these is sent when: the pages with the files
// of the session, in order of addition, and their turns.
type plan struct {
	cfg   *Config
	names *names
	stats *statistics

	works *worklist
	lease lease

	sending  announcer
	pages    []*page           // all files that are described or to be described
	rotation ring.Queue[turn]  // those whose FDT Instances are repeated, by the latest transmission
	settled  ring.Queue[*page] // those that were described often enough
	wrong    ring.Queue[*page] // those whose FDT Instance describes what is gone

	unlisted  int    // live objects that no page had yet
	live      tally  // objects with packets to come
	finished  tally  // objects sent as often as asked, on pages
	gonePages int    // forgotten ones in pages
	fileBytes uint64 // of the packets of files
	complete  bool   // no file will be added
	hurry     bool   // complete, and no FDT Instance was made since: none has to wait for files to share it
}

// tally counts objects and the bytes of their descriptions.
type tally struct{ objects, bytes int }

func (t *tally) add(o *object)  { t.objects++; t.bytes += o.room }
func (t *tally) drop(o *object) { t.objects--; t.bytes -= o.room }

// end notes that no packets of o are to come: it is finished, or gone.
func (l *plan) end(o *object) {
	l.live.drop(o)
	switch {
	case o.page == nil:
		l.endUnlisted(o)
	case o.state == finished:
		l.finished.add(o)
		fallthrough
	default:
		o.page.end(o, l.sending.page == o.page)
		l.correct(o.page)
	}
	if l.complete && l.live.objects == 0 {
		l.finale()
	}
}

// bury has a finished object no longer described.
func (l *plan) bury(o *object) {
	o.state = gone
	if o.page == nil {
		return
	}
	l.finished.drop(o)
	o.page.leave(o)
	l.correct(o.page)
}

// correct has the FDT Instance of p replaced soon, if it describes what is gone.
func (l *plan) correct(p *page) {
	if p.stale && p.number != 0 && !p.wrong {
		p.wrong = true
		l.wrong.Push(p)
	}
}

// close has the last page say Complete.
func (l *plan) close() {
	l.complete, l.hurry = true, true
	l.sayComplete()
	if l.live.objects == 0 {
		l.finale()
	}
}

// last returns the page of the newest objects, which says Complete; nil if there is none.
func (l *plan) last() *page {
	if len(l.pages) == 0 {
		return nil
	}
	return l.pages[len(l.pages)-1]
}

// publish makes an FDT Instance of p, if an FDT Instance ID is free. A page on which nothing is left is forgotten.
func (l *plan) publish(p *page, now time.Time) (ok bool, err error) {
	if !l.mayPublish(now, expiry(l.cfg, now)) {
		l.sending.retry = now.Add(keepPoll)
		return false, nil
	}
	l.forgetSettled(now)
	p.compact(l.cfg, l.spare(p), l.unlist)
	if len(p.objects) == 0 {
		l.forgetPage(p)
		return false, nil
	}
	entries := make([]*fdt.Entry, len(p.objects))
	for i, o := range p.objects {
		entries[i] = o.entry
	}
	complete := l.complete && p == l.last() && l.unlisted == 0
	ok, err = l.sending.publish(now, p, entries, complete, l.describesAll(p))
	if err != nil {
		return false, err
	}
	if !ok {
		if !l.sending.exhausted {
			l.sending.exhausted = true
			l.stats.warn("all FDT Instance IDs are in use by FDT Instances that have not expired; waiting for " +
				l.sending.retry.UTC().Format(time.RFC3339))
		}
		return false, nil
	}
	for _, o := range p.objects {
		o.listed, o.until = p.number, latest(o.until, p.expires)
	}
	p.fresh, p.freshBytes = 0, 0
	p.stale, p.bytes, l.hurry = false, l.fileBytes, false
	l.stats.published(p)
	return true, nil
}

// spare returns how many bytes of the next FDT Instance of p may describe files that were described often enough: all,
// unless there was an Instance of p and more files may follow. What they take is a part of what files took since.
func (l *plan) spare(p *page) int {
	switch {
	case l.cfg.prompt():
		return 0
	case l.complete || p.number == 0:
		return p.size.bytes
	}
	return int((l.fileBytes - p.bytes) / uint64(2*fdtShare*(1+l.cfg.FDTTransfers)))
}

// forgetSettled forgets the pages that have been described often enough, once that has expired or when they are too
// many: a session that goes on for ever does not remember all that it ever sent.
func (l *plan) forgetSettled(now time.Time) {
	for l.settled.Len() > 0 && !l.complete {
		p := *l.settled.Front()
		if !p.gone && !p.turn && p.expires.After(now) && l.live.objects+l.finished.objects <= maxDescribed {
			return
		}
		l.settled.Pop()
		if !p.gone && !p.turn {
			l.forgetPage(p)
		}
	}
}

// forgetPage forgets a page without live objects. If it was the last one of a complete session, the one before says so
// now.
func (l *plan) forgetPage(p *page) {
	for _, o := range p.objects {
		l.unlist(o)
	}
	p.objects, p.gone, p.size = nil, true, tally{}
	l.gonePages++
	for n := len(l.pages); n > 0 && l.pages[n-1].gone; n-- {
		l.pages[n-1] = nil
		l.pages = l.pages[:n-1]
		l.gonePages--
	}
	if l.gonePages > len(l.pages)/2 {
		l.pages = slices.DeleteFunc(l.pages, func(p *page) bool { return p.gone })
		l.gonePages = 0
	}
	l.sayComplete()
	if q := l.last(); q != nil && !q.full && l.describesAll(q) {
		q.stale = true
		l.correct(q)
	}
}

// sayComplete makes the last page of a complete session say so, if it does not.
func (l *plan) sayComplete() {
	if p := l.last(); p != nil && l.complete && l.unlisted == 0 && !p.complete && l.cfg.Profile != fdt.MBMSDownload {
		p.stale = true
		if p.number != 0 {
			l.rotate(p)
		}
	}
}
