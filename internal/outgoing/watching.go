package outgoing

import (
	"context"
	"errors"
	"sync"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/watch"
	"github.com/flute-node/flute-node/node"
)

// WatchedSize is what a file of a watched folder may have at most, for the choice of the FEC.
const WatchedSize = 1 << 40

// Watching carries changes of a folder over to a session. Run is to be called once.
type Watching struct {
	Key     flute.SessionKey // of the session, without its source: only events of it are looked at
	Session *node.Sending
	Watcher *watch.Watcher
	How     *How
	Numbers Numbering // nil: TOIs are the session's own
	Warn    func(string)

	mu        sync.Mutex
	tois      map[string]flute.TOI       // by name
	locations map[string]string          // Content-Location by name, of files that Numbers knows
	changes   map[flute.TOI]watch.Change // that the objects of these carry out
	asking    bool                       // the session has an Update that it has not answered
	early     []event.Event              // that came meanwhile
}

// Numbering knows which TOIs files have with other nodes that send the same session.
type Numbering interface {
	// Number puts the TOI into the file. sent reports that the file need not be sent.
	Number(ctx context.Context, s *node.Sending, f *sender.File) (sent bool, err error)
	// Forget forgets a file, by its Content-Location.
	Forget(ctx context.Context, location string) error
}

// Run goes on until ctx ends or the session has ended.
func (w *Watching) Run(ctx context.Context, n *node.Node) error {
	w.tois, w.changes = map[string]flute.TOI{}, map[flute.TOI]watch.Change{}
	w.locations = map[string]string{}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub := n.Subscribe(node.SubscribeOptions{Queue: defaults.EventQueue, Filter: w.isEnd})
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for e := range sub.Events() {
			if e, ok := e.(event.Event); ok {
				w.ended(e)
			}
		}
	}()
	go func() {
		select {
		case <-w.Session.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	err := w.Watcher.Run(ctx, func(c watch.Change) error { return w.change(ctx, c) })
	sub.Close()
	<-heard
	return err
}

// isEnd reports whether an object of the session has ended. It runs on the hub.
func (w *Watching) isEnd(e notice.Event) bool {
	switch e := e.(type) {
	case event.ObjectCompleted:
		return e.Sending && w.mine(e.Session)
	case event.ObjectFailed:
		return e.Sending && w.mine(e.Session)
	}
	return false
}

func (w *Watching) mine(key flute.SessionKey) bool {
	return key.Group == w.Key.Group && key.TSI == w.Key.TSI
}

// change carries out one change.
func (w *Watching) change(ctx context.Context, c watch.Change) error {
	if c.Removed {
		w.mu.Lock()
		toi, ok := w.tois[c.Name]
		delete(w.tois, c.Name)
		location := w.locations[c.Name]
		delete(w.locations, c.Name)
		w.mu.Unlock()
		var err error
		if ok { // first: it is to leave the network, also while nobody else can be told
			err = w.Session.Remove(ctx, toi, sender.AtOnce)
		}
		if location != "" {
			err = errors.Join(err, w.Numbers.Forget(ctx, location))
		}
		return err
	}
	f := Item{File: c.File}
	if err := w.How.Prepare(&f); err != nil {
		return err
	}
	if text := doubt(f.ContentLocation); text != "" {
		w.Warn(text)
	}
	if w.Numbers != nil {
		w.mu.Lock()
		w.locations[c.Name] = f.ContentLocation
		w.mu.Unlock()
		sent, err := w.Numbers.Number(ctx, w.Session, &f.File)
		if err != nil {
			return err
		}
		if sent {
			w.Watcher.Done(c)
			return nil
		}
	}
	w.mu.Lock()
	w.asking = true
	w.mu.Unlock()
	toi, err := w.Session.Update(ctx, f.File, nil, sender.AtOnce)
	w.mu.Lock()
	early := w.early
	w.asking, w.early = false, nil
	if err == nil {
		if before, ok := w.tois[c.Name]; ok {
			delete(w.changes, before)
		}
		w.tois[c.Name], w.changes[toi] = toi, c
	}
	w.mu.Unlock()
	for _, e := range early {
		w.ended(e)
	}
	return err
}

// ended takes the end of an object.
func (w *Watching) ended(e event.Event) {
	var toi flute.TOI
	var reason event.FailReason
	switch e := e.(type) {
	case event.ObjectCompleted:
		toi = e.TOI
	case event.ObjectFailed:
		toi, reason = e.TOI, e.Reason
	default:
		return
	}
	w.mu.Lock()
	c, ok := w.changes[toi]
	delete(w.changes, toi)
	if !ok && w.asking {
		w.early = append(w.early, e)
	}
	w.mu.Unlock()
	switch {
	case !ok:
	case reason == "":
		w.Watcher.Done(c)
	case reason != event.FailSuperseded && reason != event.FailCancelled && reason != event.FailClosed:
		w.Watcher.Failed(c)
	}
}
