package lanes

import (
	"strings"
	"time"
)

// lends is how many times as many places as a disk has may be lent, by Works in parts that hang. Each takes a thread,
// of which a process has 10,000.
const lends = 3

// triedParts is in how many parts of one that hangs a Work each is tried: some may answer.
const triedParts = 8

// part is a part of a disk that may hang alone, such as a folder of another file system. What waits for one that hangs
// would take all places of the disk in time, so that the other parts would hang, too. So the Works that run there lend
// their places to others, and those that come wait here. A part may be in another one, of which it is not known which
// of them is the file system: both are judged. Lanes.mu guards it.
type part struct {
	name  string
	above *part         // that it is in; nil: the disk
	inner int           // parts in it of which Works run
	works int           // that run, also those of inner parts
	own   int           // of these, those of no inner part
	since time.Time     // when one of its Works has ended last, or the first one has begun
	probe time.Time     // when a Work has begun last
	parks turns[*Entry] // Works that wait until the part answers
}

// partOf returns the part of the disk that a Work may wait for; empty: none in particular. Such a Work has a method
// Part.
func partOf(w Work) string {
	if p, ok := w.(interface{ Part() string }); ok {
		return p.Part()
	}
	return ""
}

// above returns the name of the part that a part is in; empty: it is in none.
func above(name string) string { return name[:max(0, strings.LastIndexByte(name, '/'))] }

// begin has the Work begin in its part. False: it waits there. l.mu is held.
func (v *visit) begin(e *Entry, now time.Time) bool {
	d := v.disk
	if p := d.inTheWay(e.part, now); p != nil {
		p.parks.push(e.session, e)
		return false
	}
	if v.part = d.enter(e.part, now); v.part != nil {
		v.part.own++
	}
	return true
}

// enter counts a Work that begins in a part, and returns that; nil: the name is empty. l.mu is held.
func (d *disk) enter(name string, now time.Time) *part {
	if name == "" {
		return nil
	}
	p := d.parts[name]
	if p == nil {
		if d.parts == nil {
			d.parts = map[string]*part{}
		}
		p = &part{name: name, since: now}
		d.parts[name] = p
	}
	p.above = d.enter(above(name), now)
	if p.works++; p.works == 1 {
		p.since = now
		if p.above != nil {
			p.above.inner++
		}
	}
	p.probe = now
	return p
}

// inTheWay returns the part for which another Work of the part name has to wait: that one, or one that it is in; nil:
// none. Of one that has others in it a few are tried with a Work each: it may be another one of them that hangs. l.mu
// is held.
func (d *disk) inTheWay(name string, now time.Time) *part {
	tried := false // a Work runs where this one is to
	for of := name; of != ""; of = above(of) {
		p := d.parts[of]
		if p == nil {
			continue
		}
		if of == name {
			tried = p.own > 0
		}
		if (tried || p.inner >= triedParts) && d.hasToWait(p, now) {
			return p
		}
		tried = true
	}
	return nil
}

// hasToWait reports whether another Work of p has to wait. While the disk has places enough none has. Of a part that
// hangs one is tried now and then, at growing intervals. l.mu is held.
func (d *disk) hasToWait(p *part, now time.Time) bool {
	return p.hangs(now) && len(d.visits) > d.atOnce/2 && now.Sub(p.probe) < now.Sub(p.since)/2
}

// hangs reports whether no Work of p has ended for slowAfter, though some run.
func (p *part) hangs(now time.Time) bool { return p.works > 0 && now.Sub(p.since) >= slowAfter }

// leavePart ends the stay of a Work in its part, which answers, and with it those that it is in. l.mu is held.
func (v *visit) leavePart() {
	p, d := v.part, v.disk
	if p == nil {
		return
	}
	v.part = nil
	if v.lent {
		v.lent = false
		d.lent--
	}
	p.own--
	for now := time.Now(); p != nil; p = p.above {
		p.since = now
		for e, ok := p.parks.pop(); ok; e, ok = p.parks.pop() {
			d.waiting.push(e.session, e)
			v.lanes.serveMore(d)
		}
		if p.works--; p.works > 0 {
			continue
		}
		delete(d.parts, p.name)
		if p.above != nil {
			p.above.inner--
		}
	}
}

// lend has Works that wait for a part that hangs lend their places. l.mu is held.
func (d *disk) lend(l *Lanes, now time.Time) {
	for _, v := range d.visits {
		if p := v.part; p != nil && !v.lent && !v.since.IsZero() && now.Sub(v.since) >= slowAfter && p.hangs(now) &&
			d.lent < lends*d.atOnce {
			v.lent = true
			d.lent++
		}
	}
	for _, p := range d.parts {
		if p.parks.n > 0 && !d.hasToWait(p, now) {
			e, _ := p.parks.pop()
			d.waiting.push(e.session, e)
		}
	}
	for range min(d.waiting.n, d.atOnce) {
		l.serveMore(d)
	}
}
