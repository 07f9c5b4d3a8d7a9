package lease

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Config says which lease. All fields but Clock and Warn are required.
type Config struct {
	Bucket  Bucket
	Name    string           // of the lease: letters, digits, - and _
	Site    string           // of this node, for people
	Session flute.SessionKey // Source does not count
	TTL     time.Duration    // MinTTL to MaxTTL
	Clock   func() time.Duration
	Warn    func(text string) // is told what keeps it from the bucket; nil: nobody is
}

const (
	// renewals is how many times a lease is renewed within its TTL.
	renewals = 3
	// looks is how many times within a TTL a node that waits looks whether the lease was renewed, and how many times
	// one that could not renew it tries again.
	looks = 10
	// answerPatience is how long an answer of the bucket is waited for: what it is asked while its servers elect a
	// leader may never be answered.
	answerPatience = 5 * time.Second
)

// margin is how long before the end of its TTL a holder stops: what was handed to the system is out by then, and a
// clock that is slow by less than a tenth does no harm.
func margin(ttl time.Duration) time.Duration { return ttl / 10 }

// Acquire waits until nobody holds the lease, and takes it. The error is that of ctx, or wraps ErrForeign.
func Acquire(ctx context.Context, cfg Config) (*Lease, error) {
	if cfg.Clock == nil {
		cfg.Clock = clock
	}
	w := waiting{cfg: &cfg, me: rand.Text()}
	warned := ""
	for {
		l, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			if l != nil {
				l.Release(context.WithoutCancel(ctx))
			}
			return nil, ctx.Err()
		case l != nil:
			return l, nil
		case errors.Is(err, ErrForeign):
			return nil, err
		case err == nil:
			warned = ""
		case cfg.Warn != nil && warned != err.Error():
			warned = err.Error()
			cfg.Warn(warned)
		}
		select {
		case <-time.After(w.pause()):
		case <-ctx.Done():
		}
	}
}

// waiting is what a node that waits knows of the lease.
type waiting struct {
	cfg  *Config
	me   string
	seen uint64        // revision
	at   time.Duration // when that was seen first
	ttl  time.Duration // of its holder
}

// pause returns when to look again.
func (w *waiting) pause() time.Duration {
	each := w.cfg.TTL / looks
	if w.seen == 0 {
		return each
	}
	return max(min(w.at+w.ttl-w.cfg.Clock(), each), time.Millisecond)
}

// look takes the lease, if nobody holds it any more. It is nil if somebody does.
func (w *waiting) look(ctx context.Context) (*Lease, error) {
	c := w.cfg
	ctx, cancel := context.WithTimeout(ctx, min(c.TTL, answerPatience))
	defer cancel()
	value, revision, err := c.Bucket.Get(ctx, Prefix+c.Name)
	if err != nil {
		return nil, err
	}
	now := c.Clock() // after the answer: the holder has counted from before it wrote this
	before := &Record{}
	if revision != 0 {
		if before, err = ParseRecord(value); err != nil {
			return nil, err
		}
		if before.TSI != c.Session.TSI || before.Destination != c.Session.Group.String() {
			return nil, fmt.Errorf("%w: lease %s is of TSI %d to %.80s", ErrForeign, c.Name, before.TSI,
				before.Destination)
		}
	}
	if before.Holder != "" && before.Holder != w.me {
		if revision != w.seen {
			w.seen, w.at, w.ttl = revision, now, before.TTL
		}
		if now-w.at < w.ttl {
			return nil, nil
		}
	}
	l := &Lease{cfg: *c, ended: make(chan struct{}), turn: make(chan struct{}, 1), record: Record{
		Version: recordVersion, Destination: c.Session.Group.String(), TSI: c.Session.TSI, Epoch: before.Epoch + 1,
		Holder: w.me, Site: c.Site, TTL: c.TTL, Serial: before.Serial + 1, Numbers: before.Numbers,
	}}
	if before.Holder == w.me { // the answer to an earlier try was lost
		l.record.Epoch = before.Epoch
	}
	value, err = json.Marshal(&l.record)
	if err != nil {
		return nil, err
	}
	began := c.Clock()
	l.revision, err = c.Bucket.Put(ctx, Prefix+c.Name, value, revision)
	if errors.Is(err, ErrConflict) {
		return nil, nil // another one was faster, or what was read was old
	}
	if err != nil {
		return nil, err
	}
	l.made = l.record.Serial
	l.extend(began)
	l.begin()
	return l, nil
}
