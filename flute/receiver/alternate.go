package receiver

import (
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
