package doctor

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
)

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
