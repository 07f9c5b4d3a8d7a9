package receiver

import (
	"encoding/json"
	"slices"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// A file that an earlier process has published is not received again while it is there: that it is the same tell its
// Content-Location, its lengths and a digest.

// notedDelivery is what is noted of a published file: what a later process looks at, so that a store has room for many.
type notedDelivery struct {
	Session flute.SessionKey `json:"session"`
	File    notedFile        `json:"file"`
}

// noteDelivered returns what a later process is to know of e once it is published; nil: nothing.
func (l *Ledger) noteDelivered(e *entry) []byte {
	if !l.cfg.keeps || l.cfg.Redeliver || !hasDigest(e.file) {
		return nil
	}
	f := e.file
	document, err := json.Marshal(&notedDelivery{l.key, notedFile{
		ContentLocation: f.ContentLocation, ContentLength: f.ContentLength, TransferLength: f.TransferLength,
		ContentEncoding: f.ContentEncoding, MD5: f.MD5, SHA256: f.SHA256, SHA512: f.SHA512,
	}})
	if err != nil {
		return nil
	}
	return document
}

const (
	// deliveredShare is the part of the budget, one of deliveredShare, up to which it is known of files that earlier
	// processes have published, and maxDeliveredMemory its bound in bytes: some 120,000 files. It is not charged.
	deliveredShare     = 8
	maxDeliveredMemory = 128 << 20
	// deliveredOverhead is what one of them takes beside the length of its note, the only one of its session at worst.
	deliveredOverhead = 768
)

// newDelivered returns what notes tell, by session and Content-Location. Of several for one file the last one counts,
// and of those that take more bytes than most the last ones.
func newDelivered(notes [][]byte, most uint64) map[flute.SessionKey]map[string]*notedFile {
	all := map[flute.SessionKey]map[string]*notedFile{}
	first, memory := len(notes), uint64(0)
	for ; first > 0; first-- {
		if memory += uint64(len(notes[first-1])) + deliveredOverhead; memory > most {
			break
		}
	}
	for _, b := range notes[first:] {
		n := &notedDelivery{}
		if json.Unmarshal(b, n) != nil {
			continue
		}
		if all[n.Session] == nil {
			all[n.Session] = map[string]*notedFile{}
		}
		file := n.File
		file.OTI = nil // notes of earlier versions have it: the same file may come with another one
		all[n.Session][file.ContentLocation] = &file
	}
	return all
}

// deliveredMemory returns how many bytes are known at most of files that earlier processes have published.
func (c *Config) deliveredMemory() uint64 {
	if c.Redeliver || c.NoNotes {
		return 0
	}
	return min(c.Budget.Ceiling()/deliveredShare, maxDeliveredMemory)
}

// tellKnown ends e as completed if an earlier process has published it. It reports whether it has.
func (s *Session) tellKnown(e *entry) bool {
	l := s.l
	n := l.cfg.delivered[l.key][e.location()]
	if l.signals() { // the process has to read it once more
		return false
	}
	if n == nil || e.gone || e.phase > receiving || e.held != nil && e.held.queued {
		return false
	}
	file := n.file(e.toi)
	if changed(e.file, file) != "" || !sharesDigest(e.file, file) {
		return false
	}
	l.drop(e, true)
	l.takeEvents(e)
	e.phase = completed
	l.retire(e)
	l.effects.Ended = append(l.effects.Ended, e.toi)
	done := event.ObjectCompleted{
		Session: l.key, TOI: e.toi, ContentLocation: e.file.ContentLocation, ContentType: e.file.ContentType,
		Verified: []string{}, Earlier: true, Encoding: content.EncodingName(e.file.ContentEncoding),
		CacheControl: e.file.CacheControl.String(),
	}
	if e.file.ContentLength != nil {
		done.Size = *e.file.ContentLength
	}
	s.emit(done)
	l.completion.completed(e)
	return true
}

// document returns what is known of e.
func (l *Ledger) document(e *entry) noted {
	n := noted{
		Session: l.key, FLUTEVersion: l.version, TOI: e.toi.String(), InstanceID: e.instance,
		Expires: noteTime(l.now, e.expires), File: noteFile(e.file), OTI: e.held.OTI, FTI: e.held.FTI,
		Repaired: e.held.Repaired,
	}
	if in := l.instances[e.instance]; in != nil && in.read && in.run == e.run {
		n.Instance = &notedInstance{CENC: in.cenc, FTI: in.fti, Expires: noteTime(l.now, in.forget)}
		if in.hasHead {
			n.Instance.Head = slices.Clone(in.head[:])
		}
	}
	return n
}
