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

// started takes the start of an object.
func (p *process) started(o object) {
	p.w.result.Figures.Checks[Objects]++
	p.objects[o] = open
}

// ends takes the end of an object.
func (p *process) ends(o object, how string, silent bool) {
	p.w.result.Figures.Checks[Objects]++
	if p.objects[o] == over && !silent && !p.missed {
		p.w.failLocked(Objects, "TOI %v of session %v: %s after its end", o.toi, o.session, how)
	}
	p.objects[o] = over
}

// failed takes the end of an object, or of a try.
func (p *process) failed(o object, reason string, retry bool) {
	p.w.result.Figures.Checks[Objects]++
	if retry {
		p.objects[o] = none
		return
	}
	p.objects[o] = over
}

// closed takes the end of a session: each of its objects must have its own.
func (p *process) closed(key flute.SessionKey) {
	for o, phase := range p.objects {
		if o.session != key {
			continue
		}
		p.w.result.Figures.Checks[Objects]++
		if phase == open && !p.missed {
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
	for o, phase := range p.objects {
		if phase == open {
			w.failLocked(Objects, "TOI %v of session %v has no end when the node has stopped", o.toi, o.session)
		}
	}
}
