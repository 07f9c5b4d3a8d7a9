package fleet

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzGathering: what sites tell, each line a message of one of them, is counted once each, whatever it is.
func FuzzGathering(f *testing.F) {
	f.Add("a have {\"version\":\"sha-256:aa\",\"size\":5,\"at\":\"2026-11-30T06:00:00Z\"}\n"+
		"b fail {\"reason\":\"digest\",\"at\":\"2026-11-30T07:00:00Z\"}\n"+
		"b have {\"version\":\"sha-256:ab\"}\nc have x", "sha-256:a")
	f.Add("a have {\"at\":\"0000-01-01T00:00:00Z\",\"size\":18446744073709551615}\na beat {\"receives\":1}", "")
	f.Fuzz(func(t *testing.T, text, version string) {
		var sites []Site
		var list []told
		names := map[string]bool{}
		for line := range strings.SplitSeq(text, "\n") {
			site, rest, _ := strings.Cut(line, " ")
			kind, data, _ := strings.Cut(rest, " ")
			switch s := (Site{Name: site, Heard: time.Unix(1, 0)}); kind {
			case "have", "fail":
				list = append(list, told{site: site, kind: kind, object: "o", data: []byte(data)})
				names[site] = true
			case "beat":
				if json.Unmarshal([]byte(data), &s.Beat) != nil ||
					slices.ContainsFunc(sites, func(o Site) bool { return o.Name == site }) {
					continue
				}
				sites = append(sites, s)
				if s.Beat.Receives != 0 {
					names[site] = true
				}
			}
		}
		g := newGathering(sites)
		for _, m := range list {
			g.add(m)
		}
		o := g.object("o", version)
		current, have := 0, 0
		for i, h := range o.Sites {
			if h.Current {
				current++
			}
			if h.Have != nil {
				have++
			}
			if !names[h.Site] || i > 0 && o.Sites[i-1].Site >= h.Site {
				t.Errorf("site %q is told after %d others", h.Site, i)
			}
		}
		for _, v := range o.Versions {
			have -= v.Sites
		}
		if len(o.Sites) != len(names) || current+o.Lacking != len(o.Sites) || have != 0 {
			t.Errorf("%d sites of %d, %d have it, %d lack it; %d have no version", len(o.Sites), len(names), current,
				o.Lacking, have)
		}
		if _, err := json.Marshal(o); err != nil {
			t.Error(err)
		}
	})
}
