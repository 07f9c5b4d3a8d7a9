package sender

import "time"

// Which FDT Instance is sent when. That of a page goes out before the first of its files. From then on the page has its
// turn in the rotation: as long as files of it are to be sent, and some times after the last of them. When the session
// is complete and the last file is out, all pages have one turn more.

// fdtSpread is the least time from one transmission of an FDT Instance to the next after the last file: what takes one
// shall not take the other. Losses come in bursts of some milliseconds.
const fdtSpread = 100 * time.Millisecond

// rotate gives p the last turn, unless it has one.
func (l *plan) rotate(p *page) {
	if !p.turn {
		p.turn = true
		l.rotation.Push(turn{p, p.starts})
	}
}

// rotates reports whether the FDT Instance of p is to be sent again.
func (l *plan) rotates(p *page) bool {
	switch {
	case p.gone || p.number == 0:
		return false
	case p.live > 0:
		return true
	case l.complete && l.live.objects == 0 && p.final != l.stats.counts.Added:
		return true
	}
	return p.stale || p.sent < l.cfg.FDTTransfers || p.rounds-p.ended < l.cfg.FDTTransfers
}

// finale gives all pages a turn, after the last file of a complete session.
func (l *plan) finale() {
	for _, p := range l.pages {
		if !p.gone {
			l.rotate(p)
		}
	}
}

// next returns the page whose FDT Instance is to be sent next, and when; nil: none, as things are. wanted is the object
// that could be sent if it were described; nil: none.
func (l *plan) next(wanted *object, now time.Time) (p *page, at time.Time) {
	for p == nil && l.rotation.Len() > 0 {
		next := *l.rotation.Front()
		switch q := next.page; {
		case q.starts != next.starts: // it was sent since
			l.rotation.Pop()
		case l.rotates(q):
			p, at = q, l.repeatAt(q)
		default:
			l.rotation.Pop()
			if q.turn = false; q != l.last() && !q.gone {
				l.settled.Push(q)
			}
		}
	}
	if q := l.wrongPage(); q != nil {
		if first := l.announceAt(q, now); p == nil || first.Before(at) {
			p, at = q, first
		}
	}
	if wanted != nil {
		if wanted.page == nil {
			l.list(wanted)
		}
		first := l.announceAt(wanted.page, now)
		if l.hurry {
			first = l.renewAt(wanted.page, now)
		}
		if p == nil || !first.After(at) {
			return wanted.page, first
		}
	}
	return p, at
}

// wrongPage returns the first page whose FDT Instance describes what is gone; nil: there is none.
func (l *plan) wrongPage() *page {
	for l.wrong.Len() > 0 {
		p := *l.wrong.Front()
		if p.stale && !p.gone {
			return p
		}
		l.wrong.Pop().wrong = false
	}
	return nil
}

// repeatAt returns when p has its turn.
func (l *plan) repeatAt(p *page) time.Time {
	at := p.began.Add(l.cfg.FDTInterval)
	if l.live.objects > 0 {
		at = latest(at, l.sending.rest)
	} else {
		at = earliest(at, p.began.Add(fdtSpread))
	}
	if p.stale {
		at = latest(at, p.created.Add(l.cfg.FDTCollect))
	}
	if l.outdated(p, at) {
		at = latest(at, l.sending.retry)
	}
	return at
}

// announceAt returns when the FDT Instance of p can be sent because a file waits for it.
func (l *plan) announceAt(p *page, now time.Time) (at time.Time) {
	if p.number != 0 && p.stale && !l.enough(p) {
		at = p.created.Add(l.cfg.FDTCollect)
	}
	return latest(at, l.renewAt(p, now))
}

// An FDT Instance does not wait for more files if those that it would describe first are collectFiles, and have
// collectShare times as many bytes as it has.
const (
	collectFiles = 64
	collectShare = 16
)

// enough reports whether the new files of p need not wait for more: they are large beside their descriptions, and p has
// no room for more, or they are many, and as many as p had before. So the FDT Instances of a page are few, however fast
// files come.
func (l *plan) enough(p *page) bool {
	if p.fresh == 0 || p.freshBytes < collectShare*uint64(p.size.bytes) {
		return false
	}
	return p != l.last() || p.fresh >= max(collectFiles, len(p.objects)-p.fresh)
}

// renewAt returns when p can have the new FDT Instance that it needs; zero: it needs none, or can have it.
func (l *plan) renewAt(p *page, now time.Time) (at time.Time) {
	if l.outdated(p, now) {
		at = l.sending.retry
	}
	return at
}

// outdated reports whether p needs a new FDT Instance at t: it has changed, or the one that it has might expire before
// it is sent once more.
func (l *plan) outdated(p *page, t time.Time) bool {
	if p.number == 0 || p.stale {
		return true
	}
	margin := l.cfg.renewal()
	if p.live > 0 { // the rotation may take long
		margin = max(margin, 2*t.Sub(p.began))
	}
	return p.expires.Sub(t) < margin
}

// renewal is how long before its expiry an FDT Instance is replaced: early enough for receivers to miss its successor a
// few times, "the receiver MUST NOT use a received FDT Instance to interpret packets received beyond the expiration
// time" (RFC 6726, section 3.3).
func (c *Config) renewal() time.Duration { return min(c.FDTDuration/4, time.Minute) }

// advance begins to send what is due, if nothing is being sent.
func (l *plan) advance(wanted *object, now time.Time) error {
	for l.sending.page == nil {
		p, at := l.next(wanted, now)
		if p == nil || at.After(now) {
			break
		}
		if err := l.send(p, now); err != nil {
			return err
		}
	}
	return nil
}

// send begins a transmission of the FDT Instance of p, if it has one or can have one now.
func (l *plan) send(p *page, now time.Time) error {
	if l.outdated(p, now) {
		if ok, err := l.publish(p, now); !ok {
			return err
		}
	}
	final := p.final
	if l.live.objects == 0 {
		final = l.stats.counts.Added
	}
	l.sending.begin(p, now, final)
	p.turn = false // the one that it had is void
	l.rotate(p)
	return nil
}

// isNext reports whether the next packet is one of the FDT Instance that is being sent: its packets go between those of
// files, so that a burst of losses takes few of them and they leave most of the rate to the files. files tells whether
// some are in transfer.
func (l *plan) isNext(files bool, wanted *object) bool {
	switch {
	case !files || l.sending.urgent:
		return true
	case l.sending.gap >= fdtShare-1:
		return true
	}
	return l.sending.gap > 0 && wanted != nil
}

// expire ends the transmission of an FDT Instance that has expired, as after a time in which nobody asked for packets.
// A file in transfer that is described by none that is valid makes the next one urgent. It returns when to look again,
// as far as the transmission is concerned; zero: never.
func (l *plan) expire(now time.Time, undescribed bool) (next time.Time) {
	if p := l.sending.page; p != nil {
		if next = p.expires; !next.After(now) {
			l.sending.stop()
		}
	}
	l.sending.urgent = undescribed
	return next
}

// filePacket notes a packet of a file, of n bytes.
func (l *plan) filePacket(n int) {
	l.sending.gap++
	l.fileBytes += uint64(n)
	l.stats.packet(n)
}

// append appends the next packet of the FDT Instance that is being sent.
func (l *plan) append(b []byte, now time.Time) ([]byte, error) {
	start, p := len(b), l.sending.page
	b, err := l.sending.appendPacket(b, now)
	if l.sending.page == nil {
		l.settle(p)
	}
	if err == nil {
		l.stats.fdtPacket(len(b) - start)
	}
	return b, err
}
