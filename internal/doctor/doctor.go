package doctor

import (
	"cmp"
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

// Bounds of what is good.
const (
	goodBuffer = 16 << 20 // a second at 100 Mbit/s
	goodMTU    = 1500
)

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

// filter looks at the filter that drops datagrams whose sender is reached on another way.
func (p *Patient) filter(name string) Finding {
	n, ok := p.number("proc/sys/net/ipv4/conf/" + name + "/rp_filter")
	if !ok {
		return Finding{}
	}
	f := Finding{Name: "rp_filter " + name, Grade: Good, Found: strconv.FormatInt(n, 10)}
	if n == 1 {
		f.Grade = Mend
		f.Found += " (strict): datagrams are dropped in silence where the route to their sender is another interface"
		f.Remedy = "sysctl -w net.ipv4.conf." + name + ".rp_filter=2, or a route to the sender"
	}
	return f
}

// interfaces returns those to look at.
func (p *Patient) interfaces() (names []string) {
	if p.Interface != "" {
		return []string{p.Interface}
	}
	entries, err := fs.ReadDir(p.Files, "sys/class/net")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if flags, ok := p.number("sys/class/net/" + e.Name() + "/flags"); ok && flags&up != 0 && flags&loopback == 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

// Flags of an interface (netdevice(7)).
const (
	up        = 0x1
	loopback  = 0x8
	multicast = 0x1000
)

// link looks at an interface.
func (p *Patient) link(name string) []Finding {
	base := "sys/class/net/" + name
	flags, ok := p.number(base + "/flags")
	if !ok {
		return []Finding{{
			Name: "interface " + name, Grade: Broken, Found: "there is no such interface",
			Remedy: "ip link shows those that there are",
		}}
	}
	f := Finding{Name: "interface " + name, Grade: Good, Found: "up, with multicast"}
	switch {
	case flags&up == 0:
		f.Grade, f.Found, f.Remedy = Broken, "down", "ip link set "+name+" up"
	case flags&multicast == 0 && flags&loopback == 0:
		f.Grade, f.Found, f.Remedy = Broken, "up, without multicast", "ip link set "+name+" multicast on"
	}
	all := []Finding{f}
	if n, ok := p.number(base + "/mtu"); ok {
		f := Finding{Name: "MTU " + name, Grade: Good, Found: strconv.FormatInt(n, 10)}
		if n < goodMTU {
			f.Grade = Mend
			f.Found += ": datagrams of the default symbol length are cut, and one lost piece loses all of them"
			f.Remedy = "send with --symbol " + strconv.FormatInt(max(64, n-100), 10) + " or less, or ip link set " +
				name + " mtu 1500"
		}
		all = append(all, f)
	}
	return append(all, p.filter(name), p.dropped(name), p.igmp(name))
}

// dropped looks at what the interface has lost.
func (p *Patient) dropped(name string) Finding {
	f := Finding{Name: "drops " + name, Grade: Good, Found: "none"}
	var lost []string
	for _, c := range []string{"rx_missed_errors", "rx_fifo_errors", "rx_crc_errors"} {
		if n, ok := p.number("sys/class/net/" + name + "/statistics/" + c); ok && n > 0 {
			lost = append(lost, c+" "+strconv.FormatInt(n, 10))
		}
	}
	if len(lost) > 0 {
		f.Grade, f.Found = Mend, strings.Join(lost, ", ")+" since the system has started"
		f.Remedy = "a longer ring (ethtool -g " + name + ", ethtool -G " + name + " rx N); CRC errors: the cable"
	}
	return f
}

// igmp looks at the version of IGMP that the kernel speaks on an interface.
func (p *Patient) igmp(name string) Finding {
	text, ok := p.read("proc/net/igmp")
	if !ok {
		return Finding{}
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line) // Idx Device : Count Querier
		if len(fields) < 5 || strings.TrimSuffix(fields[1], ":") != name {
			continue
		}
		version := fields[len(fields)-1]
		f := Finding{Name: "IGMP " + name, Grade: Good, Found: version}
		if version != "V3" {
			f.Grade = Mend
			f.Found += ": a querier of an older version is in the network, and source-specific multicast does not work"
			f.Remedy = "have router and switch speak IGMPv3, or receive without source"
		}
		return f
	}
	return Finding{}
}

// route looks for the way to a group.
func (p *Patient) route() Finding {
	group := cmp.Or(p.Group, netip.AddrFrom4([4]byte{239, 0, 0, 1}))
	text, ok := p.read("proc/net/route")
	if !ok || !group.Is4() {
		return Finding{}
	}
	f := Finding{
		Name: "route", Grade: Mend,
		Found:  "there is none to " + group.String() + ": without an interface nothing can be sent or joined",
		Remedy: "give --interface (interface in the configuration), or ip route add 224.0.0.0/4 dev NAME",
	}
	best := -1
	for line := range strings.Lines(text) {
		fields := strings.Fields(line) // Iface Destination Gateway Flags RefCnt Use Metric Mask …
		if len(fields) < 8 {
			continue
		}
		to, err1 := kernelAddr(fields[1])
		mask, err2 := kernelAddr(fields[7])
		if err1 != nil || err2 != nil {
			continue
		}
		bits := 0
		for _, b := range mask.As4() {
			for ; b != 0; b <<= 1 {
				bits++
			}
		}
		if netip.PrefixFrom(to, bits).Contains(group) && bits > best {
			best = bits
			f.Grade, f.Remedy = Good, ""
			f.Found = "to " + group.String() + " by " + fields[0]
			if p.Interface != "" && fields[0] != p.Interface {
				f.Grade, f.Found = Mend, f.Found+", and not by "+p.Interface
				f.Remedy = "give --interface " + p.Interface
			}
		}
	}
	return f
}

// kernelAddr reads an address of /proc/net/route: hexadecimal, the last byte first.
func kernelAddr(text string) (netip.Addr, error) {
	n, err := strconv.ParseUint(text, 16, 32)
	return netip.AddrFrom4([4]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}), err
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
