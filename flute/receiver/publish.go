package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// finish writes the rest of the transferred object, verifies it, undoes its content encoding, verifies the file, and
// publishes it.
func (w *Work) finish() {
	fail := func(reason event.FailReason, err error) { w.result.err, w.result.reason = err, reason }
	if err := w.tail.Flush(); err != nil {
		fail(failReason(err), err)
		return
	}
	if err := w.digest.extend(w.object, w.end); err != nil {
		fail(event.FailStore, err)
		return
	}
	transferred, file := w.digest, w.digest
	object := w.object
	size := w.end
	if w.file.ContentEncoding != flute.Null && w.end > 0 { // nothing, encoded, is still nothing
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
	if err := w.takeTurn(); err != nil {
		fail(event.FailSuperseded, err)
		return
	}
	defer w.turn.Store(turnOver)
	if err := w.publish(object); err != nil {
		fail(failReason(err), err)
		return
	}
	w.result.published = true
	w.result.size = size
	w.result.digests = file.sums()
}

// verify compares with what the FDT announced. Whether a digest covers the file or the encoded object differs between
// RFC 2616, RFC 6726 and 3GPP, so either is accepted.
func (w *Work) verify(transferred, file *digest, size uint64) error {
	if f := w.file; f.ContentLength != nil && *f.ContentLength != size {
		return fmt.Errorf("%w: Content-Length is %d, the file has %d bytes", errDigest, *f.ContentLength, size)
	}
	for _, d := range []struct {
		name string
		want []byte
		of   func(*digest) hash.Hash
	}{
		{"md5", w.file.MD5, func(d *digest) hash.Hash { return d.md5 }},
		{"sha-256", w.file.SHA256, func(d *digest) hash.Hash { return d.sha256 }},
		{"sha-512", w.file.SHA512, func(d *digest) hash.Hash { return d.sha512 }},
	} {
		if len(d.want) == 0 {
			continue
		}
		if !bytes.Equal(d.want, d.of(transferred).Sum(nil)) && !bytes.Equal(d.want, d.of(file).Sum(nil)) {
			return fmt.Errorf("%w: %s differs", errDigest, strings.ToUpper(d.name))
		}
		w.result.verified = append(w.result.verified, d.name)
	}
	// EXT_FTI has priority over the FDT (RFC 6726, section 5), but not without a proof.
	if f := w.file; len(w.result.verified) == 0 && f.TransferLength != nil && *f.TransferLength != w.end {
		return fmt.Errorf("%w: Transfer-Length is %d, EXT_FTI says %d bytes", errDigest, *f.TransferLength, w.end)
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

// publish gives a verified file its name. A name that became another file's folder, or a folder, since it was claimed
// is refused, and another one is tried, once.
func (w *Work) publish(object store.Object) error {
	for again := true; ; again = false {
		claimed, err := w.names.Claim(w.folder, w.file.ContentLocation, w.publisher)
		if err != nil {
			return err
		}
		w.result.path, err = w.store.Publish(object, claimed.Name)
		if err == nil {
			w.result.claimed = claimed
			return nil
		}
		if !again || failReason(err) != event.FailName {
			return err
		}
	}
}
