package receiver

import (
	"crypto/md5" //nolint:gosec // Content-MD5 is what RFC 6726 carries; it detects errors, not attacks
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync/atomic"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// readSize is how many bytes of an object are hashed at a time.
const readSize = 256 << 10

// digest is the state of the hashes over the first bytes of the object as it was transferred.
type digest struct {
	done   uint64 // bytes hashed
	sha256 hash.Hash
	md5    hash.Hash // nil unless the sender announced one: it costs twice as much as SHA-256
}

func newDigest(withMD5 bool) *digest {
	d := &digest{sha256: sha256.New()}
	if withMD5 {
		d.md5 = md5.New()
	}
	return d
}

// write hashes the next bytes.
func (d *digest) write(p []byte) {
	d.sha256.Write(p)
	if d.md5 != nil {
		d.md5.Write(p)
	}
	d.done += uint64(len(p))
}

// sums returns the digests so far, in lower-case hex by name.
func (d *digest) sums() map[string]string {
	m := map[string]string{"sha-256": hex.EncodeToString(d.sha256.Sum(nil))}
	if d.md5 != nil {
		m["md5"] = hex.EncodeToString(d.md5.Sum(nil))
	}
	return m
}

// extend hashes the object's bytes from done to end.
func (d *digest) extend(object io.ReaderAt, end uint64) error {
	buf := make([]byte, min(readSize, end-min(end, d.done)))
	for d.done < end {
		p := buf[:min(uint64(len(buf)), end-d.done)]
		n, err := object.ReadAt(p, int64(d.done))
		d.write(p[:n])
		if n < len(p) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// Work is blocking work on one object that an Object asks for: hashing ahead, or verifying and publishing. Run it once,
// on any goroutine, then hand it back to Object.Done on the session's goroutine.
type Work struct {
	toi     flute.TOI
	store   store.Store
	object  store.Object
	digest  *digest
	end     uint64    // hash up to here
	file    *fdt.File // description
	name    string    // to publish under; empty: only hash ahead
	maxSize uint64    // of the decoded content

	state  atomic.Uint32 // workPending …
	result result
}

// The life of a Work. Whoever comes last, the end of Run or Cancel, discards the object.
const (
	workPending uint32 = iota
	workRan
	workCancelled
)

// result is what Run found.
type result struct {
	path      string
	size      uint64
	digests   map[string]string
	verified  []string
	published bool
	err       error
	reason    event.FailReason // of err
}

// TOI returns the object that the work belongs to.
func (w *Work) TOI() flute.TOI { return w.toi }

// Run does the work. It blocks on the store and on hashing, and touches nothing that other goroutines use.
func (w *Work) Run() {
	if w.state.Load() != workCancelled {
		if w.name == "" {
			w.result.err = w.digest.extend(w.object, w.end)
			w.result.reason = event.FailStore
		} else {
			w.finish()
		}
	}
	if !w.state.CompareAndSwap(workPending, workRan) && !w.result.published {
		_ = w.object.Discard()
	}
}

// Cancel tells that nobody waits for the result. The object is discarded once Run has ended, unless it was published.
func (w *Work) Cancel() {
	if !w.state.CompareAndSwap(workPending, workCancelled) && !w.result.published {
		_ = w.object.Discard()
	}
}

// Fail makes Done fail the object: for whoever could not run the work, or saw it panic.
func (w *Work) Fail(err error) {
	w.state.Store(workRan)
	w.result.err, w.result.reason = err, event.FailStore
}
