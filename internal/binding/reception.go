package binding

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store"
)

// Reception is a reception of a Node.
type Reception struct {
	Shelf *Shelf // nil: files go to a folder

	r     *node.Reception
	close sync.Once
	ended chan struct{}
	err   error
}

// numeric is the lookup of a program that has none: addresses are numbers, so that no call waits for a name server.
func numeric(_ context.Context, host string) ([]netip.Addr, error) {
	return nil, Wrong("%s: take an address: names of hosts are looked up by the program", quote(host))
}

var _ settings.Lookup = numeric

// Receive begins a reception. text has keys of a section receive of the file of configuration, without those of
// programs. Without dir, files are kept in memory, of so many bytes; 0: 1 GiB.
func (o *Node) Receive(text string, memory uint64, patience time.Duration) (*Reception, error) {
	section, err := config.Section[config.Receive](text, notOfReception...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := section.Settings(ctx, numeric)
	switch {
	case err != nil:
		return nil, Wrong("%v", err)
	case len(all) != 1:
		return nil, Wrong("group: take one, such as 239.1.1.1:3400")
	}
	cfg, r := all[0], &Reception{ended: make(chan struct{})}
	if cfg.Dir == "" {
		if memory == 0 {
			memory = defaultMemory
		}
		r.Shelf = newShelf(store.NewBudget(memory, nil))
		cfg.Store = r.Shelf.files
	}
	if r.r, err = o.n.Receive(ctx, cfg); err != nil {
		return nil, late(err)
	}
	return r, nil
}

// late makes the end of a patience an error of its own.
func late(err error) error {
	if err == context.DeadlineExceeded { //nolint:errorlint // that of the context itself: what wraps it says more
		return errTimeout
	}
	return err
}

// ID returns the number of the reception in a Snapshot.
func (r *Reception) ID() uint64 { return r.r.ID() }

// Shelved returns the files in memory.
func (r *Reception) Shelved() *Shelf { return r.Shelf }

// Close begins to end the reception, and waits for nothing.
func (r *Reception) Close() error {
	if err := r.CloseWithin(0); err != errTimeout { //nolint:errorlint // that of CloseWithin itself
		return err
	}
	return nil
}

// CloseWithin begins to end the reception, and waits for its end for so long. Files in memory stay.
func (r *Reception) CloseWithin(patience time.Duration) error {
	r.close.Do(func() {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
			defer cancel()
			r.err = r.r.Close(ctx)
			close(r.ended)
		}()
	})
	return within(patience, r.ended, func() error { return r.err })
}
