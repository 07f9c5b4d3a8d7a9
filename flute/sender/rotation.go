package sender

import "time"

// Which FDT Instance is sent when. That of a page goes out before the first of its files. From then on the page has its
// turn in the rotation: as long as files of it are to be sent, and some times after the last of them. When the session
// is complete and the last file is out, all pages have one turn more.

// fdtSpread is the least time from one transmission of an FDT Instance to the next after the last file: what takes one
// shall not take the other. Losses come in bursts of some milliseconds.
const fdtSpread = 100 * time.Millisecond

// rotate gives p the last turn, unless it has one.
func (s *Session) rotate(p *page) {
	if !p.turn {
		p.turn = true
		s.rotation.push(turn{p, p.starts})
	}
}

// rotates reports whether the FDT Instance of p is to be sent again.
func (s *Session) rotates(p *page) bool {
	switch {
	case p.gone || p.number == 0:
		return false
	case p.live > 0:
		return true
	case s.complete && s.live.objects == 0 && p.final != s.stats.Added:
		return true
	}
	return p.stale || p.sent < s.cfg.FDTTransfers || p.rounds-p.ended < s.cfg.FDTTransfers
}

// finale gives all pages a turn, after the last file of a complete session.
func (s *Session) finale() {
	for _, p := range s.pages {
		if !p.gone && p.number != 0 {
			s.rotate(p)
		}
	}
}

// wanted returns the page without whose description the next file cannot be sent (RFC 6726, section 3.3: "sent at least
// once before sending the described file"); nil: there is no such file, or no lane for it.
func (s *Session) wanted() *page {
	if len(s.lanes) >= s.cfg.Parallel {
		return nil
	}
	if o := s.head(); o != nil && !s.covers(o) {
		return o.page
	}
	return nil
}

// covers reports whether an FDT Instance that describes o was sent, and will be valid for some time.
func (s *Session) covers(o *object) bool {
	return s.clock.now.Before(o.covered.Add(-renewal(s.cfg)))
}

// nextPage returns the page whose FDT Instance is to be sent next, and when; nil: none, as things are.
func (s *Session) nextPage() (p *page, at time.Time) {
	for p == nil && s.rotation.len() > 0 {
		next := *s.rotation.front()
		switch q := next.page; {
		case q.starts != next.starts: // it was sent since
			s.rotation.pop()
		case s.rotates(q):
			p, at = q, s.repeatAt(q)
		default:
			s.rotation.pop()
			if q.turn = false; q != s.lastPage() && !q.gone {
				s.settled.push(q)
			}
		}
	}
	if w := s.wanted(); w != nil {
		if first := s.announceAt(w); p == nil || !first.After(at) {
			return w, first
		}
	}
	return p, at
}

// repeatAt returns when p has its turn.
func (s *Session) repeatAt(p *page) time.Time {
	at := p.began.Add(s.cfg.FDTInterval)
	if s.live.objects > 0 {
		at = latest(at, s.fdt.rest)
	} else {
		at = earliest(at, p.began.Add(fdtSpread))
	}
	if p.stale {
		at = latest(at, p.created.Add(s.cfg.FDTCollect))
	}
	if s.outdated(p, at) {
		at = latest(at, s.fdt.retry)
	}
	return at
}

// announceAt returns when the FDT Instance of p can be sent because a file waits for it.
func (s *Session) announceAt(p *page) (at time.Time) {
	if p.number != 0 && p.stale {
		at = p.created.Add(s.cfg.FDTCollect)
	}
	if s.outdated(p, s.clock.now) {
		at = latest(at, s.fdt.retry)
	}
	return at
}

// outdated reports whether p needs a new FDT Instance at t: it has changed, or the one that it has might expire before
// it is sent once more.
func (s *Session) outdated(p *page, t time.Time) bool {
	if p.number == 0 || p.stale {
		return true
	}
	margin := renewal(s.cfg)
	if p.live > 0 { // the rotation may take long
		margin = max(margin, 2*t.Sub(p.began))
	}
	return p.expires.Sub(t) < margin
}

// renewal is how long before its expiry an FDT Instance is replaced: early enough for receivers to miss its successor a
// few times, "the receiver MUST NOT use a received FDT Instance to interpret packets received beyond the expiration
// time" (RFC 6726, section 3.3).
func renewal(cfg *Config) time.Duration { return min(cfg.FDTDuration/4, time.Minute) }

// send begins a transmission of the FDT Instance of p, if it has one or can have one now.
func (s *Session) send(p *page, t time.Time) error {
	if s.outdated(p, t) {
		if ok, err := s.publish(p, t); !ok {
			return err
		}
	}
	final := p.final
	if s.live.objects == 0 {
		final = s.stats.Added
	}
	s.fdt.begin(p, t, final)
	p.turn = false // the one that it had is void
	s.rotate(p)
	return nil
}

// fdtIsNext reports whether the next packet is one of the FDT Instance that is being sent: its packets go between those
// of files, so that a burst of losses takes few of them and they leave most of the rate to the files.
func (s *Session) fdtIsNext() bool {
	switch {
	case s.fdt.page == nil:
		return false
	case len(s.lanes) == 0 || s.fdt.urgent:
		return true
	case s.fdt.gap >= fdtShare-1:
		return true
	}
	return s.fdt.gap > 0 && s.wanted() != nil
}

// checkExpiry ends the transmission of an FDT Instance that has expired, as after a time in which nobody asked for
// packets. It makes the next one urgent when a file in transfer is described by none that is valid, and returns when to
// check again.
func (s *Session) checkExpiry(t time.Time) (next time.Time) {
	if p := s.fdt.page; p != nil {
		if next = p.expires; !next.After(t) {
			s.fdt.stop()
		}
	}
	s.fdt.urgent = false
	for _, c := range s.lanes {
		if until := c.object.covered; !until.After(t) {
			s.fdt.urgent = true
		} else if next.IsZero() || until.Before(next) {
			next = until
		}
	}
	return next
}

// appendFDT appends the next packet of the FDT Instance that is being sent.
func (s *Session) appendFDT(b []byte, t time.Time) ([]byte, error) {
	start := len(b)
	b, err := s.fdt.appendPacket(b, t)
	if err != nil {
		return b, err
	}
	s.stats.FDTPackets++
	s.stats.count(len(b) - start)
	if s.fdt.page == nil {
		s.alarm = time.Time{}
	}
	return b, nil
}
