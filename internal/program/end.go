package program

import (
	"time"

	"github.com/flute-node/flute-node/flute"
)

// End is how a program has ended.
type End struct {
	File     *File
	ExitCode int // -1: a signal has ended it, or it could not be started
	Duration time.Duration
	Err      error // nil: it has taken the file
}

// Outcome is an End as the event program_ended tells it.
type Outcome struct {
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	Path            string           `json:"path,omitempty"`
	ExitCode        int              `json:"exit_code"` // -1: a signal has ended it, or it could not be started
	Duration        float64          `json:"duration"`  // seconds
	Error           string           `json:"error,omitempty"`
}

// Outcome returns what the event tells.
func (e *End) Outcome() Outcome {
	v := Outcome{
		Session: e.File.Offer.Session, TOI: e.File.Offer.File.TOI, ContentLocation: e.File.Offer.File.ContentLocation,
		Path: e.File.Path, ExitCode: e.ExitCode, Duration: e.Duration.Seconds(),
	}
	if e.Err != nil {
		v.Error = e.Err.Error()
	}
	return v
}
