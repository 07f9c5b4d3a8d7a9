package receiver

import (
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/route"
)

// The S-TSID of a ROUTE session comes as a file of its transport session 0, and describes the others. So sessions that
// share a Config share what S-TSIDs say: the Work that publishes a file of TSI 0 reads it, and each session looks for
// what concerns it. Nothing is believed of one source that another one says.

// maxSources bounds the sources whose S-TSIDs are kept: with 512 KiB of documents each at most, 128 MiB.
const maxSources = 256

// errNoSTSID: what was configured is no S-TSID.
var errNoSTSID = errors.New("no S-TSID in it")

// signalling is what S-TSIDs say. It is safe for concurrent use.
type signalling struct {
	generation atomic.Uint64 // changes with what follows
	mu         sync.Mutex
	sources    map[signallingKey][]route.Flow // not changed: others take their place
	configured []route.Flow
}

// signallingKey is whose S-TSID it is: that of a ROUTE session.
type signallingKey struct {
	source netip.Addr
	group  netip.AddrPort
}

// newSignalling returns what is known at the start: the S-TSID of the configuration, if there is one.
func newSignalling(stsid []byte) (*signalling, error) {
	g := &signalling{sources: map[signallingKey][]route.Flow{}}
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
	_, err := newSignalling(c.STSID)
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
	look(g.sources[signallingKey{key.Source, key.Group}], key.Group)
	for of, flows := range g.sources {
		if found == nil && of.source == key.Source {
			look(flows, of.group)
		}
	}
	look(g.configured, netip.AddrPort{})
	return found
}

// look returns who looks for an S-TSID in a file of the session key.
func (g *signalling) look(key flute.SessionKey, now time.Time) func(file io.ReaderAt, size uint64) {
	return func(file io.ReaderAt, size uint64) {
		if size > route.MaxDocument {
			return
		}
		b := make([]byte, size)
		if _, err := file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
			return
		}
		flows, err := route.ParseSignalling(b, ntpOf(now.Add(efdtExpiry)))
		if err != nil || len(flows) == 0 {
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		of := signallingKey{key.Source, key.Group}
		if _, ok := g.sources[of]; !ok && len(g.sources) >= maxSources {
			return
		}
		g.sources[of] = flows
		g.generation.Add(1)
	}
}

// signals reports whether files of the session may be an S-TSID. RFC 9223, section 2.1: "The value TSI = 0 SHALL only
// be used for service-specific signaling."
func (l *Ledger) signals() bool { return l.cfg.ROUTE && l.key.TSI == 0 }
