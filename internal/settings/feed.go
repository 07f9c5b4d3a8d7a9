package settings

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// Feed is one more way on which the sessions of a reception come: an address, and after it, separated by commas,
// source=HOST, interface=NAME and channel=N, each at most once: 239.1.1.2:3400,source=10.0.0.2,interface=eth1.
type Feed struct {
	endpoint Endpoint
	source   string
	feed     flute.Feed
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Feed) UnmarshalText(text []byte) error {
	var read Feed
	address, rest, more := strings.Cut(string(text), ",")
	if err := read.endpoint.UnmarshalText([]byte(address)); err != nil {
		return err
	}
	seen := map[string]bool{}
	for more {
		var field string
		field, rest, more = strings.Cut(rest, ",")
		name, value, ok := strings.Cut(field, "=")
		if !ok || value == "" || seen[name] {
			return fmt.Errorf("%q: take source=HOST, interface=NAME or channel=N, each once", field)
		}
		seen[name] = true
		switch name {
		case "source":
			read.source = value
		case "interface":
			read.feed.Interface = value
		case "channel":
			n, err := strconv.ParseUint(value, 10, 8)
			if err != nil {
				return fmt.Errorf("channel %q: take 0 to 255", value)
			}
			read.feed.Channel = uint8(n)
		default:
			return fmt.Errorf("%q is not known: take source=HOST, interface=NAME or channel=N", name)
		}
	}
	*f = read
	return nil
}

// HasSource reports whether the feed names a source of its own.
func (f Feed) HasSource() bool { return f.source != "" }

// Resolve returns the feed. It asks lookup for the addresses of host names.
func (f Feed) Resolve(ctx context.Context, lookup Lookup) (flute.Feed, error) {
	feed := f.feed
	var err error
	if feed.Group, err = f.endpoint.Resolve(ctx, lookup); err != nil {
		return feed, err
	}
	if f.source != "" {
		if feed.Source, err = ResolveHost(ctx, f.source, lookup); err != nil {
			return feed, fmt.Errorf("source: %w", err)
		}
	}
	return feed, nil
}
