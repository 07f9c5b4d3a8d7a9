package fleet

import (
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Beat is what a site tells of itself again and again.
type Beat struct {
	Process  string        `json:"process"` // random: two nodes that call themselves the same are found out
	Version  string        `json:"version"`
	At       time.Time     `json:"at"` // by the clock of the site
	Started  time.Time     `json:"started"`
	Interval time.Duration `json:"interval_ns"` // the next one is due so long after this
	Health
}

// Health is how a node is.
type Health struct {
	Units    map[string]int `json:"units"`    // by phase
	Faults   []string       `json:"faults"`   // why units do not run, at most MaxFaults
	Receives int            `json:"receives"` // units that receive: a site without any lacks no file
	Sessions int            `json:"sessions"`
	Objects  int            `json:"objects"` // on their way
	Waiting  int            `json:"waiting"` // files that are received and not told yet
	Dead     int            `json:"dead"`    // files that will not be told unless an operator helps
	Untold   uint64         `json:"untold"`  // failures that were too many to be told
}

const (
	// MaxFaults bounds Health.Faults.
	MaxFaults = 10
	// maxText bounds a text of a message in bytes.
	maxText = 500
	// maxLocation bounds a Content-Location in a message in bytes: it is there for people.
	maxLocation = 2000
)

// Have is the version of a file that a site has.
type Have struct {
	ContentLocation string           `json:"content_location"` // cut after 2,000 bytes
	Version         string           `json:"version"`          // its digest: "sha-256:…"
	Size            uint64           `json:"size"`
	At              time.Time        `json:"at"` // of its publication, by the clock of the site
	Key             string           `json:"key"`
	Unit            string           `json:"unit"`
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
}

// Failure is why a file has not come to a site.
type Failure struct {
	ContentLocation string    `json:"content_location"` // cut after 2,000 bytes
	Reason          string    `json:"reason"`
	Detail          string    `json:"detail,omitempty"`
	At              time.Time `json:"at"` // by the clock of the site
	Unit            string    `json:"unit"`
}

// cut returns at most so many bytes of a text, and whole characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
