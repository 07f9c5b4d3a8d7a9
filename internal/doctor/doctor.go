package doctor

import (
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Grade says how good a finding is.
type Grade string

// The grades.
const (
	Good    Grade = "ok"
	Mend    Grade = "mend"    // it will cost packets, files or speed
	Broken  Grade = "broken"  // nothing will come
	Unknown Grade = "unknown" // it could not be found out
)

// Finding is one thing that was looked at.
type Finding struct {
	Name   string `json:"name"`
	Grade  Grade  `json:"grade"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`
}

// Patient is what is looked at. Files is required.
type Patient struct {
	Files     fs.FS      // the root of the file system, for /proc and /sys
	Interface string     // whose network is looked at; empty: all that are up, but lo
	Group     netip.Addr // to which there should be a route; zero: 239.0.0.1
	Dir       string     // whose disk is looked at; empty: none
}

// goodBuffer is enough for a second at 100 Mbit/s.
const goodBuffer = 16 << 20

// Examine looks at everything.
func Examine(p Patient) (all []Finding) {
	if _, err := fs.Stat(p.Files, "proc/sys/net"); err != nil {
		return []Finding{{
			Name: "system", Grade: Unknown, Found: "there is no /proc/sys/net: this is no Linux, or it is hidden",
			Remedy: "look at buffers, routes and filters by the means of the system",
		}}
	}
	all = append(all, p.buffer(), p.filter("all"))
	for _, name := range p.interfaces() {
		all = append(all, p.link(name)...)
	}
	all = append(all, p.route(), p.udp(), clock())
	if p.Dir != "" {
		all = append(all, disk(p.Dir)...)
	}
	return slices.DeleteFunc(all, func(f Finding) bool { return f.Name == "" })
}

// Worst returns the worst grade.
func Worst(all []Finding) Grade {
	order := []Grade{Unknown, Good, Mend, Broken}
	worst := Good
	for _, f := range all {
		if slices.Index(order, f.Grade) > slices.Index(order, worst) {
			worst = f.Grade
		}
	}
	return worst
}

// read returns a file of the kernel without space around it.
func (p *Patient) read(path string) (string, bool) {
	text, err := fs.ReadFile(p.Files, path)
	return strings.TrimSpace(string(text)), err == nil
}

// number reads a file that holds one.
func (p *Patient) number(path string) (n int64, ok bool) {
	text, ok := p.read(path)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 0, 64)
	return n, err == nil
}

// buffer looks at what a socket may have for datagrams that wait.
func (p *Patient) buffer() Finding {
	f := Finding{Name: "receive buffer", Grade: Unknown, Found: "net.core.rmem_max cannot be read"}
	n, ok := p.number("proc/sys/net/core/rmem_max")
	if !ok {
		return f
	}
	f.Grade, f.Found = Good, "net.core.rmem_max is "+strconv.FormatInt(n, 10)
	if n < goodBuffer {
		f.Grade = Mend
		f.Found += ": datagrams are lost while the disk or the processor is busy"
		f.Remedy = "sysctl -w net.core.rmem_max=67108864, and the same in /etc/sysctl.d"
	}
	return f
}

// udp looks at what sockets have lost.
func (p *Patient) udp() Finding {
	text, ok := p.read("proc/net/snmp")
	if !ok {
		return Finding{}
	}
	var names []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Udp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		i := slices.Index(names, "RcvbufErrors")
		if i < 0 || i >= len(fields) {
			break
		}
		f := Finding{Name: "socket drops", Grade: Good, Found: "none"}
		if fields[i] != "0" {
			f.Grade = Mend
			f.Found = fields[i] + " datagrams of all programs since the system has started: receive buffers were full"
			f.Remedy = "a larger net.core.rmem_max; if the number grows while the node runs, more processor or a " +
				"slower sender"
		}
		return f
	}
	return Finding{}
}
