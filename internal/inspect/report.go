package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

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

// Report ends the sessions and returns what was found. The Inspector is spent.
func (in *Inspector) Report() *Report {
	r := &Report{
		Start: in.first, End: in.last, Datagrams: in.datagrams, Bytes: in.bytes, Joined: in.joined,
		Unjudged: in.unjudged, Forgotten: in.forgotten, ForgottenPackets: in.forgottenPackets,
		OtherPackets: in.otherPackets, Sessions: []Session{},
	}
	in.closeROUTE()
	for _, s := range in.order {
		if in.sessions[s.key] != s {
			continue
		}
		if !s.isFLUTE() {
			r.OtherPackets += s.packets
			r.other(fmt.Sprintf("%v > %v, TSI %d", s.key.Source, s.key.Group, s.key.TSI), s.packets, s.broken,
				"LCT headers, and no FDT Instance")
			continue
		}
		s.close()
		of := flowKey{s.key.Source, s.key.Group}
		s.stray(in.flows[of])
		delete(in.flows, of)
		r.Sessions = append(r.Sessions, s.report())
	}
	for key, f := range in.flows {
		r.OtherPackets += f.packets
		r.other(fmt.Sprintf("%v > %v", key.src, key.dst), f.packets, f.broken, "")
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

// other adds traffic that is no FLUTE. Of the rules that it breaks the first one of all tells its fault.
func (r *Report) other(flow string, packets uint64, b breaches, fault string) {
	if i := slices.IndexFunc(rules, func(x rule) bool { return b[x.id] != nil }); i >= 0 {
		fault = b[rules[i].id].detail
	}
	r.Others = append(r.Others, Other{flow, packets, fault})
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
