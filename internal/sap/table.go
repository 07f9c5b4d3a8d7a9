package sap

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// maxAnnouncements bounds what a Table keeps, maxOfOrigin what it keeps of one origin.
	maxAnnouncements, maxOfOrigin = 1024, 64
	// leastLife is how long an announcement is kept at least that is not heard again, and lives how many times its
	// interval (RFC 2974, section 4).
	leastLife = time.Hour
	lives     = 10
)

// Announcement is a session description that was heard.
type Announcement struct {
	Packet
	First, Last time.Time
	interval    time.Duration
}

type announcementID struct {
	origin netip.Addr
	hash   uint16
}

// Table is what was heard. The zero value is ready to use.
type Table struct {
	heard   map[announcementID]*Announcement
	Refused uint64 // announcements that there was no place for
}

// Take takes a packet. It reports whether that changes anything: a is new, or was deleted. A deletion is believed of
// the origin that it names: authentication data are not verified.
func (t *Table) Take(now time.Time, p *Packet) (a *Announcement, news bool) {
	id := announcementID{p.Origin, p.Hash}
	known := t.heard[id]
	switch {
	case p.Deletion && known == nil:
		return nil, false
	case p.Deletion:
		delete(t.heard, id)
		known.Deletion = true
		return known, true
	case known != nil:
		known.interval = max(known.interval, now.Sub(known.Last))
		known.Last = now
		return known, false
	}
	of := 0
	for other := range t.heard {
		if other.origin == p.Origin {
			of++
		}
	}
	if len(t.heard) >= maxAnnouncements || of >= maxOfOrigin {
		t.Refused++
		return nil, false
	}
	if t.heard == nil {
		t.heard = map[announcementID]*Announcement{}
	}
	a = &Announcement{Packet: *p, First: now, Last: now}
	t.heard[id] = a
	return a, true
}

// Expire forgets announcements that were not heard for long, and returns them, the oldest first.
func (t *Table) Expire(now time.Time) (expired []*Announcement) {
	for id, a := range t.heard {
		if now.Sub(a.Last) >= max(leastLife, lives*a.interval) {
			delete(t.heard, id)
			expired = append(expired, a)
		}
	}
	slices.SortFunc(expired, func(a, b *Announcement) int { return a.Last.Compare(b.Last) })
	return expired
}
