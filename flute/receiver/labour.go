package receiver

import "github.com/flute-node/flute-node/flute/internal/assembly"

// Labour gives permits for heavy decoding, fewer at once than there are workers, so that a worker is left for all else.
// Next comes the source that has had the least of it. It may be shared by any number of Configs. It is safe for
// concurrent use.
type Labour struct{ shared *assembly.Labour }

// NewLabour returns the permits for so many workers: one less, but one at least.
func NewLabour(workers int) *Labour { return &Labour{assembly.NewLabour(workers)} }
