package receiver

import (
	"fmt"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// missing says what an unfinished object lacks, for its ObjectFailed: how many source blocks, and of the first of them how
// many symbols are there. It is empty when nothing has come.
func (r *reception) missing() string {
	if r == nil || r.isWhole() {
		return ""
	}
	blocks := r.part.Blocks()
	sbn := r.complete.next // the first that is incomplete
	k := r.part.BlockSymbols(sbn)
	text := fmt.Sprintf("%d of %d source blocks are incomplete; number %d has ", blocks-r.complete.count, blocks, uint32(sbn))
	switch b := r.blocks[sbn]; {
	case b == nil:
		text += fmt.Sprintf("none of its %d source symbols", k)
	case len(b.repair) == 0:
		text += fmt.Sprintf("%d of its %d source symbols", b.sources, k)
	default:
		text += fmt.Sprintf("%d of its %d source symbols and %d repair symbols%s", b.sources, k, len(b.repair), r.verdict(sbn, b))
	}
	return text
}

// verdict says why a block with repair symbols is not decoded, if it is not for want of symbols.
func (r *reception) verdict(sbn fec.SBN, b *block) string {
	switch {
	case b.attempt != nil:
		return ", and is being decoded"
	case slices.Contains(r.stalled, sbn):
		return ", and waits for memory to be decoded in"
	case int(b.sources)+len(b.repair) >= int(b.k):
		return ", which the code cannot do with"
	}
	return ""
}

// because returns why with what the object lacks.
func (e *entry) because(why string) string {
	if lacks := e.rec.missing(); lacks != "" {
		return why + ": " + lacks
	}
	return why
}
