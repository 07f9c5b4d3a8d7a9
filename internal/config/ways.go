package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/settings"
)

// wrongFeed returns why the node does not take the feeds; empty: it does.
func (r *Receive) wrongFeed() string {
	if most := defaults.MaxFeeds - 1; len(r.Feed) > most {
		return fmt.Sprintf("%d feeds, of at most %d", len(r.Feed), most)
	}
	seen := map[flute.Feed]bool{}
	for _, group := range r.groups() {
		seen[group] = true
	}
	for _, f := range r.Feed {
		if f.HasSource() && r.Source == "" {
			return "a feed has a source: give source, too, which names the sessions"
		}
		feed, err := f.Resolve(context.Background(), nobody)
		if err != nil {
			continue
		}
		if feed.Interface = cmp.Or(feed.Interface, r.Interface); seen[feed] {
			return fmt.Sprintf("feed %v is that of group, or of another feed", feed)
		}
		seen[feed] = true
	}
	return ""
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
