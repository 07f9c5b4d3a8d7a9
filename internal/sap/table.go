package sap

import (
	"net/netip"
	"slices"
	"time"
)

const (
	// maxAnnouncements bounds what a Table keeps, maxOfSource what it keeps of one source.
	maxAnnouncements, maxOfSource = 1024, 64
	// leastLife is how long an announcement is kept at least that is not heard again, and lives how many times its
	// interval (RFC 2974, section 4).
	leastLife = time.Hour
	lives     = 10
)

// Announcement is a session description that was heard.
type Announcement struct {
	Packet
	Source      netip.Addr // where it came from
	First, Last time.Time
	interval    time.Duration
}

// announcementID names an announcement by what its packets say, and by where they come from: another machine that says
// the same neither replaces nor deletes it.
type announcementID struct {
	source, origin netip.Addr
	hash           uint16
}

// Table is what was heard. The zero value is ready to use.
type Table struct {
	heard   map[announcementID]*Announcement
	Refused uint64 // announcements that there was no place for
}

// Take takes a packet that came from the address source. It reports whether that changes anything: a is new, or was
// deleted. RFC 2974, section 4, wants a deletion without authentication header to be ignored. No header is
// verified here: a deletion is believed of the address that the announcement came from, and of no other.
func (t *Table) Take(now time.Time, source netip.Addr, p *Packet) (a *Announcement, news bool) {
	id := announcementID{source, p.Origin, p.Hash}
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
		if other.source == source {
			of++
		}
	}
	if len(t.heard) >= maxAnnouncements || of >= maxOfSource {
		t.Refused++
		return nil, false
	}
	if t.heard == nil {
		t.heard = map[announcementID]*Announcement{}
	}
	a = &Announcement{Packet: *p, Source: source, First: now, Last: now}
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
