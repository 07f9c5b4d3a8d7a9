package inspect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// Object is one.
type Object struct {
	TOI      flute.TOI `json:"toi"`
	Location string    `json:"content_location,omitempty"`
	// State is verified, complete, superseded, incomplete, failed, refused, announced, or undescribed.
	State          string            `json:"state"`
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
		v := &list[i]
		s.supersede(v)
		switch {
		case v.whole():
			x.whole++
		case v.State == stateSuperseded:
			x.Superseded++
		default:
			x.broken++
			if v.State == "failed" && v.Whole == v.Blocks && isOwn(v.Detail) {
				x.own++
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.TOI.Compare(b.TOI))
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

// rank orders objects: those that lack something come first.
func (v *Object) rank() int {
	if v.whole() || v.State == stateSuperseded {
		return 1
	}
	return 0
}

// stateSuperseded is that of an object which lacks something that nobody needs any more: a later FDT Instance describes
// a newer version of the file.
const stateSuperseded = "superseded"

// supersede gives an object that state if it is one.
func (s *session) supersede(v *Object) {
	gone := strings.HasPrefix(v.Detail, string(event.FailSuperseded)+": ")
	lacks := v.State == "incomplete" || v.State == "announced" || v.State == "failed" && v.Whole < v.Blocks
	if gone || lacks && s.fdt.isOlder(v.TOI) {
		v.State = stateSuperseded
	}
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
func (e end) onlyOver() bool { return strings.HasPrefix(e.detail, string(event.FailClosed)) }

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
