package main

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// readyToSend says what is going to be sent.
type readyToSend struct {
	To        netip.AddrPort `json:"to"`
	Interface string         `json:"interface"` // empty: the system's choice
	TSI       flute.TSI      `json:"tsi"`
	Files     int            `json:"files"`
	Bytes     uint64         `json:"bytes"`
	Rate      uint64         `json:"rate"` // bits per second at most; 0: as fast as the socket takes them
	Within    time.Duration  `json:"within_ns,omitzero"`
	By        time.Time      `json:"by,omitzero"`
	Repeat    int            `json:"repeat"` // transfers; -1: for ever, or until the time
	StartAt   time.Time      `json:"start_at,omitzero"`
	Until     time.Time      `json:"until,omitzero"`
	Offload   bool           `json:"offload"`
	Means     string         `json:"means"` // of the system by which datagrams are sent, and why not by better ones
}

func (c *sendCommand) ready(out *output, s *node.Sending, to netip.AddrPort, tsi flute.TSI, files []*outgoing.Item) {
	r := readyToSend{
		To: to, Interface: c.Interface, TSI: tsi, Files: len(files), Rate: uint64(c.Rate), Repeat: int(c.Repeat),
		StartAt: c.StartAt.At(c.now), Until: c.Until.At(c.now), Offload: s.Offload(), Means: s.Means(),
		Within: c.Within, By: c.By.At(c.now),
	}
	for _, f := range files {
		r.Bytes += f.Size
	}
	out.note("ready", r, plain(c.readyText(&r)))
	if doubt := c.Rate.Doubt(c.Symbol); doubt != "" {
		out.warn(doubt)
	}
	for _, doubt := range outgoing.Doubts(files) {
		out.warn(plain(doubt))
	}
}

// readyText says it to people.
func (c *sendCommand) readyText(r *readyToSend) string {
	text := fmt.Sprintf("sending %s, %s, to %v", count(r.Files, "file"), formatBytes(r.Bytes), r.To)
	if c.Interface != "" {
		text += " on " + c.Interface
	}
	text += fmt.Sprintf(", TSI %d", r.TSI)
	text += c.paceFlags.text(c.now)
	if !r.StartAt.IsZero() {
		text += ", from " + r.StartAt.Format(time.DateTime)
	}
	if c.Carousel != (settings.Carousel{}) {
		text += fmt.Sprintf(", %v", c.Carousel)
	}
	if c.Repeat > 1 {
		text += fmt.Sprintf(", %d times", c.Repeat)
	}
	switch {
	case !r.Until.IsZero():
		text += ", until " + r.Until.Format(time.DateTime)
	case c.Repeat < 0:
		text += ", until it is interrupted"
	}
	if c.Watch != "" {
		text += ", and what comes into " + plain(c.Watch) + ", until it is interrupted"
	}
	switch c.Control {
	case "":
	case standardInput:
		text += ", and what standard input says, until its end"
	default:
		text += ", and what " + plain(c.Control) + " says, until the order finish"
	}
	if r.Means != "" {
		text += "; by " + r.Means
	}
	if (c.Repeat < 0 || c.Repeat > 1) && c.hasFolder() {
		text += "; files that are added to a folder from now on are not sent"
	}
	return text
}
