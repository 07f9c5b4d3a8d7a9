package event

import (
	"time"

	"github.com/flute-node/flute-node/flute"
)

// ObjectState is how far one object of a session has come, when it was asked for.
type ObjectState struct {
	TOI             flute.TOI `json:"toi"`
	ContentLocation string    `json:"content_location,omitempty"` // empty: no FDT Instance describes it yet
	// Phase is, in a receiver, "announced" (no symbol is held), "receiving", "resting" (a try has failed, the next has
	// not begun) or "finishing" (all symbols are there), and once it has ended "completed", "failed" or "refused"; in a
	// sender "waiting", "sending" or "paused".
	Phase          string `json:"phase"`
	TransferLength uint64 `json:"transfer_length,omitempty"` // bytes; zero: not known
	Done           uint64 `json:"done"`                      // bytes that are held, or sent in the current transfer
	Put            uint64 `json:"put,omitempty"`             // of Done: bytes that came another way than in packets
	Transfers      int    `json:"transfers,omitempty"`       // complete ones of a sender
	Priority       int8   `json:"priority,omitempty"`        // of a sender
	// Resumes is when the next turn of a sender's object begins; zero: it is in transfer, or waits for others only.
	Resumes time.Time `json:"resumes,omitzero"`
	// Alternates are where else a receiver can have the file: URIs, the best first (3GPP).
	Alternates []string `json:"alternates,omitempty"`

	// What a receiver lacks of an object of which it holds symbols. The lists are bounded, the counts are not: Lacking
	// is the number of incomplete source blocks, Needed how many further encoding symbols they need at least, of any
	// ESIs that have not come.
	Blocks  uint32 `json:"blocks,omitempty"` // source blocks of the object; zero: not known
	Lacking uint32 `json:"lacking,omitempty"`
	Needed  uint64 `json:"needed,omitempty"`
	// CompleteAt is when the object will be complete at the present rate of new symbols; zero: nobody knows.
	CompleteAt time.Time `json:"complete_at,omitzero"`
	// LastSymbol is when a receiver has used a symbol of it last, to within a second; zero: it has used none, or the
	// object is not being received.
	LastSymbol time.Time `json:"last_symbol,omitzero"`
	// Missing are ranges of bytes of the object as it is transferred, before content decoding: the first byte of each
	// and the one behind its last. With Raptor or RaptorQ and sub-blocks they are whole source blocks.
	Missing [][2]uint64 `json:"missing,omitempty"`
	// MissingBlocks are the incomplete source blocks: the SBN of each, and its part of Needed.
	MissingBlocks [][2]uint64 `json:"missing_blocks,omitempty"`
}
