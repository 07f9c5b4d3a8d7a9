package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/capture"
)

// The verdicts of a Report, and of its sessions.
const (
	Clean      = "clean"      // no rule is broken, and all objects are whole
	Violations = "violations" // a rule is broken that must be kept
	Incomplete = "incomplete" // objects are not whole, or the capture is cut, or not all of it was judged
	Nothing    = "nothing"    // there is no FLUTE in it
)

// Report is what was found in a capture.
type Report struct {
	Verdict   string          `json:"verdict"`
	Answer    []string        `json:"answer"` // whose fault it is that something is not well, for people
	File      string          `json:"file,omitempty"`
	CutShort  string          `json:"cut_short,omitempty"` // why the capture could not be read to its end
	Counts    *capture.Counts `json:"counts,omitempty"`
	Start     time.Time       `json:"start,omitzero"`
	End       time.Time       `json:"end,omitzero"`
	Datagrams uint64          `json:"datagrams"`
	Bytes     uint64          `json:"bytes"`
	Joined    uint64          `json:"joined,omitempty"`   // packets that were several datagrams in one piece (GSO, GRO)
	Unjudged  uint64          `json:"unjudged,omitempty"` // for want of memory
	// Forgotten are sessions of which nothing was found, and which gave way to others.
	Forgotten        uint64    `json:"forgotten_sessions,omitempty"`
	ForgottenPackets uint64    `json:"forgotten_packets,omitempty"`
	Sessions         []Session `json:"sessions"`
	Others           []Other   `json:"other_traffic,omitempty"`
	OtherPackets     uint64    `json:"other_packets"` // of all that is no FLUTE
}

// Other is traffic that is no FLUTE.
type Other struct {
	Flow    string `json:"flow"`
	Packets uint64 `json:"packets"`
	Fault   string `json:"fault"`
}

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

// Object is one.
type Object struct {
	TOI            flute.TOI         `json:"toi"`
	Location       string            `json:"content_location,omitempty"`
	State          string            `json:"state"` // verified, complete, incomplete, failed, refused, announced, undescribed
	Detail         string            `json:"detail,omitempty"`
	TransferLength uint64            `json:"transfer_length,omitempty"`
	FEC            string            `json:"fec,omitempty"`
	SymbolLength   uint16            `json:"symbol_length,omitempty"`
	Packets        uint64            `json:"packets"`
	FirstNo        uint64            `json:"first_packet,omitempty"`
	LastNo         uint64            `json:"last_packet,omitempty"`
	Blocks         uint32            `json:"blocks,omitempty"`
	Whole          uint32            `json:"complete_blocks"`
	Symbols        uint64            `json:"symbols"` // that differ
	Repair         uint64            `json:"repair_symbols"`
	Again          uint64            `json:"again"` // symbols that came before
	Missing        uint64            `json:"missing"`
	Path           string            `json:"path,omitempty"`
	Digests        map[string]string `json:"digests,omitempty"`
	Closed         bool              `json:"closed"` // by the B flag
}

// shownObjects is how many objects of a session are told one by one; those that are not whole come first.
const shownObjects = 1000

// Report ends the sessions and returns what was found. The Inspector is spent.
func (in *Inspector) Report() *Report {
	r := &Report{
		Start: in.first, End: in.last, Datagrams: in.datagrams, Bytes: in.bytes, Joined: in.joined,
		Unjudged: in.unjudged, Forgotten: in.forgotten, ForgottenPackets: in.forgottenPackets,
		OtherPackets: in.otherPackets, Sessions: []Session{},
	}
	known := map[string]bool{}
	in.closeROUTE()
	for _, s := range in.order {
		if in.sessions[s.key] != s {
			continue
		}
		if s.isFLUTE() {
			s.close()
		} else {
			r.OtherPackets += s.packets
			in.other(r, fmt.Sprintf("%v > %v, TSI %d", s.key.Source, s.key.Group, s.key.TSI), s.packets, s.broken,
				"LCT headers, and no FDT Instance")
			continue
		}
		known[fmt.Sprint(s.key.Source, s.key.Group)] = true
		s.stray(in.flows[flowKey{s.key.Source, s.key.Group}])
		delete(in.flows, flowKey{s.key.Source, s.key.Group})
		r.Sessions = append(r.Sessions, s.report())
	}
	for key, f := range in.flows {
		r.OtherPackets += f.packets
		in.other(r, fmt.Sprintf("%v > %v", key.src, key.dst), f.packets, f.broken, "")
	}
	slices.SortFunc(r.Others, func(a, b Other) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Flow, b.Flow))
	})
	r.Others = r.Others[:min(len(r.Others), shownOthers)]
	r.judge()
	return r
}

