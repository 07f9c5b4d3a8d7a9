package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// errDigest reports bytes that are not what the sender announced.
var errDigest = errors.New("receiver: content does not match its announcement")

// advance emits progress and, when the time has come, the next Work.
func (o *Object) advance(now time.Time) {
	e := o.e
	if e.phase != receiving || e.rec.working {
		return
	}
	r := e.rec
	if r.isWhole() && e.file != nil {
		o.finish(now)
		return
	}
	if e.file == nil {
		return // which digests are needed is not known
	}
	if t := r.oti.TransferLength; t > 0 {
		if percent := r.held * 100 / t; percent > r.percent {
			r.percent = percent
			o.emit(event.ObjectProgress{Session: o.l.key, TOI: e.toi, Received: r.held, TransferLength: t})
		}
	}
	if end := r.prefix(); end >= r.hashed()+digestStep {
		if err := r.buffer.Flush(); err != nil {
			_ = o.storeFailed(err)
			return
		}
		o.start(&Work{end: end})
	}
}

// finish starts verification and publication.
func (o *Object) finish(now time.Time) {
	e := o.e
	name, err := store.Name(e.file.ContentLocation)
	if err != nil {
		o.emit(o.l.fail(e, event.FailName, err.Error()))
		return
	}
	if err := e.rec.buffer.Flush(); err != nil {
		_ = o.storeFailed(err)
		return
	}
	e.phase = finishing
	o.start(&Work{end: e.rec.oti.TransferLength, name: name})
}

// start fills in w what every Work needs, and emits it.
func (o *Object) start(w *Work) {
	r := o.e.rec
	if withMD5 := len(o.e.file.MD5) > 0; r.digest == nil || (withMD5 && r.digest.md5 == nil) {
		r.digest = newDigest(withMD5) // none yet, or a later FDT Instance added the MD5
	}
	w.toi, w.store, w.object, w.digest, w.file = o.e.toi, o.l.cfg.Store, r.object, r.digest, o.e.file
	w.maxSize = o.l.cfg.MaxObjectSize
	r.working = true
	o.effects.Work = w
}

// Resume goes on after the actor that worked on the object was made anew.
func (o *Object) Resume(now time.Time) {
	e := o.e
	if e.rec == nil || e.rec.working {
		return
	}
	if e.phase == finishing { // it crashed while it took the result: verify again
		e.phase = receiving
	}
	o.advance(now)
}

// Done takes a Work that has run and draws the conclusion: the object is complete, has failed, or goes on.
func (o *Object) Done(now time.Time, w *Work) {
	e := o.e
	if e.rec == nil || e.rec.object != w.object {
		w.Cancel() // ended while the work ran
		return
	}
	r := e.rec
	r.working = false
	switch {
	case w.name == "" && w.result.err == nil:
		o.advance(now)
	case errors.Is(w.result.err, errDigest) && o.tryNextCode(now):
	case w.result.err != nil:
		o.emit(o.l.fail(e, w.result.reason, w.result.err.Error()))
	default:
		o.succeed(now, w)
	}
}

// succeed emits the completion of a published object.
func (o *Object) succeed(now time.Time, w *Work) {
	e, r := o.e, o.e.rec
	e.phase = completed
	if len(w.result.verified) > 0 {
		for _, b := range r.blocks {
			if b.lost != nil {
				o.detected(b.guess, "digest") // a block that was recovered under a guess proved right
				break
			}
		}
	}
	o.emit(event.ObjectCompleted{
		Session: o.l.key, TOI: e.toi, ContentLocation: e.file.ContentLocation, ContentType: e.file.ContentType,
		Path: w.result.path, Size: w.result.size, Digests: w.result.digests, Verified: w.result.verified,
		FirstPacket: r.first, Duration: now.Sub(r.first), Repaired: r.repaired, Encoding: encodingName(e.file.ContentEncoding),
	})
	o.l.drop(e, false)
}

func encodingName(c flute.ContentEncoding) string {
	if c == flute.Null {
		return ""
	}
	return c.String()
}

