package assembly

import (
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// Missing says what an unfinished object lacks, for a person: how many source blocks, and of the first of them how many
// symbols are there. It is empty when nothing is missing.
func (a *Assembly) Missing() string {
	if a.IsWhole() {
		return ""
	}
	blocks := a.part.Blocks()
	sbn := a.complete.next // the first that is incomplete
	k := a.part.BlockSymbols(sbn)
	text := fmt.Sprintf("%d of %d source blocks are incomplete; number %d has ",
		blocks-a.complete.count, blocks, uint32(sbn))
	switch b := a.blocks[sbn]; {
	case b == nil:
		text += fmt.Sprintf("none of its %d source symbols", k)
	case len(b.repair) == 0:
		text += fmt.Sprintf("%d of its %d source symbols", b.sources, k)
	default:
		text += fmt.Sprintf("%d of its %d source symbols and %d repair symbols%s",
			b.sources, k, len(b.repair), a.verdict(sbn, b))
	}
	return text
}

// verdict says why a block with repair symbols is not decoded, if it is not for want of symbols.
func (a *Assembly) verdict(sbn fec.SBN, b *block) string {
	switch {
	case b.attempt != nil:
		return ", and is being decoded"
	case slices.Contains(a.stalled, sbn):
		return ", and waits for memory to be decoded in"
	case int(b.sources)+len(b.repair) >= int(b.k):
		return ", which the code cannot do with"
	}
	return ""
}