// shownOthers is how many flows of other traffic are told.
const shownOthers = 32

func (in *Inspector) other(r *Report, flow string, packets uint64, b breaches, fault string) {
	for _, x := range b {
		fault = x.detail
		break
	}
	r.Others = append(r.Others, Other{flow, packets, fault})
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

// judge gives the verdict on all: that of the worst session.
func (r *Report) judge() {
	r.Verdict = Clean
	if len(r.Sessions) == 0 {
		r.Verdict = Nothing
	}
	for i := range r.Sessions {
		switch v := r.Sessions[i].Verdict; {
		case v == Violations:
			r.Verdict = v
		case v == Incomplete && r.Verdict == Clean:
			r.Verdict = v
		}
	}
	switch {
	case r.CutShort != "" && r.Verdict == Clean, r.Unjudged > 0 && r.Verdict != Violations:
		r.Verdict = Incomplete
	}
	r.Answer = r.answer()
}

// Finish notes how the reading of the capture has ended. err is nil at its end.
func (r *Report) Finish(file string, counts capture.Counts, err error) {
	r.File, r.Counts = brief(file), &counts
	if err != nil {
		r.CutShort = brief(err.Error())
	}
	r.judge()
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

// objectList fills in the objects: those that came, and those that were announced.
func (s *session) objectList(x *Session) {
	var list []Object
	var spare int64
	for _, o := range s.order {
		v := o.report(s)
		if o.file == nil && s.fdt.seen > 0 && s.fdt.beyond == 0 && !s.route {
			s.breaks("E11", o.firstNo, "TOI %v", o.toi)
		}
		if !o.hasOTI && o.packets > 0 && o.file != nil && !o.otiTold && !s.route {
			s.breaks("E78", o.firstNo, "TOI %v", o.toi)
		}
		if o.hasOTI && o.hasRepair() {
			for _, b := range o.blocks {
				if b.k == 0 {
					continue
				}
				margin := int64(b.seen.count) - int64(b.k)
				if margin < 0 {
					x.FEC.Lacking++
					x.FEC.Worst = max(x.FEC.Worst, -margin)
					continue
				}
				if x.FEC.Blocks == 0 || margin < x.FEC.Least {
					x.FEC.Least = margin
				}
				x.FEC.Blocks++
				spare += margin
			}
		}
		list = append(list, v)
	}
	if x.FEC.Blocks > 0 {
		x.FEC.Mean = float64(spare) / float64(x.FEC.Blocks)
	}
	for toi, f := range s.fdt.files {
		if s.objects[toi] == nil {
			v := Object{TOI: toi, Location: brief(f.ContentLocation), State: "announced"}
			if f.TransferLength != nil {
				v.TransferLength = *f.TransferLength
			} else if f.ContentLength != nil {
				v.TransferLength = *f.ContentLength
			}
			if e, ok := s.heard.ends[toi]; ok && (e.state == "verified" || e.state == "complete") {
				e.fill(&v) // of no bytes
			}
			list = append(list, v)
		}
	}
	for i := range list {
		if list[i].whole() {
			x.whole++
			continue
		}
		x.broken++
		if v := &list[i]; v.State == "failed" && v.Whole == v.Blocks && isOwn(v.Detail) {
			x.own++
		}
	}
	slices.SortStableFunc(list, func(a, b Object) int {
		return cmp.Or(cmp.Compare(rank(a.whole()), rank(b.whole())), a.TOI.Compare(b.TOI))
	})
	if len(list) > shownObjects {
		x.MoreObjects = len(list) - shownObjects
		list = list[:shownObjects]
	}
	x.Objects = append(x.Objects, list...)
}

// isOwn reports whether the detail of an end that failed says that memory or the store lacked.
func isOwn(detail string) bool {
	for _, reason := range [...]event.FailReason{event.FailBudget, event.FailStore, event.FailExists} {
		if strings.HasPrefix(detail, string(reason)+": ") {
			return true
		}
	}
	return false
}

func rank(whole bool) int {
	if whole {
		return 1
	}
	return 0
}

func (v *Object) whole() bool { return v.State == "verified" || v.State == "complete" }

func (e end) fill(v *Object) {
	v.State, v.Detail, v.Path, v.Digests = e.state, e.detail, brief(e.path), e.digests
}

// report returns what is told of the object.
func (o *object) report(s *session) Object {
	v := Object{
		TOI: o.toi, State: "undescribed", Packets: o.packets, FirstNo: o.firstNo, LastNo: o.lastNo,
		Symbols: o.symbols, Repair: o.repair, Again: o.again, Closed: o.closed,
	}
	if o.file == nil {
		if f := s.fdt.files[o.toi]; f != nil {
			o.describe(s, o.lastNo, f)
		}
	}
	if o.file != nil {
		v.Location, v.State = brief(o.file.ContentLocation), "incomplete"
	}
	if o.hasOTI {
		v.TransferLength, v.SymbolLength = o.oti.TransferLength, o.oti.SymbolLength
		v.FEC = o.oti.EncodingID.String()
		v.Blocks, v.Whole = o.part.Blocks(), o.complete
		if n := v.Blocks - v.Whole; n > 0 {
			v.Missing = o.missing()
		}
		if v.Whole == v.Blocks && o.file != nil {
			v.State = "complete"
		}
	} else if o.file != nil && !s.route {
		v.Detail = "nothing tells its FEC OTI"
	}
	if s.route {
		v.State, v.TransferLength = "incomplete", o.length
	}
	if e, ok := s.heard.ends[o.toi]; ok {
		if v.Location == "" {
			v.Location = brief(e.location)
		}
		over := e.state == "failed" && v.State == "incomplete" // what is missing says more than that it was given up
		if !over || !e.onlyOver() {
			e.fill(&v)
		}
	}
	return v
}

// onlyOver reports whether the object failed because the capture ended.
func (e end) onlyOver() bool { return len(e.detail) >= 12 && e.detail[:12] == "session_over" }

// missing returns how many symbols the object lacks at least.
func (o *object) missing() (n uint64) {
	blocks := o.part.Blocks()
	seen := uint32(0)
	for sbn, b := range o.blocks {
		if uint32(sbn) < blocks {
			seen++
			if b.whole {
				continue
			}
			have := b.seen.count
			if !o.hasRepair() {
				have = b.seen.below(b.k)
			}
			n += uint64(b.k - min(have, b.k))
		}
	}
	if seen < blocks { // blocks of which nothing came; they differ by one symbol
		n += uint64(blocks-seen) * uint64(o.part.BlockSymbols(0))
	}
	return n
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
	say("result: %d of %d objects are whole", x.whole, x.whole+x.broken)
	if x.Verdict == "" {
		x.Verdict = Clean
		read := slices.ContainsFunc(x.Instances, func(i Instance) bool { return i.Read })
		if x.broken > 0 || x.Beyond > 0 || !read && !x.isROUTE() {
			x.Verdict = Incomplete
		}
	}
}
