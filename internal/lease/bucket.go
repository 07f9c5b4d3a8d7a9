package lease

import (
	"context"
	"errors"
	"time"
)

// started is what a clock without CLOCK_BOOTTIME counts from.
var started = time.Now()

// ErrConflict is the error of a [Bucket] whose value has another revision than the writer has named.
var ErrConflict = errors.New("lease: the value has another revision")

// Bucket holds values by key, with revisions. It is safe for concurrent use. Values are ordered: of two writes with the
// same revision one is refused with an error that wraps ErrConflict. After any other error it is unknown whether a
// value was written. A read may return an old value.
type Bucket interface {
	// Get returns the value of a key; revision 0: there is none.
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	// Put replaces the value of a key that has this revision; 0: there is none.
	Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	// Delete removes the value of a key, of whichever revision.
	Delete(ctx context.Context, key string) error
	// List calls each with the values of all keys that begin with a prefix, which ends with a dot.
	List(ctx context.Context, prefix string, each func(key string, value []byte, revision uint64)) error
}

// Keys of a Bucket.
const (
	// Prefix is followed by the name of a lease.
	Prefix    = "lease."
	objectKey = "object." // NAME.HASH
)
