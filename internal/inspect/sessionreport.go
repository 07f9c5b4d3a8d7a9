package inspect

import (
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Session is a transport session.
type Session struct {
	Key      flute.SessionKey `json:"session"`
	Verdict  string           `json:"verdict"`
	Summary  []string         `json:"summary"` // what it comes to, for people
	Version  uint8            `json:"flute_version"`
	Profile  string           `json:"namespace,omitempty"`
	Restarts int              `json:"source_ports_changed,omitempty"`
	Packets  uint64           `json:"packets"`
	Bytes    uint64           `json:"bytes"`
	Dataless uint64           `json:"dataless,omitempty"`
	Cut      uint64           `json:"cut,omitempty"`
	FirstNo  uint64           `json:"first_packet"`
	LastNo   uint64           `json:"last_packet"`
	First    time.Time        `json:"first"`
	Last     time.Time        `json:"last"`
	Closed   bool             `json:"closed"`             // by the A flag
	Complete bool             `json:"complete_announced"` // an FDT Instance says that no file follows
	// Due are the symbols whose ESIs lie between two that came, Lost those of them that did not come.
	Due        uint64        `json:"due"`
	Lost       uint64        `json:"lost"`
	Loss       float64       `json:"loss"`
	Shuffled   bool          `json:"shuffled,omitempty"` // ESIs do not come in order: Lost says nothing
	Late       uint64        `json:"late"`
	Duplicates uint64        `json:"duplicates"`
	MeanRate   float64       `json:"mean_rate_bps"`
	PeakRate   float64       `json:"peak_rate_bps"` // over 10 ms
	LongestGap time.Duration `json:"longest_gap_ns"`
	// ClockOffset is the sender's clock less that of the capture; 0: it has not told it.
	ClockOffset time.Duration  `json:"clock_offset_ns,omitempty"`
	FEC         Margin         `json:"fec"`
	Counters    flute.Counters `json:"counters"` // of the receiver
	Violations  []Violation    `json:"violations"`
	Warnings    []string       `json:"warnings,omitempty"` // of the receiver
	Instances   []Instance     `json:"fdt_instances"`
	Objects     []Object       `json:"objects"`
	MoreObjects int            `json:"more_objects,omitempty"` // beyond shownObjects
	Superseded  int            `json:"superseded,omitempty"`   // objects that gave way to newer versions of their files
	Beyond      uint64         `json:"beyond,omitempty"`       // packets of objects, and files, that were too many
	// Earlier are FDT Instances before those in Instances: too many to be told one by one.
	Earlier int    `json:"earlier_fdt_instances,omitempty"`
	Series  Series `json:"series"`

	whole, broken int // objects
	own           int // broken ones for which neither sender nor path is to blame, but this machine
}

// Margin is what FEC had to spare: symbols of a source block beyond its source symbols.
type Margin struct {
	Blocks  uint64  `json:"blocks"` // that were complete, of objects with FEC
	Least   int64   `json:"least"`  // of one block
	Mean    float64 `json:"mean"`
	Lacking uint64  `json:"lacking_blocks"` // that were not complete
	Worst   int64   `json:"worst"`          // what the worst of those lacks
}

// Violation is a rule that is broken.
type Violation struct {
	Rule    string   `json:"rule"`
	Must    bool     `json:"must"`
	Text    string   `json:"text"`
	Source  string   `json:"source"`
	Count   uint64   `json:"count"`
	Packets []uint64 `json:"packets,omitempty"` // the first ones
	Detail  string   `json:"detail,omitempty"`  // of the first
}

// Instance is an FDT Instance.
type Instance struct {
	ID       flute.InstanceID `json:"fdt_instance_id"`
	FirstNo  uint64           `json:"first_packet"`
	First    time.Time        `json:"first"`
	Packets  uint64           `json:"packets"`
	Times    int              `json:"times"` // that it came, at least
	Read     bool             `json:"read"`
	Failure  string           `json:"failure,omitempty"`
	Encoding int              `json:"content_encoding"` // of EXT_CENC; -1: none
	Files    int              `json:"files"`
	Expires  time.Time        `json:"expires,omitzero"`
	Complete bool             `json:"complete"`
	Changes  []string         `json:"changes,omitempty"` // from the one before
	More     int              `json:"more_changes,omitempty"`
}

// isFLUTE reports whether anything shows that LCT headers are those of FLUTE: EXT_FDT, or an object whose EXT_FTI is
// possible.
func (s *session) isFLUTE() bool {
	return s.route && s.fdt.seen+len(s.heard.ends) > 0 || len(s.fdt.instances) > 0 ||
		slices.ContainsFunc(s.order, func(o *object) bool { return o.inBand })
}

// stray adds the rules that packets of the same source to the same destination break, which name no session.
func (s *session) stray(f *flow) {
	if f == nil {
		return
	}
	for id, x := range f.broken {
		if s.broken == nil {
			s.broken = breaches{}
		}
		s.broken[id] = x
	}
}

// report returns what was found of the session.
func (s *session) report() Session {
	v := s.heard
	x := Session{
		Key: s.key, Version: s.version, Restarts: s.ports, Packets: s.packets, Bytes: s.bytes, Dataless: s.dataless,
		Cut: s.cut, FirstNo: s.firstNo, LastNo: s.lastNo, First: s.first, Last: s.last, Closed: s.closed,
		Complete: s.fdt.complete, Due: s.due, Lost: s.lost, Late: s.late, Duplicates: s.duplicates,
		LongestGap: s.series.maximum, ClockOffset: s.offset, Counters: v.counters, Warnings: v.warnings,
		Beyond: s.beyond + s.fdt.beyond, Earlier: s.fdt.earlier, Series: s.series,
		Violations: []Violation{}, Instances: []Instance{}, Objects: []Object{},
	}
	// Of a sender that does not count its symbols up, half of them come behind a higher ESI; of a path that reorders,
	// far fewer do.
	x.Shuffled = s.late > s.packets/4
	if x.Due > 0 && !x.Shuffled {
		x.Loss = float64(x.Lost) / float64(x.Due)
	}
	if d := s.last.Sub(s.first).Seconds(); d > 0 {
		x.MeanRate = float64(s.bytes) * 8 / d
	}
	x.PeakRate = float64(s.series.peak) * 8 / peakWindow.Seconds()
	if s.route {
		x.Profile = "ROUTE"
	}
	s.instances(&x)
	s.objectList(&x)
	for _, r := range rules {
		if b := s.broken[r.id]; b != nil {
			x.Violations = append(x.Violations, Violation{r.id, r.must, r.text, r.source, b.count, b.packets, b.detail})
		}
	}
	x.judge()
	return x
}

// instances fills in the FDT Instances, and judges how often they come.
func (s *session) instances(x *Session) {
	for _, in := range s.fdt.order {
		i := Instance{
			ID: in.ID, FirstNo: in.object.firstNo, First: in.object.first, Packets: in.object.packets,
			Times: len(in.starts), Read: in.read, Failure: in.failure, Encoding: in.cenc, Files: in.count,
			Expires: in.expires, Changes: in.changes, More: in.more,
		}
		if in.document != nil {
			x.Profile, i.Complete = in.document.Namespace, in.document.Complete
		}
		if in.object.symbols > 1 && in.object.hasOTI && !in.object.hasRepair() && in.object.part.Blocks() > 0 {
			s.breaks("E36", in.object.firstNo, "FDT Instance %d has %d packets without FEC", in.ID, in.object.symbols)
		}
		x.Instances = append(x.Instances, i)
	}
	if len(s.fdt.order) == 1 && len(s.fdt.order[0].starts) == 1 && s.last.Sub(s.first) > 5*time.Second {
		in := s.fdt.order[0]
		s.breaks("E35", in.object.firstNo, "FDT Instance %d came once in %v", in.ID,
			s.last.Sub(s.first).Round(time.Second))
	}
}

func (x *Session) isROUTE() bool { return x.Profile == "ROUTE" }

// judge gives the verdict on a session, and says in words what it comes to.
func (x *Session) judge() {
	must, should := 0, 0
	for i := range x.Violations {
		if x.Violations[i].Must {
			must++
		} else {
			should++
		}
	}
	say := func(format string, args ...any) { x.Summary = append(x.Summary, fmt.Sprintf(format, args...)) }
	switch {
	case must > 0:
		x.Verdict = Violations
		say("sender: breaks %d rules that it must keep, and %d that it should", must, should)
	case should > 0:
		say("sender: keeps what it must, and breaks %d rules that it should keep", should)
	default:
		say("sender: no rule is broken")
	}
	switch {
	case x.isROUTE():
		say("path: not told, since packets of ROUTE are not numbered")
	case x.Shuffled:
		say("path: the sender does not count its symbols up, so that loss cannot be told")
	case x.Lost+x.Late+x.Duplicates == 0:
		say("path: nothing lost, reordered or doubled")
	default:
		say("path: %d of %d symbols lost (%.2f %%), %d out of order, %d doubled", x.Lost, x.Due, 100*x.Loss, x.Late,
			x.Duplicates)
	}
	gone := ""
	if x.Superseded > 0 {
		gone = fmt.Sprintf(", and %d gave way to newer versions", x.Superseded)
	}
	say("result: %d of %d objects are whole%s", x.whole, x.whole+x.broken, gone)
	if x.Verdict == "" {
		x.Verdict = Clean
		read := slices.ContainsFunc(x.Instances, func(i Instance) bool { return i.Read })
		if x.broken > 0 || x.Beyond > 0 || !read && !x.isROUTE() {
			x.Verdict = Incomplete
		}
	}
}
