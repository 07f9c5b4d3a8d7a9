package simulator

import "github.com/flute-node/flute-node/flute"

// The methods below check the promises on packets and objects. The caller holds world.mu.

// count checks the counters of a session.
func (p *process) count(key flute.SessionKey, c flute.Counters) {
	p.counters[key] = c
	p.w.result.Figures.Checks[Packets]++
	if sum := c.Accepted + c.Duplicate + c.DropTotal(); sum != c.Received {
		p.w.failLocked(Packets, "session %v: received %d, counted %d", key, c.Received, sum)
	}
}

// progress is how many objects of one TOI have begun and not ended. After a restart of its sender with the same numbers
// the TOI may name another object while the one before is being published.
type progress struct {
	open int
	over bool // one has ended
}

// started takes the start of an object.
func (p *process) started(o object) {
	p.w.result.Figures.Checks[Objects]++
	x := p.objects[o]
	if x.open > 0 && !p.missed && !p.w.sameNumbers() {
		p.w.failLocked(Objects, "TOI %v of session %v: started before its end", o.toi, o.session)
	}
	x.open++
	p.objects[o] = x
}

// ends takes the end of an object.
func (p *process) ends(o object, how string, silent bool) {
	p.w.result.Figures.Checks[Objects]++
	x := p.objects[o]
	if x.over && x.open == 0 && !silent && !p.missed {
		p.w.failLocked(Objects, "TOI %v of session %v: %s after its end", o.toi, o.session, how)
	}
	p.objects[o] = progress{max(0, x.open-1), true}
}

// failed takes the end of an object, or of a try, which another one may follow.
func (p *process) failed(o object, retry bool) {
	p.w.result.Figures.Checks[Objects]++
	x := p.objects[o]
	p.objects[o] = progress{max(0, x.open-1), !retry}
}

// closed takes the end of a session: each of its objects must have its own.
func (p *process) closed(key flute.SessionKey) {
	for o, x := range p.objects {
		if o.session != key {
			continue
		}
		p.w.result.Figures.Checks[Objects]++
		if x.open > 0 && !p.missed {
			p.w.failLocked(Objects, "TOI %v of session %v has no end", o.toi, key)
		}
		delete(p.objects, o)
	}
}

// accounted checks, after the end of the node, that every datagram that was read was counted once.
func (p *process) accounted() {
	w := p.w
	var read, known uint64
	for _, r := range p.receptions {
		n, dropped := r.Datagrams()
		read += n
		for _, d := range dropped {
			known += d
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	known += p.counted
	for _, c := range p.counters {
		known += c.Received
	}
	var tapped uint64
	for _, t := range p.taps {
		tapped += t.read
	}
	if p.missed {
		return
	}
	w.result.Figures.Checks[Packets]++
	if read != known || read != tapped {
		w.failLocked(Packets, "%d datagrams arrived, %d were read, %d were counted", tapped, read, known)
	}
	for o, x := range p.objects {
		if x.open > 0 {
			w.failLocked(Objects, "TOI %v of session %v has no end when the node has stopped", o.toi, o.session)
		}
	}
}
