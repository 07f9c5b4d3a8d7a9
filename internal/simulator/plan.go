package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Plan is what happens in a simulation: all that its seed decides. It can be written as JSON, and made smaller.
type Plan struct {
	Seed uint64 `json:"seed"`
	// Strict: a symbol that was stored is never sent again. No file changes, and no packet is damaged.
	Strict        bool          `json:"strict,omitempty"`
	Budget        uint64        `json:"budget"`         // of the node, in bytes
	SessionBudget uint64        `json:"session_budget"` // bytes
	Sessions      []SessionPlan `json:"sessions"`
	Link          LinkPlan      `json:"link"`
	Hostile       float64       `json:"hostile,omitempty"` // share of the datagrams that are forged
	Spoofed       bool          `json:"spoofed,omitempty"` // some of them bear the address of the sender
	Join          time.Duration `json:"join_ns,omitempty"` // when the receiver begins
	Incidents     []Incident    `json:"incidents"`
	Crashes       []Crash       `json:"crashes,omitempty"`
	Bystanders    int           `json:"bystanders"` // sessions on another group, with a disk of their own, sent once
	Length        time.Duration `json:"length_ns"`  // until the faults are over
}

// SessionPlan is a sending session.
type SessionPlan struct {
	FEC         string        `json:"fec"` // no-code, rs, raptorq
	Symbol      int           `json:"symbol_length"`
	Block       int           `json:"source_block_length"`
	Rate        uint64        `json:"rate"` // bits per second
	Parallel    int           `json:"parallel"`
	Interleave  int           `json:"interleave"`
	FDTFiles    int           `json:"fdt_files,omitempty"`
	FDTCENC     uint8         `json:"fdt_content_encoding,omitempty"`
	InTransfer  bool          `json:"fdt_in_transfer,omitempty"`
	FDTOnly     bool          `json:"fti_in_fdt_only,omitempty"`
	Pause       time.Duration `json:"pause_ns"` // between two transfers of a file
	Undigested  bool          `json:"undigested,omitempty"`
	SameNumbers bool          `json:"same_numbers,omitempty"` // after a restart the first ones come again
	Files       []int         `json:"files"`                  // bytes
	GZIP        []bool        `json:"gzip,omitempty"`         // by file
}

// LinkPlan is the network on the way to the receiver.
type LinkPlan struct {
	Loss      float64       `json:"loss"`
	Burst     float64       `json:"burst,omitempty"` // mean length of a burst of losses (Gilbert-Elliott)
	Duplicate float64       `json:"duplicate,omitempty"`
	Reorder   float64       `json:"reorder,omitempty"`
	Depth     int           `json:"depth,omitempty"`
	Jitter    time.Duration `json:"jitter_ns,omitempty"`
	Flip      float64       `json:"flip,omitempty"` // probability that a packet of a file is damaged
	Fades     []Fade        `json:"fades,omitempty"`
}

// Fade is a time in which nothing arrives.
type Fade struct {
	At  time.Duration `json:"at_ns"`
	For time.Duration `json:"for_ns"`
}

// Incident is something that happens at a time.
type Incident struct {
	At    time.Duration `json:"at_ns"`
	What  string        `json:"what"` // one of the constants below
	For   time.Duration `json:"for_ns,omitempty"`
	Which int           `json:"which,omitempty"` // session and file, or what the incident needs
}

// What an Incident may be.
const (
	killReceiver = "kill receiver"  // kill -9; it is started again after For
	cutPower     = "cut power"      // the same, and what was not synced is lost
	cutWrite     = "cut write"      // at the Which-th write to the disk from then on the power is cut
	stopReceiver = "stop receiver"  // in order
	killSender   = "kill sender"    // without a close-session flag
	stopSender   = "stop sender"    // in order
	updateFile   = "update file"    // another version of it
	removeFile   = "remove file"    // from the carousel
	diskFull     = "disk full"      // for For
	diskFails    = "disk fails"     // half of all calls
	diskSlow     = "disk slow"      // 50 ms a call
	diskHangs    = "disk hangs"     // no call returns
	diskLies     = "disk lies"      // about what is durable, until the power is cut at the end of For
	closeSession = "forged A flag"  // with the address of the sender
	closeObject  = "forged B flag"  // likewise
	askSnapshot  = "snapshot"       // somebody asks what runs
	reopenSocket = "close a socket" // the system closes it under the reader
)

// Crash has an actor of the receiving node panic, once.
type Crash struct {
	Actor string `json:"actor"` // pattern of its name
	Nth   int    `json:"nth"`   // message
	After bool   `json:"after,omitempty"`
}

// NewPlan returns the plan of a seed.
func NewPlan(seed uint64) *Plan {
	g := gen{rand.New(rand.NewPCG(seed, 12))}
	p := &Plan{Seed: seed, Strict: seed%3 == 0, Budget: 64 << 20, SessionBudget: 16 << 20}
	p.Length = g.between(3*time.Second, 12*time.Second)
	p.Join = pick(g, 0, 0, 0, g.upTo(3*time.Second))
	p.Bystanders = pick(g, 0, 1, 2)
	for range pick(g, 1, 1, 2) {
		p.Sessions = append(p.Sessions, g.session(p.Strict))
	}
	p.Link = g.link(p)
	p.Hostile = pick(g, 0, 0, 0, 0.1, 0.1, 0.9)
	if p.Strict {
		g.strict(p)
	} else {
		g.wild(p)
	}
	slices.SortStableFunc(p.Incidents, func(a, b Incident) int { return cmp.Compare(a.At, b.At) })
	return p
}

