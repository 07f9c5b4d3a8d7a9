package doctor

import (
	"io/fs"
	"strconv"
	"strings"
)

// goodMTU takes a datagram of the default symbol length.
const goodMTU = 1500

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
