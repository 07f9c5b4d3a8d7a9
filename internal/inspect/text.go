package inspect

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// shownLines is how many FDT Instances and objects of a session the text shows; JSON and HTML show more.
const shownLines = 25

// Text returns the report for a terminal. Names from the network are in it as text that does nothing.
func (r *Report) Text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	say("%s: %s", orText(r.File, "capture"), r.words())
	say("Sender or receiver?")
	for _, line := range r.Answer {
		say("  %s", line)
	}
	if !r.Start.IsZero() {
		say("%s, %v, %d datagrams, %s", r.Start.Format("2006-01-02 15:04:05.000 MST"),
			r.End.Sub(r.Start).Round(time.Millisecond), r.Datagrams, size(r.Bytes))
	}
	if r.CutShort != "" {
		say("! %s", r.CutShort)
	}
	if r.Joined > 0 {
		say("%d packets of the capture are several datagrams in one piece (GSO or GRO of the machine); they were split",
			r.Joined)
	}
	if c := r.Counts; c != nil {
		if n := c.Malformed + c.Cut + c.Nested + c.Incomplete + c.Unknown; n > 0 {
			say("%d packets could not be read: %d malformed, %d cut by the capture, %d of an unknown link type, "+
				"%d of too many headers; %d datagrams in fragments not whole",
				n, c.Malformed, c.Cut, c.Unknown, c.Nested, c.Incomplete)
		}
	}
	if r.Unjudged > 0 {
		say("! %d packets were not judged, for want of memory (--memory)", r.Unjudged)
	}
	if r.Forgotten > 0 {
		say("! %d sessions that showed no FDT Instance gave way to others, with %d packets", r.Forgotten,
			r.ForgottenPackets)
	}
	for i := range r.Sessions {
		r.Sessions[i].text(say)
	}
	if r.OtherPackets > 0 {
		say("\nOther traffic: %d packets", r.OtherPackets)
		for i, o := range r.Others {
			if i == shownLines {
				break
			}
			say("  %s\t%d packets\t%s", o.Flow, o.Packets, o.Fault)
		}
	}
	_ = w.Flush()
	return strings.TrimRight(b.String(), "\n")
}

// words says what the verdict means.
func (r *Report) words() string {
	switch r.Verdict {
	case Clean:
		return "clean: no rule that must be kept is broken, and all objects are whole"
	case Violations:
		return "violations: a sender breaks rules that it must keep"
	case Incomplete:
		return "incomplete: objects are not whole, the capture is cut, or not all of it was judged"
	}
	return "nothing: there is no FLUTE in it"
}

// text says what is to be said of a session.
func (x *Session) text(say func(string, ...any)) {
	say("\nSession %v > %v, TSI %d: %s", x.Key.Source, x.Key.Group, x.Key.TSI, x.Verdict)
	for _, line := range x.Summary {
		say("  %s", line)
	}
	say("  packets\t%d, %s, numbers %d to %d, %v", x.Packets, size(x.Bytes), x.FirstNo, x.LastNo,
		x.Last.Sub(x.First).Round(time.Millisecond))
	say("  rate\tmean %s, highest in 10 ms %s, longest pause %v", rate(x.MeanRate), rate(x.PeakRate),
		x.LongestGap.Round(10*time.Microsecond))
	protocol := fmt.Sprintf("FLUTE version %d, namespace %s", x.Version, orText(x.Profile, "none"))
	if x.isROUTE() {
		protocol = "ROUTE"
	}
	say("  protocol\t%s%s%s", protocol, ifText(x.Complete, ", complete was announced"),
		ifText(x.Closed, ", closed by flag A"))
	if x.ClockOffset != 0 {
		say("  clock\tthe sender's is %v from that of the capture", x.ClockOffset.Round(time.Millisecond))
	}
	if x.Restarts > 0 {
		say("  ports\tthe source port changed %d times", x.Restarts)
	}
	if x.Cut > 0 {
		say("  ! the capture has only a part of %d packets: nothing in them was verified", x.Cut)
	}
	if f := x.FEC; f.Blocks+f.Lacking > 0 {
		say("  FEC\t%d source blocks could be decoded, to spare: least %d symbols, mean %.1f; %d could not, "+
			"the worst lacks %d", f.Blocks, f.Least, f.Mean, f.Lacking, f.Worst)
	}
	if len(x.Violations) > 0 {
		say("  Rules that are broken:")
	}
	for _, v := range x.Violations {
		say("    %s\t%s\t%d times\t%s (%s)", v.Rule, level(v.Must), v.Count, v.Text, v.Source)
		say("    \t\t\tpackets %s%s", numbers(v.Packets), ifText(v.Detail != "", ": "+v.Detail))
	}
	for _, text := range x.Warnings {
		say("  receiver: %s", text)
	}
	if x.Beyond > 0 {
		say("  ! %d packets of objects, or files of FDT Instances, were too many: they were not judged", x.Beyond)
	}
	say("  FDT Instances: %d", len(x.Instances)+x.Earlier)
	if x.Earlier > 0 {
		say("    the first %d are not told", x.Earlier)
	}
	for n, i := range x.Instances {
		if n == shownLines {
			say("    and %d more", len(x.Instances)-n)
			break
		}
		i.text(say)
	}
	say("  Objects: %d", len(x.Objects)+x.MoreObjects)
	for n, o := range x.Objects {
		if n == shownLines {
			say("    and %d more", len(x.Objects)+x.MoreObjects-n)
			break
		}
		o.text(say)
	}
}

func (i *Instance) text(say func(string, ...any)) {
	state := fmt.Sprintf("%d files, expires %s%s", i.Files, i.Expires.Format("2006-01-02 15:04:05"),
		ifText(i.Complete, ", complete"))
	if !i.Read {
		state = "not read" + ifText(i.Failure != "", ": "+i.Failure)
	}
	say("    ID %d\tpacket %d\t%d packets, %d times\t%s", i.ID, i.FirstNo, i.Packets, i.Times, state)
	for n, c := range i.Changes {
		if n == shownLines {
			break
		}
		say("      %s", c)
	}
	if more := max(len(i.Changes)-shownLines, 0) + i.More; more > 0 {
		say("      and %d more", more)
	}
}

func (o *Object) text(say func(string, ...any)) {
	say("    TOI %v\t%s\t%s\t%s%s", o.TOI, o.State, orText(o.Location, "no name"), o.progress(),
		ifText(o.Detail != "", "; "+o.Detail))
}

// progress says how much of an object came.
func (o *Object) progress() string {
	text := fmt.Sprintf("%s, %d packets", size(o.TransferLength), o.Packets)
	if o.Blocks > 0 {
		text += fmt.Sprintf(", %d of %d source blocks", o.Whole, o.Blocks)
	}
	if o.FEC != "" {
		text += ", " + o.FEC
	}
	if o.Missing > 0 {
		text += fmt.Sprintf(", %d symbols missing", o.Missing)
	}
	return text
}

func level(must bool) string {
	if must {
		return "MUST"
	}
	return "SHOULD"
}

func numbers(list []uint64) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Trim(fmt.Sprint(list), "[]")
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func ifText(yes bool, s string) string {
	if yes {
		return s
	}
	return ""
}

// size writes a number of bytes for people.
func size(n uint64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}

// rate writes bits per second for people.
func rate(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%.2f Gbit/s", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%.2f Mbit/s", v/1e6)
	}
	return fmt.Sprintf("%.1f kbit/s", v/1e3)
}
