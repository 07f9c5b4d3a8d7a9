package daemon

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/lease"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/node"
)

// leased tells that a node has begun to hold the lease of a session, or has ceased to.
type leased struct {
	Unit  string `json:"unit"`
	Lease string `json:"lease"`
	Epoch uint64 `json:"epoch"` // grows with each holder
	Error string `json:"error,omitempty"`
	held  bool
}

// EventName implements [notice.Event].
func (l leased) EventName() string {
	if l.held {
		return "lease_taken"
	}
	return "lease_ended"
}

// held is the lease of a session that this node sends. A nil one is of a session without a lease.
type held struct {
	*lease.Lease
	daemon  *Daemon
	unit    string
	name    string
	objects *lease.Objects

	mu    sync.Mutex
	files map[string]heldFile // by Content-Location
}

// heldFile is a file that was added to the session.
type heldFile struct {
	version string
	toi     flute.TOI
}

const (
	// numberRetry is the pause after a file could not be noted.
	numberRetry = 200 * time.Millisecond
	// numberTold is how many tries have failed when an operator is told.
	numberTold = 10
	// numberAtOnce is how many files are noted at once: each takes as long as the servers take to agree.
	numberAtOnce = 64
)

// hold waits until this node may send the session of a section.
func (d *Daemon) hold(ctx context.Context, u *unit, section *config.Send, key flute.SessionKey) (*held, error) {
	r := d.fleet.Load()
	if r == nil {
		return nil, errors.New("the section fleet takes effect with the next start")
	}
	d.mu.Lock()
	f := d.first.fleet
	d.mu.Unlock()
	u.enter(phaseStandby, "")
	d.log.Info("waiting for the lease", "unit", u.name, "lease", section.Lease)
	l, err := lease.Acquire(ctx, lease.Config{
		Bucket: r.bucket, Name: section.Lease, Site: f.Site, Session: key, TTL: f.LeaseTTL,
		Warn: func(text string) {
			u.enter(phaseStandby, text)
			d.warn(u.name + ": lease " + section.Lease + ": " + text)
		},
	})
	if err != nil {
		return nil, err
	}
	u.enter(phaseStarting, "")
	h := &held{Lease: l, daemon: d, unit: u.name, name: section.Lease, files: map[string]heldFile{}}
	d.journal.add(leased{Unit: u.name, Lease: h.name, Epoch: l.Epoch(), held: true})
	// While the servers elect a leader none answers. The lease may outlast that.
	for h.objects, err = l.Objects(ctx); err != nil; h.objects, err = l.Objects(ctx) {
		if ctx.Err() != nil || h.Permit() != nil {
			h.release()
			return nil, fmt.Errorf("lease %s: %w", h.name, err)
		}
		u.enter(phaseStarting, err.Error())
		select {
		case <-time.After(numberRetry):
		case <-h.Ended():
		case <-ctx.Done():
		}
	}
	return h, nil
}

// release gives the lease back.
func (h *held) release() {
	cause := ""
	if err := h.Err(); err != nil {
		cause = err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), handPatience)
	defer cancel()
	h.Release(ctx)
	h.daemon.journal.add(leased{Unit: h.unit, Lease: h.name, Epoch: h.Epoch(), Error: cause})
}

// apply has a session go on where the holder before has ended, and send only while the lease is held.
func (h *held) apply(cfg *node.SendConfig) {
	if h == nil {
		return
	}
	cfg.Session.Keeper, cfg.Session.KeepFirst, cfg.Session.Resume = h.Lease, true, h.Numbers()
	cfg.Permit = h.Permit
}

// Number implements outgoing.Numbering: it gives a file the TOI that it had with another holder. What was sent as often
// as it was to be is not sent again.
func (h *held) Number(ctx context.Context, s *node.Sending, f *sender.File) (sent bool, err error) {
	version, err := versionOf(f)
	if err != nil {
		return false, nil //nolint:nilerr // to add it will fail, and say why
	}
	h.mu.Lock()
	before, ok := h.files[f.ContentLocation]
	h.mu.Unlock()
	if ok && before.version == version {
		return false, nil // it is tried again: receivers must not take it for the try before
	}
	var toi flute.TOI
	err = h.persist(ctx, f.ContentLocation, func() (err error) {
		toi, sent, err = h.objects.Number(ctx, f.ContentLocation, version, s.Reserve)
		return err
	})
	if err != nil || sent {
		return sent, err
	}
	f.TOI = &toi
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files[f.ContentLocation] = heldFile{version, toi}
	return false, nil
}

