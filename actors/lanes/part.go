package lanes

import "time"

// lends is how many times as many places as a disk has may be lent, by Works in parts that hang. Each takes a thread,
// of which a process has 10,000.
const lends = 3

// part is a part of a disk that may hang alone, such as a folder of another file system. What waits for one that hangs
// would take all places of the disk in time, so that the other parts would hang, too. So the Works that run there lend
// their places to others, and those that come wait here. Lanes.mu guards it.
type part struct {
	name  string
	works int           // that run
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

// begin has the Work begin in its part. False: it waits there. l.mu is held.
func (v *visit) begin(e *Entry, now time.Time) bool {
	name, d := e.part, v.disk
	if name == "" {
		return true
	}
	p := d.parts[name]
	if p == nil {
		if d.parts == nil {
			d.parts = map[string]*part{}
		}
		p = &part{name: name, since: now}
		d.parts[name] = p
	}
	if d.hasToWait(p, now) {
		p.parks.push(e.session, e)
		return false
	}
	if p.works++; p.works == 1 {
		p.since = now
	}
	p.probe, v.part = now, p
	return true
}

// hasToWait reports whether another Work of p has to wait. While the disk has places enough none has. Of a part that
// hangs one is tried now and then, at growing intervals. l.mu is held.
func (d *disk) hasToWait(p *part, now time.Time) bool {
	return p.hangs(now) && len(d.visits) > d.atOnce/2 && now.Sub(p.probe) < now.Sub(p.since)/2
}

// hangs reports whether no Work of p has ended for slowAfter, though some run.
func (p *part) hangs(now time.Time) bool { return p.works > 0 && now.Sub(p.since) >= slowAfter }

// leavePart ends the stay of a Work in its part, which answers. l.mu is held.
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
	p.since = time.Now()
	for e, ok := p.parks.pop(); ok; e, ok = p.parks.pop() {
		d.waiting.push(e.session, e)
		v.lanes.serveMore(d)
	}
	if p.works--; p.works == 0 {
		delete(d.parts, p.name)
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
