package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/settings"
)

// helpVars are the variables of the help texts.
func helpVars() kong.Vars {
	var help, blocks []string
	var same []string // schemes with the same default block
	all := settings.Schemes()
	for i, s := range all {
		help = append(help, fmt.Sprintf("%s (%d): %s", s.Name, uint8(s.ID), s.Help))
		if same = append(same, s.Name); i+1 == len(all) || all[i+1].Block != s.Block {
			blocks = append(blocks, fmt.Sprintf("%d for %s", s.Block, strings.Join(same, ", ")))
			same = nil
		}
	}
	return kong.Vars{
		"fec_help": strings.Join(help, "; "), "fec_blocks": strings.Join(blocks, "; "),
		"max_datagram":     strconv.Itoa(defaults.MaxDatagram),
		"receive_profiles": strings.Join(settings.ReceiveProfiles(), ","), "parallel": strconv.Itoa(defaults.Parallel),
	}
}

// flagged writes the words of a settings.Error as flags.
func flagged(err error) error {
	if e := (*settings.Error)(nil); errors.As(err, &e) {
		return errors.New(e.Spell(func(word string) string { return "--" + word }))
	}
	return err
}

// lookup asks the system for the addresses of a host name.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// resolve returns the address of what a flag says.
func resolve(ctx context.Context, flag string, e settings.Endpoint) (netip.AddrPort, error) {
	addr, err := e.Resolve(ctx, lookup)
	if err != nil {
		err = fmt.Errorf("%s %w", flag, err)
	}
	return addr, err
}
