package fleet

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// gathering is what sites have told of files.
type gathering struct {
	sites   []Site
	objects map[string]map[string]*Holding // by object, then by site
}

func newGathering(sites []Site) *gathering {
	return &gathering{sites, map[string]map[string]*Holding{}}
}

// add takes a message.
func (g *gathering) add(m told) {
	at := g.objects[m.object]
	if at == nil {
		at = map[string]*Holding{}
		g.objects[m.object] = at
	}
	h := at[m.site]
	if h == nil {
		h = &Holding{Site: m.site}
		at[m.site] = h
	}
	switch m.kind {
	case "have":
		var have Have
		if json.Unmarshal(m.data, &have) == nil {
			h.Have = &have
		}
	case "fail":
		var failed Failure
		if json.Unmarshal(m.data, &failed) == nil {
			h.Failed = &failed
		}
	}
}

// object returns what is known of a file. An empty version is the latest one.
func (g *gathering) object(object, version string) *Object {
	o := &Object{Version: version}
	at := g.objects[object]
	versions := map[string]*Version{}
	for _, h := range at {
		if h.Have != nil && h.Failed != nil && !h.Failed.At.After(h.Have.At) {
			h.Failed = nil // it came after all
		}
		switch {
		case h.Have != nil:
			o.ContentLocation = cmp.Or(o.ContentLocation, h.Have.ContentLocation)
		case h.Failed != nil:
			o.ContentLocation = cmp.Or(o.ContentLocation, h.Failed.ContentLocation)
			continue
		default:
			continue
		}
		v := versions[h.Have.Version]
		if v == nil {
			v = &Version{Version: h.Have.Version, Size: h.Have.Size, First: h.Have.At}
			versions[h.Have.Version] = v
		}
		v.Sites++
		if h.Have.At.Before(v.First) {
			v.First = h.Have.At
		}
	}
	for _, v := range versions {
		o.Versions = append(o.Versions, *v)
	}
	slices.SortFunc(o.Versions, func(a, b Version) int {
		return cmp.Or(b.First.Compare(a.First), strings.Compare(a.Version, b.Version))
	})
	if version == "" && len(o.Versions) > 0 {
		o.Version = o.Versions[0].Version
	}
	for _, v := range o.Versions {
		if _, digits, _ := strings.Cut(v.Version, ":"); version != "" &&
			(strings.HasPrefix(v.Version, version) || strings.HasPrefix(digits, version)) {
			o.Version = v.Version
			break
		}
	}
	add := func(h Holding, silent bool) {
		h.Silent = silent
		h.Current = h.Have != nil && o.Version != "" && h.Have.Version == o.Version
		if !h.Current {
			o.Lacking++
		}
		o.Sites = append(o.Sites, h)
	}
	known := map[string]bool{}
	for i := range g.sites {
		s := &g.sites[i]
		known[s.Name] = true
		h := Holding{Site: s.Name}
		if told := at[s.Name]; told != nil {
			h = *told
		} else if s.Beat.Receives == 0 {
			continue
		}
		add(h, s.Silent)
	}
	for site, h := range at {
		if !known[site] { // it has told of files, and never that it is there
			add(*h, true)
		}
	}
	slices.SortFunc(o.Sites, func(a, b Holding) int { return strings.Compare(a.Site, b.Site) })
	return o
}
