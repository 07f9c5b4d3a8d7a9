package api

import (
	"context"
	"errors"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/node"
)

// The errors of a Backend that concern a request.
var (
	ErrNoUnit     = errors.New("there is no such unit")
	ErrNoObject   = errors.New("there is no such object on its way")
	ErrNotSending = errors.New("it is not a sending session that runs")
)

// Backend is a daemon. Its methods are safe for concurrent use.
type Backend interface {
	State(ctx context.Context) (*State, error)
	Object(ctx context.Context, unit string, toi flute.TOI) ([]Object, error)
	Reload() Reloaded
	Pause(ctx context.Context, unit string, paused bool) error
	// Trigger has the next turn of an object begin now, Remove has it sent no longer.
	Trigger(ctx context.Context, unit string, toi flute.TOI) error
	Remove(ctx context.Context, unit string, toi flute.TOI) error
	SetLevel(level string) error
	Alive(ctx context.Context) error
	Ready() error
}

// Journal keeps the latest events.
type Journal interface {
	// Epoch names the process that has numbered the events.
	Epoch() string
	// After returns the events after one, at most so many, and how many before them are gone. changed is closed when
	// there are more.
	After(id uint64, most int) (entries []Entry, gone uint64, changed <-chan struct{})
	Last() uint64
}

// Entry is an event of the Journal, as a line of JSON.
type Entry struct {
	ID   uint64 // from 1, one after the other
	Name string
	JSON []byte // not to be changed
}

// Unit is what a section of the configuration does.
type Unit struct {
	Kind     string    `json:"kind"` // receive, send or utp
	Name     string    `json:"name"`
	Phase    string    `json:"phase"` // starting, running, waiting (it has failed), finished or stopped
	Since    time.Time `json:"since"`
	Error    string    `json:"error,omitempty"`
	Failures uint64    `json:"failures"`
	Next     time.Time `json:"next,omitzero"` // when it is tried again
	Paused   bool      `json:"paused,omitempty"`

	// Whole counts files that were received whole, or sent to the end; Failed those that failed for good.
	Whole      uint64    `json:"files_whole"`
	Failed     uint64    `json:"files_failed"`
	LastFailed time.Time `json:"last_failed,omitzero"`
}

// ConfigState says which configuration is in use.
type ConfigState struct {
	Files  []string  `json:"files"`
	Loaded time.Time `json:"loaded"`
	OK     bool      `json:"ok"`              // the latest reload has put the file into effect
	Error  string    `json:"error,omitempty"` // why it has not
}

// State is what a daemon does.
type State struct {
	Version  string         `json:"version"`
	Started  time.Time      `json:"started"`
	LogLevel string         `json:"log_level"`
	Config   ConfigState    `json:"config"`
	Units    []Unit         `json:"units"`
	Snapshot *node.Snapshot `json:"node"`
	// UnitOf are the units of the sessions of the Snapshot, in their order; empty: none.
	UnitOf []string `json:"unit_of_session"`
	// Restarts are actors that crashed, the latest first; of 100 at most.
	Restarts []Restart `json:"restarts"`
}

// Restart says how often an actor has crashed, and what came of the latest time.
type Restart struct {
	Actor   string    `json:"actor"`
	Count   int       `json:"count"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason"`
}

// Session is a transport session, without its objects.
type Session struct {
	Unit string `json:"unit,omitempty"`
	node.SessionState
	Objects []struct{} `json:"objects,omitempty"` // hides those of SessionState
}

// Object is a file on its way.
type Object struct {
	Unit    string           `json:"unit,omitempty"`
	Session flute.SessionKey `json:"session"`
	event.ObjectState
}

// Reloaded is what has come of a reload.
type Reloaded struct {
	OK        bool          `json:"ok"`
	Errors    []ConfigError `json:"errors,omitempty"` // nothing has changed
	Started   []string      `json:"started,omitempty"`
	Stopped   []string      `json:"stopped,omitempty"`
	Restarted []string      `json:"restarted,omitempty"` // their sections have changed
	Same      int           `json:"same"`                // units that were left alone
	NextStart []string      `json:"with_next_start,omitempty"`
}

// ConfigError is what is wrong at one place of a configuration.
type ConfigError struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
}
