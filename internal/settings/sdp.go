package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/node"
)

// Description is what a session description (SDP, RFC 8866) says of a FLUTE session, in the words of RFC 6726, section
// 6, 3GPP TS 26.346, section 7.3, and DVB: media of FLUTE/UDP, a=flute-tsi, a=flute-ch, a=source-filter (RFC 4570).
type Description struct {
	TSI    flute.TSI
	HasTSI bool
	Feeds  []flute.Feed // its channels; at least one

	Name        string // s=
	ID, Version uint64 // of o=
	From, Until time.Time
	FEC         *uint8 // FEC Encoding ID of the first a=FEC-declaration; nil: absent
	Rate        uint64 // b=AS of the first channel that has it, in kbit/s; 0: none has
	TTL         uint8  // of IPv4 multicast; 0: not told
}

// Apply has cfg receive the session.
func (d *Description) Apply(cfg *node.ReceiveConfig) {
	first := d.Feeds[0]
	cfg.Group, cfg.Source = first.Group, first.Source
	for _, f := range d.Feeds[1:] {
		f.Interface = cfg.Interface
		cfg.Feeds = append(cfg.Feeds, f)
	}
	if d.HasTSI {
		cfg.TSIs = []flute.TSI{d.TSI}
	}
}

// fluteProto is the protocol of the media of FLUTE (3GPP TS 26.346, section 7.3.2).
const fluteProto = "FLUTE/UDP"

// sdpPart is the session, or one media description, as far as it matters here.
type sdpPart struct {
	media      []string // the words of m=; nil: the session
	connection string   // c=
	source     string   // a=source-filter
}

// ParseSDP reads a session description.
func ParseSDP(text []byte) (*Description, error) {
	if len(text) > MaxSDP {
		return nil, fmt.Errorf("session description: more than %d bytes", MaxSDP)
	}
	d, err := parseSDP(string(text))
	if err != nil {
		return nil, fmt.Errorf("session description: %w", err)
	}
	return d, nil
}

func parseSDP(text string) (*Description, error) {
	if !strings.HasPrefix(text, "v=0") {
		return nil, errors.New("it does not begin with v=0")
	}
	d := &Description{}
	var session, media sdpPart
	part, channels := &session, 0
	for line := range strings.Lines(text) {
		kind, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		if !ok && kind != "" {
			return nil, fmt.Errorf("line %.40q", kind)
		}
		switch kind {
		case "m": // the lines of the session are before all media (RFC 8866, section 5)
			if err := d.add(&media, &session); err != nil {
				return nil, err
			}
			part, media = &media, sdpPart{media: fields(value, 3)}
		case "c":
			part.connection = value
		case "b":
			if rate, ok := strings.CutPrefix(value, "AS:"); ok && d.Rate == 0 {
				d.Rate, _ = strconv.ParseUint(rate, 10, 64)
			}
		case "o", "s", "t":
			if err := d.head(kind, value); err != nil {
				return nil, err
			}
		case "a":
			if err := d.attribute(part, value, &channels); err != nil {
				return nil, err
			}
		}
	}
	if err := d.add(&media, &session); err != nil {
		return nil, err
	}
	switch n := len(d.Feeds); {
	case n == 0:
		return nil, errors.New("no media of FLUTE/UDP")
	case channels > 0 && channels != n:
		return nil, fmt.Errorf("a=flute-ch:%d, but there are %d channels", channels, n)
	}
	return d, nil
}

// fields returns the first words of a line, of which there may be thousands: one more than most, if there are more.
func fields(line string, most int) (words []string) {
	for word := range strings.FieldsSeq(line) {
		if words = append(words, word); len(words) > most {
			break
		}
	}
	return words
}

