package receiver

import (
	"bytes"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// merge adds the File elements of f to the database, which is the union of all FDT Instances that have not expired
// (RFC 6726, section 3.2): a file that a later FDT Instance leaves out stays.
func (s *Session) merge(now time.Time, f *fdt.Instance, expires time.Time) {
	l := s.l
	report := event.FDTReceived{Session: l.key, ID: f.ID, Expires: f.Expires, Complete: f.Complete}
	for _, r := range f.Rejected {
		report.Rejected = append(report.Rejected, fmt.Sprintf("TOI %s: %s", r.TOI, r.Reason))
	}
	for i := range f.Files {
		file := &f.Files[i]
		if err := s.mergeFile(now, f.ID, file, expires); err != nil {
			report.Rejected = append(report.Rejected, fmt.Sprintf("TOI %v: %v", file.TOI, err))
			continue
		}
		report.Files++
	}
	if f.Complete {
		l.complete = true
	}
	s.emit(report)
}

// mergeFile adds one File element.
func (s *Session) mergeFile(now time.Time, id flute.InstanceID, file *fdt.File, expires time.Time) error {
	l := s.l
	if file.HasOTI && !isEmpty(file) {
		if err := l.checkOTI(&file.OTI); err != nil {
			return err
		}
	}
	e := l.entries[file.TOI]
	if e != nil && e.file != nil {
		if due(e.expires, now) && e.phase != receiving && e.phase != finishing {
			l.remove(e) // its description has expired: the TOI may name something else now
			e = nil
		} else {
			return s.again(e, id, file, expires)
		}
	}
	if l.named >= l.cfg.MaxObjects {
		return errBudget
	}
	if e == nil {
		e = &entry{toi: file.TOI}
		l.entries[file.TOI] = e
		l.unnamed++
	}
	s.supersede(e, id, file)
	l.unnamed--
	l.named++
	e.file, e.instance = file, id
	s.extend(e, expires)
	l.locations[file.ContentLocation] = e.toi
	if e.phase == failed {
		// It failed before anybody knew of it; now that it is announced, its end must be told.
		s.emit(l.fail(e, event.FailStore, "failed before its FDT Instance came"))
		return nil
	}
	if e.rec != nil || len(e.pending.datagrams) > 0 || isEmpty(file) {
		s.effects.Described = append(s.effects.Described, e.toi)
	}
	return nil
}

// again takes a File element whose TOI is described already. RFC 6726, section 3.3: a later FDT Instance may augment
// the description, it must not change it.
func (s *Session) again(e *entry, id flute.InstanceID, file *fdt.File, expires time.Time) error {
	if field := changed(e.file, file); field != "" {
		return fmt.Errorf("its %s differs from an earlier FDT Instance", field)
	}
	if id.NewerThan(e.instance) {
		e.instance = id
	}
	if !e.ended() {
		// A copy: a Work may be reading the old one.
		augmented := *e.file
		augment(&augmented, file)
		e.file = &augmented
	}
	s.extend(e, expires)
	return nil
}

// changed returns the name of an attribute that both descriptions give and that differs; empty if there is none.
func changed(a, b *fdt.File) string {
	switch {
	case a.ContentLocation != b.ContentLocation:
		return "Content-Location"
	case differ(a.ContentLength, b.ContentLength):
		return "Content-Length"
	case differ(a.TransferLength, b.TransferLength):
		return "Transfer-Length"
	case a.ContentEncoding != b.ContentEncoding:
		return "Content-Encoding"
	case a.MD5 != nil && b.MD5 != nil && !bytes.Equal(a.MD5, b.MD5):
		return "Content-MD5"
	case a.SHA256 != nil && b.SHA256 != nil && !bytes.Equal(a.SHA256, b.SHA256):
		return "SHA-256"
	case a.HasOTI && b.HasOTI && a.OTI != b.OTI:
		return "FEC OTI"
	}
	return ""
}

func differ(a, b *uint64) bool { return a != nil && b != nil && *a != *b }

// augment adds to a what only b has.
func augment(a, b *fdt.File) {
	if a.ContentLength == nil {
		a.ContentLength = b.ContentLength
	}
	if a.TransferLength == nil {
		a.TransferLength = b.TransferLength
	}
	if a.MD5 == nil {
		a.MD5 = b.MD5
	}
	if a.SHA256 == nil {
		a.SHA256 = b.SHA256
	}
	if !a.HasOTI {
		a.OTI, a.HasOTI = b.OTI, b.HasOTI
	}
	if a.ContentType == "" {
		a.ContentType = b.ContentType
	}
}

// supersede ends an unfinished object that has the Content-Location of a newer one: of two TOIs for one URI, the FDT
// Instance that is newer in logical order names the current version.
func (s *Session) supersede(e *entry, id flute.InstanceID, file *fdt.File) {
	toi, ok := s.l.locations[file.ContentLocation]
	if !ok || toi == e.toi {
		return
	}
	old := s.l.entries[toi]
	if old != nil && old.phase <= receiving && id.NewerThan(old.instance) {
		s.fail(old, event.FailSuperseded, fmt.Sprintf("by TOI %v", e.toi))
	}
}

// extend lets the description of e hold until expires, if that is later than what it was.
func (s *Session) extend(e *entry, expires time.Time) {
	if expires.After(e.expires) {
		e.expires = expires
	}
	s.l.schedule(e.expires)
}

// remove forgets e altogether.
func (l *Ledger) remove(e *entry) {
	delete(l.entries, e.toi)
	if e.file == nil {
		l.unnamed--
		return
	}
	l.named--
	if l.locations[e.file.ContentLocation] == e.toi {
		delete(l.locations, e.file.ContentLocation)
	}
}
