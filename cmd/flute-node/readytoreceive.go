package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// readyToReceive says that nothing sent from now on is missed.
type readyToReceive struct {
	Groups    []netip.AddrPort `json:"groups"`
	Feeds     []flute.Feed     `json:"feeds,omitempty"` // beside the group
	Interface string           `json:"interface"`       // empty: the system's choice
	Source    string           `json:"source"`          // empty: any
	TSIs      []flute.TSI      `json:"tsis"`            // empty: all
	Dir       string           `json:"dir"`
	Until     string           `json:"until"`
	Means     string           `json:"means"` // of the system by which datagrams come, and why not by better ones
}

func (c *receiveCommand) ready(
	out *output, groups []netip.AddrPort, feeds []flute.Feed, u *until, t *takers, means string,
) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil || t.temp != "" {
		dir = c.Dir
	}
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.String()
	}
	text := "listening to " + strings.Join(names, ", ")
	if c.Source != "" {
		text += " from " + c.Source
	}
	if c.Interface != "" {
		text += " on " + c.Interface
	}
	if n := len(feeds); n > 0 {
		text += fmt.Sprintf(" and %s more", count(n, "feed"))
	}
	switch u.kind {
	case untilCount:
		text += fmt.Sprintf(" for %s", count(u.count, "file"))
	case untilTimeout:
		text += fmt.Sprintf(" for %v", c.Timeout)
	case untilForever:
		text += " until it is interrupted"
	default:
		text += " until all is " + u.kind
	}
	r := readyToReceive{groups, feeds, c.Interface, c.Source, u.tsis, dir, u.kind, means}
	var to []string
	if t.temp == "" {
		to = append(to, dir)
	}
	if t.name != "" {
		to = append(to, t.name)
	}
	text += "; files go to " + strings.Join(to, ", then to ")
	if means != "" {
		text += "; by " + means
	}
	out.note("ready", r, plain(text))
}
