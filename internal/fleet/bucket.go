package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/internal/lease"
)

// errConflict is wrapped by errors of writes that expect another revision.
var errConflict = lease.ErrConflict

// conflict has an error of JetStream wrap errConflict where it is one.
func conflict(err error) error {
	if e, ok := errors.AsType[*jetstream.APIError](err); ok &&
		(e.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
			e.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) {
		return fmt.Errorf("%w: %w", errConflict, err)
	}
	if errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return fmt.Errorf("%w: %w", errConflict, err)
	}
	return err
}

// Bucket is the [lease.Bucket] of a fleet. It is safe for concurrent use.
type Bucket struct {
	js   jetstream.JetStream
	name string

	mu sync.Mutex
	kv jetstream.KeyValue
}

// NewBucket returns the bucket, which Names.Make has made.
func NewBucket(conn *nats.Conn, names Names) (*Bucket, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	return &Bucket{js: js, name: names.leases()}, nil
}

func (b *Bucket) open(ctx context.Context) (jetstream.KeyValue, error) {
	b.mu.Lock()
	kv := b.kv
	b.mu.Unlock()
	if kv != nil {
		return kv, nil
	}
	kv, err := b.js.KeyValue(ctx, b.name)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", b.name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kv = kv
	return kv, nil
}

// Get implements [lease.Bucket].
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	kv, err := b.open(ctx)
	if err != nil {
		return nil, 0, err
	}
	e, err := kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound), errors.Is(err, jetstream.ErrKeyDeleted):
		return nil, 0, nil
	case err != nil:
		return nil, 0, err
	}
	return e.Value(), e.Revision(), nil
}

// Put implements [lease.Bucket].
func (b *Bucket) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	kv, err := b.open(ctx)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		revision, err = kv.Create(ctx, key, value) // also if it was deleted
	} else {
		revision, err = kv.Update(ctx, key, value, revision)
	}
	return revision, conflict(err)
}

// Delete implements [lease.Bucket].
func (b *Bucket) Delete(ctx context.Context, key string) error {
	kv, err := b.open(ctx)
	if err != nil {
		return err
	}
	return kv.Purge(ctx, key)
}

// List implements [lease.Bucket]. It takes as long as there is to read, but ends if nothing comes for answerPatience.
func (b *Bucket) List(ctx context.Context, prefix string, each func(string, []byte, uint64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(answerPatience, func() { cancel(errSilent) })
	defer silent.Stop()
	kv, err := b.open(ctx)
	if err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	w, err := kv.Watch(ctx, prefix+">", jetstream.IgnoreDeletes())
	if err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	defer w.Stop() //nolint:errcheck // all was read
	for {
		select {
		case e, ok := <-w.Updates():
			switch {
			case !ok: // not all has come
				return cmp.Or(context.Cause(ctx), nats.ErrConnectionClosed)
			case e == nil:
				return context.Cause(ctx) // all there is
			case strings.HasPrefix(e.Key(), prefix):
				each(e.Key(), e.Value(), e.Revision())
			}
			silent.Reset(answerPatience)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
