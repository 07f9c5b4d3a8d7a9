package inspect

import (
	"fmt"
	"strings"
)

// shownNames is how many rules, or sessions, an Answer names.
const shownNames = 4

// answer says whose fault it is that something is not well: the question that people come with. It names the sender for
// what it sent, the path for what did not come, the capture for what it does not show.
func (r *Report) answer() []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if r.Verdict == Nothing {
		say("No session shows FLUTE or ROUTE: is it the right interface, group and port, and had a receiver joined?")
	}
	if r.CutShort != "" {
		say("The capture: it could not be read to its end.")
	}
	if r.Unjudged > 0 {
		say("This command: it had too little memory for all of it; give it more with --memory.")
	}
	fine := 0
	for i := range r.Sessions {
		x := &r.Sessions[i]
		told := x.answer()
		if len(told) == 0 {
			fine++
			continue
		}
		if i-fine >= shownNames {
			continue
		}
		for _, text := range told {
			if len(r.Sessions) > 1 {
				text = fmt.Sprintf("%s (TSI %d, %v)", strings.TrimSuffix(text, "."), x.Key.TSI, x.Key.Group)
			}
			say("%s", text)
		}
	}
	if n := len(r.Sessions) - fine - shownNames; n > 0 {
		say("%d more sessions are not well.", n)
	}
	if len(lines) == 0 {
		say("Neither: what a receiver needs is here. If one lacks files all the same, look behind this point: its " +
			"own interface, firewall, buffers and disk.")
	}
	return lines
}

// answer says what is not well with a session.
func (x *Session) answer() (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	var broken []string
	for _, v := range x.Violations {
		if v.Must {
			broken = append(broken, v.Rule+" ("+v.Text+")")
		}
	}
	if n := len(broken); n > 0 {
		rest := ""
		if n > shownNames {
			broken, rest = broken[:shownNames], fmt.Sprintf(" and %d more rules", n-shownNames)
		}
		say("The sender, or what changes its packets on the way: it does not keep %s%s.", strings.Join(broken, ", "),
			rest)
	}
	if x.Cut > 0 {
		say("The capture: it has only the beginning of %d packets (tcpdump -s 0 takes them whole).", x.Cut)
	}
	if x.Beyond > 0 {
		say("This command: %d packets or files were more than it tells apart.", x.Beyond)
	}
	read := x.isROUTE()
	for i := range x.Instances {
		read = read || x.Instances[i].Read
	}
	unread := "none came"
	if len(x.Instances) > 0 {
		unread = "those that came are not whole, or cannot be read"
	}
	all, lacking := x.whole+x.broken, x.broken-x.own
	if x.own > 0 {
		say("This command: it could not verify %d of %d objects, for want of memory (--memory) or since the folder "+
			"did not take them.", x.own, all)
	}
	switch {
	case !read:
		say("No FDT Instance can be read, so that nobody can tell the files: %s. Does the sender repeat it, "+
			"and is the capture longer than the time between two?", unread)
	case lacking == 0:
	case x.Lost > 0 && !x.Shuffled:
		say("The path to this point, or the capturing machine: %d of %d symbols are missing between others that "+
			"came (%.2f %%), and %d of %d objects are not whole. %s", x.Lost, x.Due, 100*x.Loss, lacking, all,
			x.remedy())
	case x.isROUTE(), x.Shuffled:
		say("The path, or a capture that is too short: %d of %d objects are not whole. Packets have no order that "+
			"tells which.", lacking, all)
	case len(broken) == 0:
		say("The capture is too short, or the sender has stopped: %d of %d objects are not whole, and nothing is "+
			"missing between the packets that came.", lacking, all)
	}
	return lines
}

// remedy says what would have helped.
func (x *Session) remedy() string {
	if f := x.FEC; f.Lacking > 0 {
		return fmt.Sprintf("The worst source block lacks %d symbols: more repair symbols, or another transfer, "+
			"would help.", f.Worst)
	}
	return "Without FEC each of them is needed: another transfer, or repair symbols, would help."
}