// gen makes plans.
type gen struct{ *rand.Rand }

func pick[T any](g gen, of ...T) T { return of[g.IntN(len(of))] }

func (g gen) chance(p float64) bool { return g.Float64() < p }

func (g gen) upTo(d time.Duration) time.Duration {
	return time.Duration(g.Int64N(int64(d))).Round(time.Millisecond)
}

func (g gen) between(least, most time.Duration) time.Duration { return least + g.upTo(most-least) }

func (g gen) session(strict bool) SessionPlan {
	s := SessionPlan{
		FEC: pick(g, "no-code", "rs", "rs", "raptorq"), Symbol: pick(g, 400, 1000, 1400), Block: 4 + g.IntN(28),
		Rate: pick(g, uint64(1_000_000), 2_000_000, 8_000_000), Parallel: 1 + g.IntN(3), Interleave: 1 + g.IntN(2),
		FDTCENC: uint8(pick(g, 0, 0, 1, 2, 3)), InTransfer: g.chance(0.2), FDTOnly: g.chance(0.2),
		Pause: pick(g, 100*time.Millisecond, time.Second, 3*time.Second),
	}
	sizes := []int{0, 1, 1000, 5000, 30_000, 100_000}
	if strict {
		sizes = []int{70_000, 100_000, 200_000}
	} else {
		s.FDTFiles = pick(g, 0, 0, 1, 2)
		s.Undigested = g.chance(0.3)
		s.SameNumbers = g.chance(0.1)
	}
	for range 1 + g.IntN(4) {
		s.Files = append(s.Files, max(0, pick(g, sizes...)-g.IntN(100)))
		s.GZIP = append(s.GZIP, !strict && g.chance(0.2))
	}
	return s
}

func (g gen) link(p *Plan) LinkPlan {
	l := LinkPlan{
		Loss: pick(g, 0, 0.01, 0.05, 0.1, 0.3*g.Float64()), Duplicate: pick(g, 0, 0, 0.05),
		Reorder: pick(g, 0, 0, 0.1), Depth: 1 + g.IntN(16), Jitter: pick(g, 0, 0, 20*time.Millisecond),
	}
	if g.chance(0.3) {
		l.Burst = float64(2 + g.IntN(30))
	}
	for range pick(g, 0, 0, 0, 1, 2) {
		l.Fades = append(l.Fades, Fade{g.upTo(p.Length), g.between(100*time.Millisecond, 4*time.Second)})
	}
	return l
}

// strict: deaths and crashes, and every symbol is sent once.
func (g gen) strict(p *Plan) {
	for range pick(g, 0, 1, 1, 2, 3) {
		p.add(g, pick(g, killReceiver, killReceiver, cutPower, stopReceiver), 2*time.Second, 0)
	}
	if g.chance(0.5) {
		for range 1 + g.IntN(3) {
			actor := pick(g, "object/*", "session/receiving-*")
			p.Crashes = append(p.Crashes, Crash{actor, 1 + g.IntN(200), g.chance(0.5)})
		}
	}
}

// wild: all that can happen.
func (g gen) wild(p *Plan) {
	p.Spoofed = p.Hostile > 0 && g.chance(0.5)
	for i := range p.Sessions {
		if p.Spoofed {
			p.Sessions[i].Undigested = false
		}
	}
	if g.chance(0.3) && !p.undigested() {
		p.Link.Flip = pick(g, 0.005, 0.05)
	}
	if g.chance(0.3) {
		p.Budget, p.SessionBudget = 16<<20, pick(g, uint64(512<<10), 1<<20, 4<<20)
	}
	for range g.IntN(6) {
		what := pick(g, killReceiver, cutPower, cutWrite, stopReceiver, killSender, stopSender, updateFile, updateFile,
			removeFile, diskFull, diskFails, diskSlow, diskHangs, diskLies, closeSession, closeObject, askSnapshot,
			reopenSocket)
		if what == diskLies && p.undigested() { // only a digest shows that bytes are missing which were noted
			what = diskSlow
		}
		atMost := 4 * time.Second
		if what == diskHangs {
			atMost = 20 * time.Second
		}
		p.add(g, what, atMost, g.IntN(1000))
	}
	if g.chance(0.4) {
		for range 1 + g.IntN(4) {
			p.Crashes = append(p.Crashes, Crash{
				pick(g, "object/*", "session/receiving-*", "sessions", "sockets", "socket/*", "hub", "reader/*"),
				1 + g.IntN(300), g.chance(0.5),
			})
		}
	}
}

func (p *Plan) undigested() bool {
	return slices.ContainsFunc(p.Sessions, func(s SessionPlan) bool { return s.Undigested })
}

func (p *Plan) add(g gen, what string, atMost time.Duration, which int) {
	p.Incidents = append(p.Incidents, Incident{
		At: p.Join + g.upTo(p.Length), What: what, For: g.between(10*time.Millisecond, atMost), Which: which,
	})
}

// has reports whether one of these incidents is planned.
func (p *Plan) has(what ...string) bool {
	return slices.ContainsFunc(p.Incidents, func(i Incident) bool { return slices.Contains(what, i.What) })
}

// String names the plan.
func (p *Plan) String() string { return fmt.Sprintf("seed %d", p.Seed) }

// Text returns the plan as JSON, for people.
func (p *Plan) Text() string {
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