// attribute reads the value of a=.
func (d *Description) attribute(part *sdpPart, text string, channels *int) error {
	key, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(key) {
	case "source-filter":
		part.source = value
	case "flute-tsi":
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return fmt.Errorf("a=flute-tsi:%.40s is no TSI", value)
		}
		tsi, err := tsiOf(n)
		if err != nil {
			return err
		}
		if d.HasTSI && d.TSI != tsi {
			return fmt.Errorf("a=flute-tsi is %d and %d: one session at a time", d.TSI, tsi)
		}
		d.TSI, d.HasTSI = tsi, true
	case "fec-declaration":
		_, rest, _ := strings.Cut(value, "encoding-id=")
		id, _, _ := strings.Cut(rest, ";")
		if n, err := strconv.ParseUint(strings.TrimSpace(id), 10, 8); err == nil && d.FEC == nil {
			d.FEC = new(uint8(n))
		}
	case "flute-ch":
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil || n == 0 {
			return fmt.Errorf("a=flute-ch:%.40s: take 1 to 255", value)
		}
		*channels = int(n)
	}
	return nil
}

// add adds the channels of one media description, if it is one of FLUTE: its ports and addresses may be ranges. What it
// does not say, the session does.
func (d *Description) add(p, session *sdpPart) error {
	if len(p.media) < 3 || !strings.EqualFold(p.media[2], fluteProto) {
		return nil
	}
	p.connection, p.source = cmp.Or(p.connection, session.connection), cmp.Or(p.source, session.source)
	port, ports, err := counted(p.media[1])
	if err != nil || port < 1 || port > 0xffff-ports+1 {
		return fmt.Errorf("port %.40s", p.media[1])
	}
	words := fields(p.connection, 3) // IN IP4 address/ttl/count, IN IP6 address/count
	if len(words) != 3 || !strings.EqualFold(words[0], "IN") {
		return fmt.Errorf("c=%.80s: take IN, IP4 or IP6, and an address", p.connection)
	}
	address := strings.SplitN(words[2], "/", 4)
	group, err := plainAddr(address[0])
	if err != nil {
		return err
	}
	if group.Is4() && len(address) > 1 { // the TTL
		if n, err := strconv.ParseUint(address[1], 10, 8); err == nil {
			d.TTL = uint8(n)
		}
		address = slices.Delete(address, 1, 2)
	}
	_, groups, err := counted(strings.Join(append([]string{"1"}, address[1:]...), "/"))
	if err != nil {
		return fmt.Errorf("c=%.80s: %w", p.connection, err)
	}
	source, err := p.sender()
	if err != nil {
		return err
	}
	for range groups {
		if !group.IsValid() {
			return fmt.Errorf("c=%.80s: there are not so many addresses", p.connection)
		}
		for i := range ports {
			if len(d.Feeds) == defaults.MaxFeeds {
				return fmt.Errorf("more than %d channels", defaults.MaxFeeds)
			}
			d.Feeds = append(d.Feeds, flute.Feed{
				Group: netip.AddrPortFrom(group, uint16(port+i)), Source: source, Channel: uint8(len(d.Feeds)),
			})
		}
		group = group.Next()
	}
	return nil
}

// counted reads "n/count", or "n" for one.
func counted(text string) (n, count int, err error) {
	if len(text) > maxHost {
		return 0, 0, fmt.Errorf("%.40q… is too long", text)
	}
	first, second, more := strings.Cut(text, "/")
	if n, err = strconv.Atoi(first); err != nil || !more {
		return n, 1, err
	}
	if count, err = strconv.Atoi(second); err == nil && (count < 1 || count > defaults.MaxFeeds) {
		err = fmt.Errorf("%d of them: take 1 to %d", count, defaults.MaxFeeds)
	}
	return n, count, err
}

// sender returns the one that the part names; zero: any.
func (p *sdpPart) sender() (netip.Addr, error) {
	f := fields(p.source, 5) // incl IN IP4 destination source
	if len(f) == 0 {
		return netip.Addr{}, nil
	}
	if len(f) != 5 || !strings.EqualFold(f[0], "incl") {
		return netip.Addr{}, fmt.Errorf("a=source-filter:%.80s: take incl and one source", p.source)
	}
	return plainAddr(f[4])
}

// plainAddr reads an address without a zone: that is of the machine that wrote it, and may be any text, also one that a
// shell would run.
func plainAddr(text string) (netip.Addr, error) {
	if len(text) > maxHost {
		return netip.Addr{}, fmt.Errorf("%.40q… is too long for an address", text)
	}
	a, err := netip.ParseAddr(text)
	if err == nil && a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("address %q has a zone", text)
	}
	return a, err
}
