package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// MaxSDP bounds a session description in bytes.
const MaxSDP = 64 << 10

// ntpEpoch is the difference of NTP's seconds and Unix time: the times of t= are NTP's (RFC 8866, section 5.9).
const ntpEpoch = 2208988800

// ntpTime reads a time of t=; zero: without a limit.
func ntpTime(text string) (time.Time, error) {
	n, err := strconv.ParseUint(text, 10, 40)
	if err != nil || n != 0 && n < ntpEpoch {
		return time.Time{}, fmt.Errorf("time %.20q", text)
	}
	if n == 0 {
		return time.Time{}, nil
	}
	return time.Unix(int64(n)-ntpEpoch, 0).UTC(), nil
}

// head reads the lines of the session that are not about its channels.
func (d *Description) head(kind, value string) (err error) {
	words := fields(value, 6)
	switch kind {
	case "o":
		if len(words) == 6 { // user, ID, version, IN, IP4, address
			d.ID, _ = strconv.ParseUint(words[1], 10, 64)
			d.Version, _ = strconv.ParseUint(words[2], 10, 64)
		}
	case "s":
		d.Name = value
	case "t":
		if len(words) != 2 {
			return fmt.Errorf("t=%.40s: take two times", value)
		}
		if d.From, err = ntpTime(words[0]); err == nil {
			d.Until, err = ntpTime(words[1])
		}
	}
	return err
}

// addressType returns IP4 or IP6.
func addressType(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "IP4"
	}
	return "IP6"
}

// Text writes the session description, in the words of RFC 6726, section 6, and 3GPP TS 26.346, section 7.3. origin is
// the address of o=: that of the sender, or of whoever describes the session. The error names what cannot be written.
func (d *Description) Text(origin netip.Addr) ([]byte, error) {
	if len(d.Feeds) == 0 {
		return nil, errors.New("session description: no channel")
	}
	name := d.Name
	if name == "" {
		name = "FLUTE"
	}
	if strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return nil, fmt.Errorf("session description: name %q", name)
	}
	if !origin.IsValid() {
		return nil, errors.New("session description: no address of its origin")
	}
	ntp := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.Unix() + ntpEpoch
	}
	var b strings.Builder
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\r\n", args...) }
	filter := func(source netip.Addr) {
		line("a=source-filter: incl IN %s * %v", addressType(source), source.Unmap())
	}
	line("v=0")
	line("o=- %d %d IN %s %v", d.ID, max(1, d.Version), addressType(origin), origin.Unmap())
	line("s=%s", name)
	line("t=%d %d", ntp(d.From), ntp(d.Until))
	var first netip.Addr // of all channels but those that have another; none, where a channel takes any sender
	if !slices.ContainsFunc(d.Feeds, func(f flute.Feed) bool { return !f.Source.IsValid() }) {
		first = d.Feeds[0].Source
		filter(first)
	}
	if d.HasTSI {
		line("a=flute-tsi:%d", d.TSI)
	}
	if len(d.Feeds) > 1 {
		line("a=flute-ch:%d", len(d.Feeds))
	}
	if d.FEC != nil {
		line("a=FEC-declaration:0 encoding-id=%d", *d.FEC)
	}
	for _, f := range d.Feeds {
		group := f.Group.Addr().Unmap()
		address := group.String()
		if group.Is4() && group.IsMulticast() { // RFC 8866, section 5.7: with a TTL for IPv4, without for IPv6
			address += "/" + strconv.Itoa(int(max(1, d.TTL)))
		}
		line("m=application %d %s 0", f.Group.Port(), fluteProto)
		line("c=IN %s %s", addressType(group), address)
		if d.Rate > 0 {
			line("b=AS:%d", d.Rate)
		}
		if f.Source.IsValid() && f.Source != first {
			filter(f.Source)
		}
		if d.FEC != nil {
			line("a=FEC:0")
		}
	}
	return []byte(b.String()), nil
}
