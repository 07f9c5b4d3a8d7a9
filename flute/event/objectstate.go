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
	// not begun) or "finishing" (all symbols are there); in a sender "waiting", "sending" or "paused".
	Phase          string `json:"phase"`
	TransferLength uint64 `json:"transfer_length,omitempty"` // bytes; zero: not known
	Done           uint64 `json:"done"`                      // bytes that are held, or sent in the current transfer
	Transfers      int    `json:"transfers,omitempty"`       // complete ones of a sender
	Priority       int8   `json:"priority,omitempty"`        // of a sender
	// Resumes is when the next turn of a sender's object begins; zero: it is in transfer, or waits for others only.
	Resumes time.Time `json:"resumes,omitzero"`
	// Alternates are where else a receiver can have the file: URIs, the best first (3GPP).
	Alternates []string `json:"alternates,omitempty"`
}
