package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
)

// ErrLost is the error of [Lease.Permit] and [Lease.Err]: the lease has ended, or may have.
var ErrLost = errors.New("the lease of the session is not held any more")

// errTaken tells that another node has the lease, or that it was deleted.
var errTaken = errors.New("another node has it")

// Lease is a lease that this process holds. It is safe for concurrent use. It is a sender.Keeper: FDT Instance IDs and
// TOIs are in the bucket before they are used.
type Lease struct {
	cfg   Config
	until atomic.Int64 // on Config.Clock, in nanoseconds: nothing is sent from then on
	shut  atomic.Bool  // nothing is sent any more
	stop  context.CancelFunc
	ended chan struct{} // closed with the end of the goroutine

	turn  chan struct{} // has the one whose write is under way
	made  uint64        // attempts to write
	tried attempt       // the latest one that the bucket has not refused

	mu       sync.Mutex
	record   Record // the latest that this process has written
	revision uint64
	lost     error
}

// attempt is a write whose answer may be lost.
type attempt struct {
	serial uint64
	began  time.Duration
}

// extend notes a write that began at a time.
func (l *Lease) extend(began time.Duration) {
	until := int64(began + l.cfg.TTL - margin(l.cfg.TTL))
	for {
		old := l.until.Load()
		if old >= until || l.until.CompareAndSwap(old, until) {
			return
		}
	}
}

// Permit returns an error once nothing may be sent any more. It does not block.
func (l *Lease) Permit() error {
	if l.shut.Load() || int64(l.cfg.Clock()) >= l.until.Load() {
		return ErrLost
	}
	return nil
}

// Epoch returns the number of the lease: each holder has a greater one than those before.
func (l *Lease) Epoch() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record.Epoch
}

// Numbers returns where the holder before has ended; nil: there was none.
func (l *Lease) Numbers() *sender.Numbers {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.record.Numbers.sender()
	if err != nil {
		return nil // ParseRecord has read it
	}
	return n
}

// Ended is closed when the lease has ended.
func (l *Lease) Ended() <-chan struct{} { return l.ended }

// Err returns why the lease has ended before Release; nil: it has not.
func (l *Lease) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// begin starts to renew the lease.
func (l *Lease) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	go func() {
		defer close(l.ended)
		if err := l.renew(ctx); err != nil && ctx.Err() == nil {
			l.lose(err)
		}
	}()
}

// lose notes why the lease has ended.
func (l *Lease) lose(why error) {
	l.shut.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil {
		l.lost = why
	}
}

// state returns what was written last.
func (l *Lease) state() (Record, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.record, l.revision
}

// wrote notes what was written, or found to be there.
func (l *Lease) wrote(r Record, revision uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.record, l.revision = r, revision
}

// renew renews the lease until ctx ends, or until it is lost.
func (l *Lease) renew(ctx context.Context) error {
	pause := l.cfg.TTL / renewals
	for {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		err := l.write(ctx, func(*Record) {})
		rest := time.Duration(l.until.Load()) - l.cfg.Clock()
		switch {
		case errors.Is(err, ErrLost):
			return err
		case rest <= 0 && err != nil:
			return fmt.Errorf("%w: it could not be renewed in time: %w", ErrLost, err)
		case err != nil:
			pause = min(l.cfg.TTL/looks, rest)
		default:
			pause = l.cfg.TTL / renewals
		}
	}
}

// write changes the record, and renews the lease with it. An error that wraps ErrLost is for good.
func (l *Lease) write(ctx context.Context, change func(*Record)) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for range 2 {
		if err := l.Err(); err != nil {
			return err
		}
		rest := time.Duration(l.until.Load()) - l.cfg.Clock()
		if rest <= 0 {
			return ErrLost
		}
		err := l.put(ctx, rest, change)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := l.compare(ctx, rest); err != nil {
			return err
		}
	}
	return ErrConflict
}

// put writes a changed record, and waits for a third of the rest at most: another try is to be possible.
func (l *Lease) put(ctx context.Context, rest time.Duration, change func(*Record)) error {
	next, revision := l.state()
	l.made++
	a := attempt{l.made, l.cfg.Clock()}
	next.Serial = a.serial
	change(&next)
	value, err := json.Marshal(&next)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, max(rest/3, 10*time.Millisecond))
	defer cancel()
	if revision, err = l.cfg.Bucket.Put(ctx, Prefix+l.cfg.Name, value, revision); err == nil {
		l.wrote(next, revision)
		l.extend(a.began)
	}
	if !errors.Is(err, ErrConflict) {
		l.tried = a
	}
	return err
}

// compare finds out after a conflict whether it was a write of this process whose answer was lost.
func (l *Lease) compare(ctx context.Context, rest time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, max(rest/3, 10*time.Millisecond))
	defer cancel()
	value, revision, err := l.cfg.Bucket.Get(ctx, Prefix+l.cfg.Name)
	if err != nil {
		return err
	}
	mine, latest := l.state()
	r, err := ParseRecord(value)
	switch {
	case err == nil && r.Holder == mine.Holder:
		if revision > latest {
			l.wrote(mine, revision)
		}
		if r.Serial == l.tried.serial {
			l.extend(l.tried.began)
		}
		return nil
	case revision != 0 && revision < latest:
		return ErrConflict // what was read is older than what was written
	}
	l.lose(fmt.Errorf("%w: %w", ErrLost, errTaken))
	return l.Err()
}

// Keep implements sender.Keeper.
func (l *Lease) Keep(n sender.Numbers) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.cfg.TTL)
	defer cancel()
	return l.write(ctx, func(r *Record) { r.Numbers = numbersOf(n) })
}

// Shut has nothing be sent from now on: Permit returns an error.
func (l *Lease) Shut() { l.shut.Store(true) }

// Release gives the lease back, so that another node takes it at once; if that fails, after its TTL. What it is for
// must have ended: nothing is sent from now on.
func (l *Lease) Release(ctx context.Context) {
	l.shut.Store(true)
	l.stop()
	<-l.ended
	ctx, cancel := context.WithTimeout(ctx, l.cfg.TTL)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return
	}
	before := l.Err()
	l.lose(ErrLost) // a Keep that comes late is refused
	for range 2 {
		if errors.Is(before, errTaken) {
			return
		}
		// Any other error is as good: the TTL ends it as well.
		if err := l.put(ctx, l.cfg.TTL, func(r *Record) { r.Holder = "" }); !errors.Is(err, ErrConflict) {
			return
		}
		before = l.compare(ctx, l.cfg.TTL)
		if before == nil {
			continue
		}
		return
	}
}
