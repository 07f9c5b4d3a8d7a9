package event

import (
	"time"

	"github.com/flute-node/flute-node/flute"
)

// ObjectStarted is emitted once for an object, and for each further try: the first time that both its description and a
// symbol are there, or, on the sending side, with its first packet.
type ObjectStarted struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	TransferLength  uint64           `json:"transfer_length"` // bytes
	FECEncodingID   uint8            `json:"fec_encoding_id"`
	Sending         bool             `json:"sending,omitempty"`    // the node's own session
	Resumed         uint64           `json:"resumed,omitempty"`    // bytes that an earlier process has received
	Alternates      []string         `json:"alternates,omitempty"` // where else the file can be had: URIs, the best first (3GPP)
}

// ObjectProgress is emitted at most once per whole percent of source symbols; by a node four times a second at most,
// when symbols come or are sent. A receiver that has told some tells once more that all bytes are there.
type ObjectProgress struct {
	Session        flute.SessionKey `json:"session"`
	TOI            flute.TOI        `json:"toi"`
	Received       uint64           `json:"received"`          // bytes of the object that are held
	TransferLength uint64           `json:"transfer_length"`   // bytes
	Sending        bool             `json:"sending,omitempty"` // the node's own session
	// CompleteAt is when a receiver will have it at the present rate of new symbols; zero: nobody knows.
	CompleteAt time.Time `json:"complete_at,omitzero"`
}

// Outdates reports whether before is earlier progress of the same object: who has not told it yet need not.
func (p ObjectProgress) Outdates(before Event) bool {
	q, is := before.(ObjectProgress)
	return is && p.Session == q.Session && p.TOI == q.TOI
}

// ObjectCompleted is emitted once, after the object was verified and published; or, on the sending side, after its last
// transfer. FirstPacket is zero if there was none, as of a file that an earlier process has published.
type ObjectCompleted struct {
	Session         flute.SessionKey  `json:"session"`
	TOI             flute.TOI         `json:"toi"`
	ContentLocation string            `json:"content_location"`
	ContentType     string            `json:"content_type,omitempty"`
	Path            string            `json:"path,omitempty"` // relative to the store's root, slash separated
	Size            uint64            `json:"size"`           // bytes of the file, after content decoding
	Digests         map[string]string `json:"digests"`        // those computed, "md5", "sha-256", "sha-512": lower-case hex
	Verified        []string          `json:"verified"`       // which digests the sender had announced and were checked
	FirstPacket     time.Time         `json:"first_packet,omitzero"`
	Duration        time.Duration     `json:"duration_ns"` // from the first packet to publication
	Repaired        uint64            `json:"repaired"`    // source symbols that FEC recovered
	Encoding        string            `json:"content_encoding,omitempty"`
	CacheControl    string            `json:"cache_control,omitempty"` // 3GPP: "no-cache", "max-stale", "expires=TIME"
	Kept            bool              `json:"kept,omitempty"`          // a file was there under Path, and stays: this was discarded
	Earlier         bool              `json:"earlier,omitempty"`       // an earlier process has published it; nothing was received
	Sending         bool              `json:"sending,omitempty"`       // the node's own session
}

// ObjectFailed is emitted once for each try to receive the object, when the try can no longer complete. If Retry is
// true only the try has ended: the object is received anew when it is announced or sent again, and then ends once more.
// The end of the session comes instead when that does not happen: SessionClosed, and nothing else of the object.
type ObjectFailed struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	Reason          FailReason       `json:"reason"`
	Detail          string           `json:"detail,omitempty"`
	Retry           bool             `json:"retry,omitempty"`      // the reason may pass: the object will be tried again
	Received        bool             `json:"received,omitempty"`   // it was completed in an earlier turn of the carousel
	Alternates      []string         `json:"alternates,omitempty"` // where else the file can be had: URIs, the best first (3GPP)
	Sending         bool             `json:"sending,omitempty"`    // the node's own session
	// What a receiver lacked of the object, as in [ObjectState]: up to 64 ranges and source blocks. Of an object of
	// which nothing came there is nothing here: it lacked all.
	Lacking       uint32      `json:"lacking,omitempty"`
	Needed        uint64      `json:"needed,omitempty"`
	Missing       [][2]uint64 `json:"missing,omitempty"`
	MissingBlocks [][2]uint64 `json:"missing_blocks,omitempty"`
}

// ObjectRefused is emitted once, in place of any other event, for an object that an FDT Instance describes and the
// receiver does not want.
type ObjectRefused struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	Reason          string           `json:"reason"` // for people
}

// FailReason is the class of a failure.
type FailReason string

// The classes of failure. Their text is stable.
const (
	FailDigest      FailReason = "digest"       // bytes do not match the announced digest or length
	FailStore       FailReason = "store"        // the store refused a write or the publication
	FailOTI         FailReason = "oti"          // FEC OTI missing, invalid, or unsupported
	FailEncoding    FailReason = "encoding"     // content decoding failed or exceeds its bounds
	FailConsumer    FailReason = "consumer"     // whoever was to take the file, such as a program, did not
	FailName        FailReason = "name"         // Content-Location cannot become a name in the store
	FailExists      FailReason = "exists"       // there is a file of its name, which may not be replaced
	FailBudget      FailReason = "budget"       // a budget is spent
	FailExpired     FailReason = "expired"      // the description expired before the object was whole
	FailSuperseded  FailReason = "superseded"   // a newer object has the Content-Location; sending: it is sent instead
	FailQuarantined FailReason = "quarantined"  // handling it crashed repeatedly
	FailClosed      FailReason = "session_over" // the session ended before the object was whole
	FailSource      FailReason = "source"       // sending: the source could not be read, or changed
	FailCancelled   FailReason = "cancelled"    // the application gave it up
)