// persist tries to note something of a file until that succeeds, as long as the lease is held. It says once why it
// waits.
func (h *held) persist(ctx context.Context, location string, note func() error) error {
	err := note()
	for tries := 1; err != nil && ctx.Err() == nil && h.Permit() == nil; tries++ {
		if tries == numberTold {
			h.daemon.warn(fmt.Sprintf("%s: %s waits for lease %s: %v", h.unit, location, h.name, err))
		}
		select {
		case <-time.After(numberRetry):
		case <-ctx.Done():
		}
		err = note()
	}
	return err
}

// Forget implements outgoing.Numbering.
func (h *held) Forget(ctx context.Context, location string) error {
	h.mu.Lock()
	delete(h.files, location)
	h.mu.Unlock()
	return h.persist(ctx, location, func() error { return h.objects.Forget(ctx, location) })
}

// unsent returns the files that are still to be sent.
func (h *held) unsent(items []*outgoing.Item) []*outgoing.Item {
	if h == nil {
		return items
	}
	return slices.DeleteFunc(items, func(i *outgoing.Item) bool {
		version, err := versionOf(&i.File)
		return err == nil && h.objects.IsSent(i.ContentLocation, version)
	})
}

// numbered returns the files with their TOIs. Files that cannot be noted any more are left out.
func (h *held) numbered(ctx context.Context, s *node.Sending, items []*outgoing.Item) iter.Seq[sender.File] {
	return func(yield func(sender.File) bool) {
		for part := range slices.Chunk(items, numberAtOnce) {
			errs := make([]error, len(part))
			var noting sync.WaitGroup
			for i := range part {
				if h != nil {
					noting.Go(func() { _, errs[i] = h.Number(ctx, s, &part[i].File) })
				}
			}
			noting.Wait()
			for i := range part {
				if errs[i] != nil || !yield(part[i].File) {
					return // the lease has ended, or the session
				}
			}
		}
	}
}

// shut has nothing be sent from now on, close-session flags included: the session goes on elsewhere. One that has ended
// by itself has said so.
func (h *held) shut() {
	if h != nil {
		h.Shut()
	}
}

// versionOf returns what tells two states of a file apart on all nodes alike: its size and the time of its change.
func versionOf(f *sender.File) (string, error) {
	if f.Source == nil {
		return fmt.Sprint(f.Size), nil
	}
	o, err := f.Source.Open()
	if err != nil {
		return "", err
	}
	defer o.Close() //nolint:errcheck // nothing was written
	v, err := o.Version()
	if err != nil {
		return "", err
	}
	// A tag ends with the time; before it is what only this machine knows. See source.Version.
	return fmt.Sprintf("%d:%s", v.Size, v.Tag[strings.LastIndexByte(v.Tag, ':')+1:]), nil
}

// follow notes which files are sent as often as they were to be, until the returned function is called.
func (h *held) follow(ctx context.Context, key flute.SessionKey) (stop func()) {
	if h == nil {
		return func() {}
	}
	sub := h.daemon.node.Subscribe(node.SubscribeOptions{
		Queue: defaults.EventQueue,
		Filter: func(e notice.Event) bool {
			c, ok := e.(event.ObjectCompleted)
			return ok && c.Sending && c.Session.Group == key.Group && c.Session.TSI == key.TSI
		},
	})
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for e := range sub.Events() {
			c, ok := e.(event.ObjectCompleted)
			if !ok {
				continue // some were missed: another holder sends these once more
			}
			h.mu.Lock()
			f := h.files[c.ContentLocation]
			h.mu.Unlock()
			if f.toi != c.TOI {
				continue
			}
			for h.objects.Sent(ctx, c.ContentLocation, f.version) != nil && ctx.Err() == nil && h.Permit() == nil {
				time.Sleep(numberRetry)
			}
		}
	}()
	return func() {
		sub.Close()
		<-heard
	}
}
