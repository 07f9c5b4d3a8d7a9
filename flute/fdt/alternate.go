package fdt

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxAlternates bounds what Alternates returns: a relative location stands for one with each Base-URL.
	maxAlternates = 8
	// maxAlternate bounds the bytes of one of them.
	maxAlternate = 1 << 10
)

// Alternates returns where else f, a file of in, can be had by HTTP, the best first: its AlternateLocations1, then its
// AlternateLocations2, as absolute URIs (TS 26.346, section 7.2.10). One that is relative is resolved with each of
// BaseURLs1, or BaseURLs2. What is no URI, or is relative without a Base-URL, is left out. There are at most 8, of at
// most 1 KiB.
func (in *Instance) Alternates(f *File) []AlternateLocations {
	var list []AlternateLocations
	n := 0
	for _, kind := range [...]struct {
		locations []AlternateLocations
		bases     []string
	}{{f.AlternateLocations1, in.BaseURLs1}, {f.AlternateLocations2, in.BaseURLs2}} {
		for _, a := range kind.locations {
			resolved := AlternateLocations{AvailableUntil: a.AvailableUntil}
			for _, uri := range a.URIs {
				for _, u := range resolve(uri, kind.bases) {
					if n < maxAlternates && !slices.Contains(resolved.URIs, u) {
						resolved.URIs = append(resolved.URIs, u)
						n++
					}
				}
			}
			if len(resolved.URIs) > 0 {
				list = append(list, resolved)
			}
		}
	}
	return list
}

// resolve returns uri if it is absolute, else with each of the bases.
func resolve(uri string, bases []string) (absolute []string) {
	uri = strings.TrimSpace(uri)
	ref, err := url.Parse(uri)
	if err != nil || uri == "" {
		return nil
	}
	if ref.IsAbs() {
		return usable(nil, ref)
	}
	for _, b := range bases[:min(len(bases), maxAlternates)] {
		if base, err := url.Parse(b); err == nil && base.IsAbs() {
			absolute = usable(absolute, base.ResolveReference(ref))
		}
	}
	return absolute
}

// usable appends u, unless it is too long or would spoil a terminal.
func usable(list []string, u *url.URL) []string {
	if s := u.String(); len(s) <= maxAlternate && !strings.ContainsFunc(s, unicode.IsControl) {
		return append(list, s)
	}
	return list
}
