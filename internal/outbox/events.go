package outbox

import "time"

// Event is what an outbox tells: a [Tried] or a [Refused].
//
//sumtype:decl
type Event interface {
	isEvent()
	// EventName returns the stable name of the kind of event.
	EventName() string
}

// Tried is emitted after each try to deliver a file to a sink.
type Tried struct {
	Sink            string    `json:"sink"`
	Key             string    `json:"key"`
	Unit            string    `json:"unit"`
	ContentLocation string    `json:"content_location"`
	Path            string    `json:"path"`
	Outcome         string    `json:"outcome"` // delivered, retried, dead, superseded
	Try             int       `json:"try"`     // from 1
	Seconds         float64   `json:"duration"`
	Next            time.Time `json:"next,omitzero"` // when it is tried again at the soonest
	Error           string    `json:"error,omitempty"`
}

// Refused is emitted for a file that did not enter the outbox, or had to leave it: these sinks do not get it.
type Refused struct {
	Sinks           []string `json:"sinks"`
	Unit            string   `json:"unit"`
	ContentLocation string   `json:"content_location"`
	Path            string   `json:"path"`
	Reason          string   `json:"reason"`
	Evicted         bool     `json:"evicted,omitempty"` // a dead letter that gave way to a file
}

func (Tried) isEvent() {}

func (Refused) isEvent() {}

// EventName implements [Event].
func (Tried) EventName() string { return "sink_tried" }

// EventName implements [Event].
func (Refused) EventName() string { return "sink_refused" }
