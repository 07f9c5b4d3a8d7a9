package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/eventline"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// sdpCommand are the commands about session descriptions.
type sdpCommand struct {
	Convert  sdpConvertCommand  `cmd:"" help:"Read a session description, and write it as another one, as a section of run's configuration, as flags of receive, or as JSON."`
	Announce sdpAnnounceCommand `cmd:"" help:"Announce session descriptions by SAP (RFC 2974) until it is interrupted; then they are deleted."`
	Listen   sdpListenCommand   `cmd:"" help:"Listen to announcements by SAP (RFC 2974)."`
}

type sdpConvertCommand struct {
	To   string `enum:"sdp,config,flags,json" default:"sdp" help:"sdp (what is understood of it, in the words of RFC 6726 and 3GPP), config (a section receive of run --config), flags (of receive), json."`
	File string `arg:"" type:"path" name:"FILE" help:"Session description; - is standard input."`
}

// described is a session description in JSON.
type described struct {
	Name    string       `json:"name"`
	Version uint64       `json:"version"`
	TSI     *flute.TSI   `json:"tsi"`
	From    time.Time    `json:"from,omitzero"`
	Until   time.Time    `json:"until,omitzero"`
	FEC     *uint8       `json:"fec_encoding_id,omitempty"`
	Rate    uint64       `json:"rate_kbit,omitempty"`
	Feeds   []flute.Feed `json:"channels"`
}

func describedBy(d *settings.Description) described {
	j := described{
		Name: d.Name, Version: d.Version, From: d.From, Until: d.Until, FEC: d.FEC, Rate: d.Rate, Feeds: d.Feeds,
	}
	if d.HasTSI {
		j.TSI = &d.TSI
	}
	return j
}

// readSDP reads a session description.
func readSDP(name string) (*settings.Description, []byte, error) {
	in := io.Reader(os.Stdin)
	if name != standardInput {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, settings.MaxSDP+1))
	if err != nil {
		return nil, nil, err
	}
	d, err := settings.ParseSDP(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, text, nil
}

// Run converts a session description.
func (c *sdpConvertCommand) Run(_ context.Context, out *output) error {
	d, _, err := readSDP(c.File)
	if err != nil {
		return err
	}
	var text string
	switch c.To {
	case "config":
		text = configOf(d)
	case "flags":
		text = strings.Join(flagsOf(d), " ")
	case "json":
		text = string(eventline.Marshal(describedBy(d)))
	default:
		origin := d.Feeds[0].Source
		if !origin.IsValid() {
			origin = netip.IPv4Unspecified()
		}
		var sdp []byte
		if sdp, err = d.Text(origin); err != nil {
			return err
		}
		text = strings.TrimSuffix(string(sdp), "\n")
	}
	out.table("session_description", describedBy(d), text)
	return nil
}

// flagsOf returns the flags of receive for d. Nothing in them comes from the text of the description but numbers and
// addresses.
func flagsOf(d *settings.Description) []string {
	first := d.Feeds[0]
	flags := []string{"--group", first.Group.String()}
	if first.Source.IsValid() {
		flags = append(flags, "--source", first.Source.String())
	}
	if d.HasTSI {
		flags = append(flags, "--tsi", fmt.Sprint(d.TSI))
	}
	for _, f := range d.Feeds[1:] {
		flags = append(flags, "--feed", feedText(f))
	}
	return flags
}

// feedText writes a channel as --feed reads it.
func feedText(f flute.Feed) string {
	text := f.Group.String()
	if f.Source.IsValid() {
		text += ",source=" + f.Source.String()
	}
	if f.Channel != 0 {
		text += fmt.Sprintf(",channel=%d", f.Channel)
	}
	return text
}

// configOf returns a section of the configuration of run for d.
func configOf(d *settings.Description) string {
	var b strings.Builder
	first := d.Feeds[0]
	_, _ = fmt.Fprintf(&b, "receive:\n  - name: session\n    group: [%q]\n", first.Group)
	if first.Source.IsValid() {
		_, _ = fmt.Fprintf(&b, "    source: %q\n", first.Source)
	}
	if d.HasTSI {
		_, _ = fmt.Fprintf(&b, "    tsi: [%d]\n", d.TSI)
	}
	if len(d.Feeds) > 1 {
		b.WriteString("    feed:\n")
		for _, f := range d.Feeds[1:] {
			_, _ = fmt.Fprintf(&b, "      - %q\n", feedText(f))
		}
	}
	b.WriteString("    dir: in")
	return b.String()
}

// printSDP prints the description of the session that would be sent.
func (c *sendCommand) printSDP(out *output, cfg *node.SendConfig, name string) error {
	if c.TSI == nil {
		return errors.New("--print-sdp needs --tsi: else the first that is free is taken")
	}
	source, err := sourceTo(cfg.To, c.Interface)
	if err != nil {
		return fmt.Errorf("--print-sdp: the sender's address is not known: %w", err)
	}
	now := uint64(c.now.Unix())
	d := settings.Description{
		TSI: cfg.TSI, HasTSI: true, Name: name, ID: now, Version: now, TTL: uint8(min(max(cfg.TTL, 1), 255)),
		Rate: (cfg.Rate + 999) / 1000, Feeds: []flute.Feed{{Group: cfg.To, Source: source}},
	}
	fec := uint8(cfg.Session.OTI.EncodingID)
	d.FEC = &fec
	text, err := d.Text(source)
	if err != nil {
		return err
	}
	out.table("session_description", describedBy(&d), strings.TrimSuffix(string(text), "\n"))
	return nil
}

// sourceTo returns the address that datagrams to a destination have as their source.
func sourceTo(to netip.AddrPort, name string) (netip.Addr, error) {
	if name != "" {
		if a, err := netip.ParseAddr(name); err == nil {
			return a, nil
		}
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			return netip.Addr{}, err
		}
		addresses, err := ifi.Addrs()
		if err != nil {
			return netip.Addr{}, err
		}
		for _, a := range addresses {
			p, err := netip.ParsePrefix(a.String())
			if err == nil && p.Addr().Is4() == to.Addr().Unmap().Is4() {
				return p.Addr(), nil
			}
		}
		return netip.Addr{}, fmt.Errorf("%s has no address of its family", name)
	}
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)) // sends nothing
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = c.Close() }()
	local, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}, errors.New("no UDP address")
	}
	return local.AddrPort().Addr().Unmap(), nil
}
