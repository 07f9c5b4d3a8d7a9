package receiver

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/route"
	"github.com/flute-node/flute-node/store"
)

// The S-TSID of a ROUTE session comes as a file of its transport session 0, and describes the others. So sessions that
// share a Config share what S-TSIDs say: the Work that publishes a file of TSI 0 reads it, and each session looks for
// what concerns it. Nothing is believed of one source that another one says.

const (
	// maxSources bounds the sources whose S-TSIDs are kept, of each the latest for each group. An S-TSID has 512 KiB of
	// documents at most; what is kept is charged to Config.Budget, until no session of its source is left.
	maxSources = 256
	// flowOverhead is charged for a source flow besides its documents.
	flowOverhead = 512
)

// Why an S-TSID is not used.
var (
	errNoSTSID       = errors.New("no S-TSID in it")
	errSTSIDMemory   = errors.New("no memory is left in the budget for what it says")
	errSTSIDSources  = fmt.Errorf("those of %d others are kept already", maxSources)
	errSTSIDDocument = errors.New("it cannot be read")
)

// signalling is what S-TSIDs say. It is safe for concurrent use.
type signalling struct {
	generation atomic.Uint64 // changes with what follows
	budget     *store.Budget
	mu         sync.Mutex
	sessions   map[netip.Addr]int        // that live, by source
	sources    map[signallingKey]*stated // not changed: others take their place
	configured []route.Flow
}

// stated is what the S-TSID of a ROUTE session says.
type stated struct {
	flows []route.Flow
	cost  uint64 // charged
}

// signallingKey is whose S-TSID it is: that of a ROUTE session.
type signallingKey struct {
	source netip.Addr
	group  netip.AddrPort
}

// newSignalling returns what is known at the start: the S-TSID of the configuration, if there is one. What sources say
// is charged to budget, which may be nil.
func newSignalling(stsid []byte, budget *store.Budget) (*signalling, error) {
	g := &signalling{budget: budget, sessions: map[netip.Addr]int{}, sources: map[signallingKey]*stated{}}
	if stsid == nil {
		return g, nil
	}
	flows, err := route.ParseSignalling(stsid, 1<<32-1)
	if err == nil && len(flows) == 0 {
		err = errNoSTSID
	}
	g.configured = flows
	g.generation.Store(1)
	return g, err
}

// CheckSTSID reports what is wrong with the S-TSID of c.
func (c *Config) CheckSTSID() error {
	_, err := newSignalling(c.STSID, nil)
	return err
}

// find returns what is said of a session; nil: nothing.
func (g *signalling) find(key flute.SessionKey) *route.Flow {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found *route.Flow
	look := func(flows []route.Flow, group netip.AddrPort) {
		for i := range flows {
			f := &flows[i]
			same := f.Group == key.Group || !f.Group.IsValid() && (group == key.Group || !group.IsValid())
			if found == nil && f.TSI == key.TSI && same {
				found = f
			}
		}
	}
	if s := g.sources[signallingKey{key.Source, key.Group}]; s != nil {
		look(s.flows, key.Group)
	}
	for of, s := range g.sources {
		if found == nil && of.source == key.Source {
			look(s.flows, of.group)
		}
	}
	look(g.configured, netip.AddrPort{})
	return found
}

// look looks for an S-TSID in a file of the session key, and keeps what it says. The error is why it is not used; nil
// also if the file is something else.
func (g *signalling) look(key flute.SessionKey, now time.Time, file io.ReaderAt, size uint64) error {
	if size > route.MaxDocument {
		return nil
	}
	b := make([]byte, size)
	if _, err := file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return &laterError{fmt.Errorf("%w: %w", errSTSIDDocument, err), 0}
	}
	flows, err := route.ParseSignalling(b, ntpOf(now.Add(efdtExpiry)))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errSTSIDDocument, err)
	case len(flows) == 0:
		return nil
	}
	return g.take(signallingKey{key.Source, key.Group}, flows)
}

// take keeps flows in the place of what was said before, if there is memory for them and a session that may want them.
func (g *signalling) take(of signallingKey, flows []route.Flow) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	old := g.sources[of]
	if g.sessions[of.source] == 0 {
		return nil // nobody is left whom it could concern
	}
	s, had := &stated{flows: flows, cost: costOf(flows)}, uint64(0)
	if old != nil {
		had = old.cost
	}
	if old == nil && len(g.sources) >= maxSources {
		return &laterError{errSTSIDSources, s.cost}
	}
	if s.cost > had && !g.budget.TryReserve(s.cost-had) {
		return &laterError{errSTSIDMemory, s.cost}
	}
	g.budget.Release(had - min(had, s.cost))
	g.sources[of] = s
	g.generation.Add(1)
	return nil
}

// hasRoom reports whether an S-TSID of the session key, for which there was none, has room now.
func (g *signalling) hasRoom(key flute.SessionKey, cost uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.sources[signallingKey{key.Source, key.Group}]; old != nil {
		cost -= min(cost, old.cost)
	} else if len(g.sources) >= maxSources {
		return false
	}
	if !g.budget.TryReserve(cost) {
		return false
	}
	g.budget.Release(cost)
	return true
}

// laterError is why an S-TSID is not used that is used when it comes again, and there is room of so many bytes for it.
type laterError struct {
	cause error
	cost  uint64
}

func (e *laterError) Error() string { return e.cause.Error() }
func (e *laterError) Unwrap() error { return e.cause }

// costOf returns what is charged for flows: they hold their documents, and texts of those.
func costOf(flows []route.Flow) uint64 {
	var n uint64
	for i := range flows {
		n += flowOverhead
		if e := flows[i].EFDT; e != nil {
			n += 2 * uint64(e.Len())
		}
	}
	return n
}

// enter counts a session of source in.
func (g *signalling) enter(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions[source]++
}

// leave counts it out. What a source without sessions has said is forgotten: it says it again.
func (g *signalling) leave(source netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sessions[source]--; g.sessions[source] > 0 {
		return
	}
	delete(g.sessions, source)
	for of, s := range g.sources {
		if of.source == source {
			g.budget.Release(s.cost)
			delete(g.sources, of)
			g.generation.Add(1)
		}
	}
}

// signals reports whether files of the session may be an S-TSID. RFC 9223, section 2.1: "The value TSI = 0 SHALL only
// be used for service-specific signaling."
func (l *Ledger) signals() bool { return l.cfg.ROUTE && l.key.TSI == 0 }
