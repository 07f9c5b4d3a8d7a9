package assembly

import (
	"net/netip"

	"github.com/flute-node/flute-node/fec"
)

// Sender is what the assemblies of all objects of one sender have in common. It is not safe for concurrent use: its
// assemblies run on one goroutine.
type Sender struct {
	Source  netip.Addr  // whose work decoding is, see Labour
	Variant fec.Variant // that the sender uses of schemes that have several; empty: not known yet
	Inline  bool        // nobody runs Attempts: decode where packets are handled
	Arenas  *Arenas
	Labour  *Labour

	// Useful counts the source symbols that came in packets for the first time or were recovered, Repaired the latter;
	// Put those that came another way.
	Useful, Repaired, Put uint64

	probes int // attempts to find out the variant
}

// Effects is what an Assembly wants done, drained by Assembly.Effects. What nobody has drained when a call panics, the
// next drain returns.
type Effects struct {
	Attempts []*Attempt // to be run elsewhere, in any order; each then goes to Conclude
	// Short: a source block waits for memory or for a permit. The caller frees what it can, and calls Retry within
	// RetryAfter.
	Short bool
	// Variant is what Sender.Variant was found to be, By how: "surplus_symbol" or "digest". Empty: nothing was found
	// out.
	Variant fec.Variant
	By      string
}