// tryNextCode decodes guessed blocks with the code after the one that the digest has just refused, and verifies again.
func (o *Object) tryNextCode(now time.Time) bool {
	r := o.e.rec
	scheme, err := o.l.cfg.Registry.Scheme(&r.oti)
	if err != nil {
		return false
	}
	variants := scheme.Variants()
	next := -1
	for sbn, b := range r.blocks {
		if b.lost == nil {
			continue
		}
		for i, v := range variants {
			if v == b.guess && i+1 < len(variants) {
				next = i + 1
			}
		}
		if next < 0 || o.redo(scheme, variants[next], sbn, b) != nil {
			return false
		}
	}
	if next < 0 {
		return false
	}
	r.digest = nil // bytes have changed: hash from the start
	o.finish(now)
	return o.e.phase == finishing
}

// finish verifies the transferred object, undoes its content encoding, verifies the file, and publishes it.
func (w *Work) finish() {
	fail := func(reason event.FailReason, err error) { w.result.err, w.result.reason = err, reason }
	if err := w.digest.extend(w.object, w.end); err != nil {
		fail(event.FailStore, err)
		return
	}
	transferred, file := w.digest, w.digest
	object := w.object
	size := w.end
	if w.file.ContentEncoding != flute.Null {
		decoded, n, d, reason, err := w.decode()
		if err != nil {
			fail(reason, err)
			return
		}
		// What happens to the decoded copy below happens to the encoded one: it is not needed any more, or not wanted.
		defer func() {
			if !w.result.published {
				_ = decoded.Discard()
			} else {
				_ = w.object.Discard()
			}
		}()
		object, size, file = decoded, n, d
	}
	if err := w.verify(transferred, file, size); err != nil {
		fail(event.FailDigest, err)
		return
	}
	path, err := w.store.Publish(object, w.name)
	if err != nil {
		fail(failReason(err), err)
		return
	}
	w.result.published = true
	w.result.path, w.result.size = path, size
	w.result.digests = file.sums()
}

// verify compares with what the FDT announced. Whether a digest covers the file or the encoded object differs between
// RFC 2616, RFC 6726 and 3GPP, so either is accepted.
func (w *Work) verify(transferred, file *digest, size uint64) error {
	if f := w.file; f.ContentLength != nil && *f.ContentLength != size {
		return fmt.Errorf("%w: Content-Length is %d, the file has %d bytes", errDigest, *f.ContentLength, size)
	}
	if want := w.file.MD5; len(want) > 0 {
		if !bytes.Equal(want, transferred.md5.Sum(nil)) && !bytes.Equal(want, file.md5.Sum(nil)) {
			return fmt.Errorf("%w: MD5 differs", errDigest)
		}
		w.result.verified = append(w.result.verified, "md5")
	}
	if want := w.file.SHA256; len(want) > 0 {
		if !bytes.Equal(want, transferred.sha256.Sum(nil)) && !bytes.Equal(want, file.sha256.Sum(nil)) {
			return fmt.Errorf("%w: SHA-256 differs", errDigest)
		}
		w.result.verified = append(w.result.verified, "sha-256")
	}
	return nil
}

// failReason sorts an error of the store.
func failReason(err error) event.FailReason {
	switch {
	case errors.Is(err, store.ErrName):
		return event.FailName
	case errors.Is(err, store.ErrBudget):
		return event.FailBudget
	}
	return event.FailStore
}

// hashingWriter writes to a store.Object in order and hashes what it writes, up to limit bytes.
type hashingWriter struct {
	object io.WriterAt
	digest *digest
	limit  uint64
}

// errTooLong reports content that decodes to more than its bounds.
var errTooLong = errors.New("receiver: decoded content exceeds its announced or permitted length")

func (h *hashingWriter) Write(p []byte) (int, error) {
	if h.digest.done+uint64(len(p)) > h.limit {
		return 0, errTooLong
	}
	if _, err := h.object.WriteAt(p, int64(h.digest.done)); err != nil {
		return 0, storeError{err}
	}
	h.digest.write(p)
	return len(p), nil
}

// storeError marks an error as the store's, not the content's.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }
