package assembly

import (
	"cmp"
	"fmt"
	"io"
	"sync"

	"github.com/flute-node/flute-node/flute/internal/staging"
)

// Exchange is work that gives an object other versions of some of its source symbols. Run it once.
type Exchange struct {
	object  *staging.Object
	symbols []exchanged
}

type exchanged struct {
	conflict *conflict
	version  int
	bytes    []byte
	before   []byte // that the object had; nil: it is known
}

// Exchange returns the work that gives the object the versions that it is to have in the next attempt; nil: all were
// made. Exchanged takes it back.
func (a *Assembly) Exchange() *Exchange {
	x := &Exchange{object: a.object}
	for d := a.doubt; d.attempt < d.attempts(); d.attempt++ {
		for c, v := range d.wanted {
			if v == c.held || c.versions[v].bytes == nil {
				continue
			}
			e := exchanged{conflict: c, version: v, bytes: c.versions[v].bytes}
			if c.versions[c.held].bytes == nil && a.reserveDoubt(uint64(len(e.bytes))) {
				e.before = make([]byte, len(e.bytes))
			}
			x.symbols = append(x.symbols, e)
		}
		if len(x.symbols) > 0 {
			return x
		}
	}
	return nil
}

// HasExchange reports whether Exchange would return work.
func (a *Assembly) HasExchange() bool {
	d := a.doubt
	for attempt := d.attempt; attempt < d.attempts(); attempt++ {
		trial := doubt{conflicts: d.conflicts, attempt: attempt}
		for c, v := range trial.wanted {
			if v != c.held && c.versions[v].bytes != nil {
				return true
			}
		}
	}
	return false
}

// Run does the work. It blocks on the store.
func (x *Exchange) Run(sync.Locker) error {
	object, err := x.object.Open()
	if err != nil {
		return err
	}
	for _, s := range x.symbols {
		if s.before != nil {
			if n, err := object.ReadAt(s.before, int64(s.conflict.off)); n < len(s.before) {
				return fmt.Errorf("receiver: read of %d bytes at %d: %w", len(s.before), s.conflict.off,
					cmp.Or(err, io.ErrUnexpectedEOF))
			}
		}
		if _, err := object.WriteAt(s.bytes, int64(s.conflict.off)); err != nil {
			return err
		}
	}
	return nil
}

// Release does nothing: the bytes belong to the Assembly.
func (x *Exchange) Release() {}

// Exchanged notes that the object has the versions that x has written.
func (a *Assembly) Exchanged(x *Exchange) {
	d := a.doubt
	d.compared = 0
	d.attempt++
	for _, s := range x.symbols {
		if s.before != nil {
			s.conflict.versions[s.conflict.held].bytes = s.before
		}
		s.conflict.held = s.version
		d.list[s.conflict.off/uint64(a.OTI.SymbolLength)] = s.conflict.versions[s.version].tag
	}
}
