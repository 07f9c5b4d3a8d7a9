package inspect

import (
	"container/list"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

const (
	// maxSessions is how many sessions are judged at once. Of those that have shown no FDT Instance, the one that is
	// silent for longest gives way to another.
	maxSessions = 4096
	// maxFlows is how many pairs of source and destination are told apart in what is no FLUTE.
	maxFlows = 4096
)

// Config configures an Inspector. The zero value of a field is its default.
type Config struct {
	// Store takes the files that are whole and verified; nil: they are verified in memory, and forgotten.
	Store store.Store
	// Layout names the files in Store, as receiver.Config.Layout; empty: a folder for each session.
	Layout string
	// Memory bounds what is held of packets and objects, in bytes; zero: 512 MiB. Without Store, objects of more than
	// an eighth of it are not verified.
	Memory uint64
	// Unverified: no object is decoded, and no digest checked; whether it is complete is told from its symbols.
	Unverified bool
	// Spawn runs f on another goroutine: digests are computed there, beside what is read. Nil: not beside it. The
	// report is the same.
	Spawn func(f func())
	// Notice, if it is not nil, is told what the packet in hand has brought to its end: objects that are whole, objects
	// that failed, FDT Instances.
	Notice func(text string)
}

// Inspector judges the datagrams that it is given, in the order of the capture. It is not safe for concurrent use.
type Inspector struct {
	cfg      Config
	registry *fec.Registry
	budget   *store.Budget // of the receivers
	memory   uint64        // what the accounts of packets hold
	sessions map[flute.SessionKey]*session
	order    []*session // that were not forgotten, by their first packet
	unproven list.List  // *session, the one that is silent for longest first
	flows    map[flowKey]*flow
	latest   *session
	route    *verdicts   // of all sessions of ROUTE
	behind   []*verdicts // that may verify objects behind the datagrams

	first, last      time.Time
	datagrams, bytes uint64
	joined           uint64 // datagrams that were several ones
	forgotten        uint64 // sessions
	forgottenPackets uint64
	otherPackets     uint64 // of flows beyond maxFlows
	unjudged         uint64 // packets for whose account there was no memory
}

type flowKey struct {
	src netip.Addr
	dst netip.AddrPort
}

// flow is what came from one source to one destination and belongs to no session.
type flow struct {
	packets uint64
	broken  breaches
}

// New returns an Inspector.
func New(cfg Config) *Inspector {
	if cfg.Memory == 0 {
		cfg.Memory = 512 << 20
	}
	return &Inspector{
		cfg: cfg, registry: schemes.Default(), budget: store.NewBudget(cfg.Memory/2, nil),
		sessions: map[flute.SessionKey]*session{}, flows: map[flowKey]*flow{},
	}
}

// Datagram takes the next one of the capture. Its payload is not kept.
func (in *Inspector) Datagram(d *capture.Datagram) {
	now := d.Time
	if in.first.IsZero() || now.Before(in.first) {
		in.first = now
	}
	if now.After(in.last) {
		in.last = now
	}
	if d.Pieces(in.datagram) > 1 {
		in.joined++
	}
}

// datagram takes one.
func (in *Inspector) datagram(d *capture.Datagram) {
	b := d.Payload
	in.datagrams++
	in.bytes += uint64(d.Length)
	src := d.Src.Addr().WithZone("")
	tsi, _, err := lct.Peek(b)
	if err != nil {
		in.stray(d, src, drop.Of(err))
		return
	}
	key := flute.SessionKey{Source: src, Group: d.Dst, TSI: tsi}
	s := in.latest
	if s == nil || s.key != key {
		if s = in.sessions[key]; s == nil {
			if s = in.open(d, key); s == nil {
				in.unjudged++
				return
			}
		}
		in.latest = s
	}
	s.packet(d, b, d.Length)
	if s.place != nil {
		if s.proven() {
			in.unproven.Remove(s.place)
			s.place = nil
		} else {
			in.unproven.MoveToBack(s.place)
		}
	}
}

// open begins a session, in the place of another one if there are too many; nil: all of these have shown FDT Instances.
func (in *Inspector) open(d *capture.Datagram, key flute.SessionKey) *session {
	if len(in.sessions) == maxSessions {
		oldest := in.unproven.Front()
		if oldest == nil {
			return nil
		}
		in.forget(oldest.Value.(*session))
	}
	s := newSession(in, d, key)
	if len(in.order) == 2*maxSessions {
		in.order = slices.DeleteFunc(in.order, func(s *session) bool { return in.sessions[s.key] != s })
	}
	in.order = append(in.order, s)
	in.sessions[key] = s
	s.place = in.unproven.PushBack(s)
	return s
}

// forget drops a session and counts what came of it.
func (in *Inspector) forget(s *session) {
	if s.place != nil {
		in.unproven.Remove(s.place)
	}
	delete(in.sessions, s.key)
	in.forgotten++
	in.forgottenPackets += s.packets
	s.heard.drop()
	in.memory -= s.held
	if in.latest == s {
		in.latest = nil
	}
}

// stray counts a datagram that is none of a session.
func (in *Inspector) stray(d *capture.Datagram, src netip.Addr, reason drop.Reason) {
	key := flowKey{src, d.Dst}
	f := in.flows[key]
	if f == nil {
		if len(in.flows) == maxFlows {
			in.otherPackets++
			return
		}
		f = &flow{}
		in.flows[key] = f
	}
	f.packets++
	f.broken.add(ruleOfHeader(reason), d.Number, func() string { return headerFault(reason) })
}

// ruleOfHeader returns the rule that a header of which reason was found breaks.
func ruleOfHeader(reason drop.Reason) string {
	switch reason {
	case drop.Version:
		return "A01"
	case drop.NoTSI:
		return "A02"
	case drop.HeaderLength:
		return "L15"
	case drop.Extension:
		return "L28"
	case drop.NoTOI:
		return "E06"
	case drop.NoInstanceID:
		return "E21"
	default:
		return "L16"
	}
}

func headerFault(reason drop.Reason) string {
	return "a datagram of which a receiver says: " + reason.String()
}

// spend reserves n bytes for an account of packets.
func (in *Inspector) spend(s *session, n uint64) bool {
	if in.memory+n > in.cfg.Memory/2 {
		in.unjudged++
		return false
	}
	in.memory += n
	s.held += n
	return true
}

// brief returns a text from the network as one line that fits into a report and does nothing to a terminal.
func brief(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar ||
			r == 0x2028 || r == 0x2029 {
			return '?'
		}
		return r
	}, s)
}
