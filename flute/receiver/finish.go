package receiver

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/internal/ceil"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// advance emits progress and, when the time has come, the next Work.
func (o *Object) advance(now time.Time) {
	e := o.e
	if e.phase != receiving || e.file == nil { // without a description: which digests is not known
		return
	}
	h := e.held
	switch {
	case h.tagging: // as InDoubt, once the tags are there
		return
	case h.InDoubt(): // its failure was told, its next start will be with its end
		o.reconsider(now)
		return
	}
	o.announce()
	if h.IsWhole() {
		if !e.mixed || hasDigest(e.file) {
			o.tellWhole()
			o.finish(now)
		}
		return
	}
	h.measure(now)
	if t := h.OTI.TransferLength; t > 0 && h.Received >= h.progress && now.Sub(h.told) >= o.l.cfg.ProgressInterval {
		if percent := h.Received * 100 / t; percent > h.percent {
			h.percent, h.told = percent, now
			o.emit(event.ObjectProgress{
				Session: o.l.key, TOI: e.toi, Received: h.Received, TransferLength: t,
				CompleteAt: h.rate.completeAt(h.rate.since, h.rate.needed),
			})
		}
		h.progress = ceil.Div((h.percent+1)*t, 100)
	}
	o.hashAhead()
}

// tellWhole tells once that all bytes are there, of an object whose progress was told before.
func (o *Object) tellWhole() {
	h := o.e.held
	if h.told.IsZero() || h.percent == 100 {
		return
	}
	h.percent = 100
	t := h.OTI.TransferLength
	o.emit(event.ObjectProgress{Session: o.l.key, TOI: o.e.toi, Received: t, TransferLength: t})
}

// finish starts verification and publication, as soon as no other Work uses what they need.
func (o *Object) finish(now time.Time) {
	e, h := o.e, o.e.held
	consumer, published := e.consumer()
	if _, err := store.Name(e.target()); err != nil && published {
		o.fail(event.FailName, err.Error())
		return
	}
	if o.l.isReplaced(e) {
		o.fail(event.FailSuperseded, content.ErrNewer.Error())
		return
	}
	if o.awaitsSender(now) || o.awaitsRun(now) {
		return
	}
	switch h.queued = false; {
	case o.l.isBehind(e): // which fails perhaps
		o.waitBehind()
		return
	case o.l.isPublishing(e.target()):
		o.waitTurn()
		return
	}
	// Another object may have shown which variant it is.
	settled, err := h.Settle(now)
	if o.settle(err) != nil {
		return
	}
	if !settled {
		if e.phase = receiving; !h.IsDecoding() {
			o.wait()
		}
		return
	}
	e.phase = finishing
	if h.working || h.IsWriting() {
		return
	}
	// The Work writes what is left: many small files are never on the disk before that, and no packet waits for it.
	p := &content.Publication{
		Object: h.Object(), Tail: h.TakeTail(), Digest: o.digest(), End: h.OTI.TransferLength,
		File:  e.announced(),
		Names: o.l.cfg.names, Folder: o.l.cfg.folderOf(o.l.key), Publisher: o.l.publisher,
		Template: o.l.templateFor(now, e.toi),
		MaxSize:  o.l.cfg.MaxObjectSize, Note: o.l.noteDelivered(e),
	}
	w := &Work{task: p, publication: p}
	if o.l.signals() {
		g, key := o.l.cfg.signalling, o.l.key
		p.Look = func(file io.ReaderAt, size uint64) { w.unsignalled = g.look(key, now, file, size) }
	}
	o.l.queue(w)
	o.l.publishes(h, true)
	p.Tail.Count(&o.l.tails)
	o.start(w)
	if consumer != nil {
		p.Consumed = !published
		p.Consume = func(file io.ReaderAt, size uint64) error { return consume(consumer, file, size) }
	}
	if e.choice != nil {
		p.Around = e.choice.Publish
	}
	if e.isQuiet() { // it is looked at, and nothing else
		p.Consume, p.Consumed = func(io.ReaderAt, uint64) error { return nil }, true
	}
	if lane := e.lane(); lane != nil {
		w.lane = lane
	}
}

