package receiver

import (
	"time"

	"github.com/flute-node/flute-node/flute/fdt"
)

// An FDT Instance may tell where else a file can be had, by HTTP. The locations are kept with the description, and told
// by events, for whoever lacks the file. Nothing is fetched here.

// located returns file, of f, with locations that need no Base-URL, and share nothing with f: that is not kept.
func located(f *fdt.Instance, file *fdt.File) *fdt.File {
	if len(file.AlternateLocations1) == 0 && len(file.AlternateLocations2) == 0 {
		return file
	}
	absolute := *file
	absolute.AlternateLocations1, absolute.AlternateLocations2 = f.Alternates(file), nil
	return &absolute
}

// alternateOverhead is charged for an alternate location besides its bytes.
const alternateOverhead = 64

// alternatesCost returns what the locations of file, which is located, cost in memory.
func alternatesCost(file *fdt.File) (cost uint64) {
	for _, a := range file.AlternateLocations1 {
		for _, uri := range a.URIs {
			cost += alternateOverhead + uint64(len(uri))
		}
	}
	return cost
}

// alternates returns where else the file of e can be had at present, by the clock of the sender.
func (l *Ledger) alternates(e *entry) (uris []string) {
	if e.file == nil {
		return nil
	}
	for _, a := range e.file.AlternateLocations1 {
		if a.AvailableUntil.IsZero() || l.clock.read(l.now).Before(a.AvailableUntil) {
			uris = append(uris, a.URIs...)
		}
	}
	return uris
}

// replaceAlternates gives own, the description of e, the locations of file, if there is memory for them.
func (s *Session) replaceAlternates(e *entry, own, file *fdt.File) {
	cost, freed := alternatesCost(file), alternatesCost(own)
	if !s.l.share.Small.TryReserve(cost) {
		return
	}
	s.l.share.Small.Release(freed)
	e.cost = e.cost - freed + cost
	own.AlternateLocations1, e.recalled = file.AlternateLocations1, false
}

// maxNotedAlternates is as many locations as fdt.Instance.Alternates returns.
const maxNotedAlternates = 8

// notedAlternates are the locations of a noted file, the best first, and after them empty ones. It is an array, since
// JSON puts no more into it than fits.
type notedAlternates [maxNotedAlternates]notedAlternate

type notedAlternate struct {
	URI string `json:"uri,omitempty"`
	// AvailableUntil is in seconds since 1970, by the clock of the sender. 0: not limited. JSON can write each such
	// number, but not the time of a year after 9999.
	AvailableUntil int64 `json:"available_until,omitempty"`
}

// noteAlternates returns the locations of file, which is located; nil: it has none.
func noteAlternates(file *fdt.File) *notedAlternates {
	var list notedAlternates
	n := 0
	for _, a := range file.AlternateLocations1 {
		until := int64(0)
		if !a.AvailableUntil.IsZero() {
			until = a.AvailableUntil.Unix()
		}
		for _, uri := range a.URIs {
			if n == len(list) {
				return &list
			}
			list[n] = notedAlternate{uri, until}
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return &list
}

func (n *notedAlternates) locations() (list []fdt.AlternateLocations) {
	for _, a := range n {
		if a.URI == "" {
			continue
		}
		l := fdt.AlternateLocations{URIs: []string{a.URI}}
		if a.AvailableUntil != 0 {
			l.AvailableUntil = time.Unix(a.AvailableUntil, 0).UTC()
		}
		list = append(list, l)
	}
	return list
}
