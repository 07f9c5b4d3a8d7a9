package config

import (
	"cmp"
	"context"
	"errors"
	"net/netip"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/settings"
)

// twice returns a feed that is that of the group, or of another feed; the node does not take it.
func (r *Receive) twice() (feed flute.Feed, is bool) {
	seen := map[flute.Feed]bool{}
	for _, group := range r.groups() {
		seen[group] = true
	}
	for _, f := range r.Feed {
		feed, err := f.Resolve(context.Background(), nobody)
		if err != nil {
			continue
		}
		if feed.Interface = cmp.Or(feed.Interface, r.Interface); seen[feed] {
			return feed, true
		}
		seen[feed] = true
	}
	return feed, false
}

// groups returns the ways on which the sessions come, besides feeds. Those whose names have to be looked up are left
// out.
func (r *Receive) groups() (all []flute.Feed) {
	way := flute.Feed{Interface: r.Interface}
	if r.Source != "" {
		var err error
		if way.Source, err = settings.ResolveHost(context.Background(), r.Source, nobody); err != nil {
			return nil
		}
	}
	for _, e := range r.Group {
		var err error
		if way.Group, err = e.Resolve(context.Background(), nobody); err == nil {
			all = append(all, way)
		}
	}
	return all
}

var errNobody = errors.New("names are not looked up")

// nobody is a Lookup that knows no name.
func nobody(context.Context, string) ([]netip.Addr, error) { return nil, errNobody }
