package lease

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/flute-node/flute-node/flute"
)

// Object is what a bucket says of a file of a session.
type Object struct {
	ContentLocation string `json:"content_location"`
	Version         string `json:"version"` // what tells two states of the file apart, on all nodes alike
	TOI             string `json:"toi"`
	Sent            bool   `json:"sent,omitempty"` // as often as it was to be
}

// MaxObjects bounds the files of a session that are known.
const MaxObjects = 1 << 20

// Objects are the files of a leased session, with their TOIs. It is safe for concurrent use.
type Objects struct {
	lease *Lease

	mu    sync.Mutex
	known map[string]known // by key
}

// known is an Object with its revision.
type known struct {
	object   Object
	revision uint64
}

// Objects reads what the holders before have noted of their files.
func (l *Lease) Objects(ctx context.Context) (*Objects, error) {
	o := &Objects{lease: l, known: map[string]known{}}
	prefix := objectKey + l.cfg.Name + "."
	err := l.cfg.Bucket.List(ctx, prefix, func(key string, value []byte, revision uint64) {
		k := known{revision: revision}
		if len(value) <= maxRecord && len(o.known) < MaxObjects && json.Unmarshal(value, &k.object) == nil {
			o.known[key] = k
		}
	})
	return o, err
}

func (o *Objects) key(location string) string {
	h := sha256.Sum256([]byte(location))
	return objectKey + o.lease.cfg.Name + "." + hex.EncodeToString(h[:16])
}

// Number returns the TOI with which a version of a file is to be sent, and whether that was done as often as it was to
// be. If the version is new, reserve returns a TOI for it, which is noted before Number returns.
func (o *Objects) Number(
	ctx context.Context, location, version string, reserve func(context.Context) (flute.TOI, error),
) (toi flute.TOI, sent bool, err error) {
	key := o.key(location)
	o.mu.Lock()
	k, ok := o.known[key]
	full := len(o.known) >= MaxObjects
	o.mu.Unlock()
	if toi, valid := k.object.toi(location, version); ok && valid {
		return toi, k.object.Sent, nil
	}
	if !ok && full {
		return toi, false, fmt.Errorf("lease: %d files are noted: no further one can be", MaxObjects)
	}
	if toi, err = reserve(ctx); err != nil {
		return toi, false, err
	}
	k.object = Object{ContentLocation: location, Version: version, TOI: toi.String()}
	if err = o.put(ctx, key, k); err != nil {
		return toi, false, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	noted := o.known[key].object
	toi, _ = noted.toi(location, version)
	return toi, noted.Sent, nil
}

// toi returns the TOI of a version of a file; false: the Object is another one.
func (b *Object) toi(location, version string) (toi flute.TOI, ok bool) {
	if b.ContentLocation != location || b.Version != version {
		return toi, false
	}
	toi, err := flute.ParseTOI(b.TOI)
	return toi, err == nil && !toi.IsFDT()
}

// IsSent reports whether a version of a file was sent as often as it was to be.
func (o *Objects) IsSent(location, version string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.known[o.key(location)].object
	return k.Sent && k.ContentLocation == location && k.Version == version
}

// Sent notes that a version of a file was sent as often as it was to be.
func (o *Objects) Sent(ctx context.Context, location, version string) error {
	key := o.key(location)
	o.mu.Lock()
	k, ok := o.known[key]
	o.mu.Unlock()
	if !ok || k.object.Version != version || k.object.Sent {
		return nil
	}
	k.object.Sent = true
	return o.put(ctx, key, k)
}

// Forget notes that a file is not sent any more.
func (o *Objects) Forget(ctx context.Context, location string) error {
	key := o.key(location)
	o.mu.Lock()
	_, ok := o.known[key]
	o.mu.Unlock()
	if err := o.lease.Permit(); err != nil || !ok {
		return err
	}
	if err := o.lease.cfg.Bucket.Delete(ctx, key); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.known, key)
	return nil
}

func (o *Objects) note(key string, k known) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known[key] = k
}

// put writes an Object while the lease is held. What is there already, since a list was old or an answer was lost,
// gives way if it is another version, and is taken if it is the same one.
func (o *Objects) put(ctx context.Context, key string, k known) error {
	value, err := json.Marshal(&k.object)
	if err != nil {
		return err
	}
	if len(value) > maxRecord {
		return fmt.Errorf("lease: a Content-Location of %d bytes", len(k.object.ContentLocation))
	}
	for range 3 {
		if err := o.lease.Permit(); err != nil {
			return err
		}
		var revision uint64
		revision, err = o.lease.cfg.Bucket.Put(ctx, key, value, k.revision)
		if err == nil {
			k.revision = revision
			o.note(key, k)
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		conflict := err
		var text []byte
		if text, k.revision, err = o.lease.cfg.Bucket.Get(ctx, key); err != nil {
			return err
		}
		var there Object
		if json.Unmarshal(text, &there) == nil && !k.object.Sent {
			if _, same := there.toi(k.object.ContentLocation, k.object.Version); same {
				k.object = there
				o.note(key, k)
				return nil
			}
		}
		err = conflict
	}
	return err
}