// Done takes a Work that has run and draws the conclusion: the object is complete, has failed, or goes on.
func (o *Object) Done(now time.Time, w *Work) {
	o.l.now = now
	if w.entry == o.e {
		o.done(now, w)
		return
	}
	// The TOI names something else since the Work began.
	last := Object{l: o.l, e: w.entry}
	last.done(now, w)
	f := last.Effects()
	o.e.effects.Events = append(o.e.effects.Events, f.Events...)
	o.l.effects.Works = append(o.l.effects.Works, f.Works...)
}

func (o *Object) done(now time.Time, w *Work) {
	w.leave()
	switch {
	case w.attempt != nil:
		o.attempted(now, w)
		return
	case w.tail != nil:
		o.wrote(now, w)
		return
	case w.notes:
		o.noted(w)
		return
	case w.held == nil:
		return
	}
	e := o.e
	if w.publication != nil {
		o.l.dequeue(w)
		o.l.publishes(w.held, false)
		if w.unsignalled != nil {
			o.emit(event.FDTRejected{Session: o.l.key, STSID: true, Reason: brief(w.unsignalled)})
		}
		if w.publication.Result().Taken {
			e.taken = true
		}
	}
	if e.held == nil || e.held != w.held {
		w.Cancel() // ended while the work ran
		return
	}
	e.held.working, e.held.tagging = false, false
	w.free()
	switch reason := w.reason(); {
	case w.err == nil && w.tagging != nil:
		e.held.Doubt(w.tagging)
		if e.held.HasExchange() && o.again(now) == nil { // nothing needs to come again
			o.reconsider(now)
		}
	case w.err == nil && w.exchange != nil:
		e.held.Exchanged(w.exchange)
		o.finish(now)
	case w.err == nil && w.publication == nil:
		o.goOn(now)
	case w.err == nil:
		o.succeed(now, w)
	case errors.Is(w.err, content.ErrTurn):
		o.waitTurn()
	case reason == event.FailDigest || reason == event.FailEncoding:
		o.refused(now, w)
	default:
		o.fail(reason, w.err.Error())
	}
	if e.ended() {
		delete(o.l.leaving, e)
	}
}

// goOn does what the end of a Work makes possible.
func (o *Object) goOn(now time.Time) {
	if o.e.phase == finishing {
		o.finish(now)
	} else {
		o.advance(now)
	}
}

// refused deals with content that is not what was announced: if it was recovered under a guess, the guess was wrong.
func (o *Object) refused(now time.Time, w *Work) {
	if o.e.gone || !o.e.held.AssumeNext() {
		if !o.doubt(now, w) {
			o.fail(w.reason(), w.err.Error())
		}
		return
	}
	o.e.held.digest = nil // bytes are going to change: hash from the start
	o.finish(now)
}

// succeed emits the completion of the object that w has published.
func (o *Object) succeed(now time.Time, w *Work) {
	e, h, found := o.e, o.e.held, w.publication.Result()
	o.announce()
	e.phase = completed
	o.l.retire(e)
	if len(found.Verified) > 0 {
		h.Proved()
		_ = o.settle(nil)
	}
	if n := h.Conflicts(); n > 0 {
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: %d symbols came in several versions: "+
			"forged, or damaged; the digest tells that the file is right", o.l.key, e.toi, n)})
	}
	o.warnClaimed(e.file.ContentLocation, found.Claimed)
	o.emit(event.ObjectCompleted{
		Session: o.l.key, TOI: e.toi, ContentLocation: e.file.ContentLocation, ContentType: e.file.ContentType,
		Path: found.Path, Size: found.Size, Digests: found.Digests, Verified: found.Verified,
		FirstPacket: e.first, Duration: now.Sub(e.first), Repaired: h.Repaired,
		Kept: found.Kept, Encoding: content.EncodingName(e.file.ContentEncoding),
		CacheControl: e.file.CacheControl.String(),
	})
	o.l.completion.completed(e)
	o.l.drop(e, false)
	o.l.replaced(e)
	o.l.finished(now, e, w.unsignalled)
}

// warnClaimed tells of a file that has another name than its Content-Location has, or that replaced another sender's.
func (o *Object) warnClaimed(location string, c names.Claimed) {
	if c.Wanted != "" {
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: Content-Location %q is published as %q, "+
			"since %q is taken",
			o.l.key, o.e.toi, location, c.Name, c.Wanted)})
	}
	if c.Replaced != "" {
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: %q replaces the file that session %s published",
			o.l.key, o.e.toi, c.Name, c.Replaced)})
	}
}
