package node

import (
	"fmt"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store"
)

// takeover is what a reception takes over from earlier processes: objects that they have not finished, and what they
// have noted of files that they have published.
type takeover struct {
	cfg       *ReceiveConfig
	leftovers []store.Leftover
	delivered [][]byte
	err       error
	done      bool
}

// takeovers are those from one store. Receptions that begin together share one look at what is there: it costs as much
// for all of them as for one. The zero value is ready to use.
type takeovers struct {
	turn sync.Mutex // held by the caller that looks

	mu      sync.Mutex
	waiting []*takeover
}

// take returns what cfg wants of what is there. All of it was there after the call.
func (t *takeovers) take(st store.Store, cfg *ReceiveConfig) *takeover {
	own := &takeover{cfg: cfg}
	keeper, ok := st.(store.Keeper)
	if !ok || cfg.Session.NoNotes {
		return own
	}
	t.mu.Lock()
	t.waiting = append(t.waiting, own)
	t.mu.Unlock()
	t.turn.Lock()
	defer t.turn.Unlock()
	if own.done {
		return own
	}
	t.mu.Lock()
	list := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	defer func() {
		if !own.done { // the Store of an application has panicked: the others have to look themselves
			t.mu.Lock()
			defer t.mu.Unlock()
			t.waiting = append(t.waiting, slices.DeleteFunc(list, func(o *takeover) bool { return o == own })...)
		}
	}()
	look(keeper, list)
	return own
}

// look finds what the receptions of list want. Of a session that several want the first one gets the objects.
func look(keeper store.Keeper, list []*takeover) {
	wanted := map[flute.SessionKey][]*takeover{}
	by := func(notes []byte) []*takeover {
		key, ok := list[0].cfg.Session.SessionOf(notes)
		if !ok {
			return nil
		}
		of, known := wanted[key]
		if !known {
			for _, t := range list {
				if t.cfg.wants(key) {
					of = append(of, t)
				}
			}
			wanted[key] = of
		}
		return of
	}
	left, err := keeper.Recover(func(notes []byte) bool { return len(by(notes)) > 0 })
	for _, l := range left {
		if of := by(l.Notes); len(of) > 0 {
			of[0].leftovers = append(of[0].leftovers, l)
		}
	}
	if err == nil && slices.ContainsFunc(list, (*takeover).asksDelivered) {
		var notes [][]byte
		notes, err = keeper.Delivered()
		for _, b := range notes {
			for _, t := range by(b) {
				if t.asksDelivered() {
					t.delivered = append(t.delivered, b)
				}
			}
		}
	}
	for _, t := range list {
		if t.done = true; err != nil {
			t.err = fmt.Errorf("node: %w", err)
		}
	}
}

func (t *takeover) asksDelivered() bool { return !t.cfg.Session.Redeliver }

// wants reports whether a session is one of those that c receives.
func (c *ReceiveConfig) wants(key flute.SessionKey) bool {
	return key.Group == c.Group && (!c.Source.IsValid() || key.Source == c.Source) &&
		(len(c.TSIs) == 0 || slices.Contains(c.TSIs, key.TSI))
}
