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
	ErrNoSink     = errors.New("there is no such sink")
	ErrNoPage     = errors.New("there is no such page")
	ErrNotSending = errors.New("it is not a sending session that runs")
)

// Backend is a daemon. Its methods are safe for concurrent use.
type Backend interface {
	State(ctx context.Context) (*State, error)
	// Object returns the objects of a unit with a TOI, one of each session that the State has.
	Object(ctx context.Context, st *State, unit string, toi flute.TOI) ([]Object, error)
	Reload() Reloaded
	Pause(ctx context.Context, unit string, paused bool) error
	// Trigger has the next turn of an object begin now, Remove has it sent no longer.
	Trigger(ctx context.Context, unit string, toi flute.TOI) error
	Remove(ctx context.Context, unit string, toi flute.TOI) error
	SetLevel(level string) error
	Sinks() Sinks
	// DeadLetters returns a page of what a sink has not taken: the oldest first, at most so many, and the after of the
	// next page; empty: there is none. Replay has those with a key wait again, Discard removes them; an empty key:
	// all. Both return how many.
	DeadLetters(sink, after string, most int) (list []DeadLetter, next string, err error)
	Replay(sink, key string) (int, error)
	Discard(sink, key string) (int, error)
	Alive(ctx context.Context) error
	Ready() error
}

// Journal keeps the latest events.
type Journal interface {
	// Epoch names the process that numbers the events from now on.
	Epoch() string
	// Resume returns the number after which a client goes on that has seen that of a process, this one or an earlier
	// one. ok is false if nothing is known of the process.
	Resume(epoch string, number uint64) (after uint64, ok bool)
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
	Phase    string    `json:"phase"` // starting, standby (of a lease), running, waiting (it failed), finished, stopped
	Since    time.Time `json:"since"`
	Error    string    `json:"error,omitempty"`
	Failures uint64    `json:"failures"`
	Next     time.Time `json:"next,omitzero"` // when it is tried again
	Paused   bool      `json:"paused,omitempty"`

	// Whole counts files that were received whole, or sent to the end; Failed those that failed for good.
	Whole      uint64    `json:"files_whole"`
	Failed     uint64    `json:"files_failed"`
	LastFailed time.Time `json:"last_failed,omitzero"`
	// Lacking counts files whose latest try has failed, and that have not come since: the sender may bring them yet.
	// LackingMore: perhaps there are more of them, since no more are told apart. LackingSince is of the one that lacks
	// longest.
	Lacking      uint64    `json:"files_lacking"`
	LackingMore  bool      `json:"files_lacking_more,omitempty"`
	LackingSince time.Time `json:"lacking_since,omitzero"`
	// StoreError is why the folder, or its disk, did not take a file last, at LastStoreFailed.
	StoreError      string    `json:"store_error,omitempty"`
	LastStoreFailed time.Time `json:"last_store_failed,omitzero"`
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
	Sinks  Sinks    `json:"-"` // /v1/sinks has them
	// Restarts are actors that crashed, or work of which did, the latest first; of 100 at most.
	Restarts []Restart `json:"restarts"`
}

// Restart says how often an actor, or its work, has crashed, and what came of the latest time.
type Restart struct {
	Actor   string    `json:"actor"`
	Count   int       `json:"count"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason"`
}

// Session is a transport session, without its objects.
type Session struct {
	Unit  string `json:"unit,omitempty"`
	State string `json:"state"` // as a Row has it
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
	Errors    []ConfigError `json:"errors,omitempty"`   // nothing has changed
	Warnings  []ConfigError `json:"warnings,omitempty"` // what is in effect, and surely not meant
	Started   []string      `json:"started,omitempty"`
	Stopped   []string      `json:"stopped,omitempty"`
	Restarted []string      `json:"restarted,omitempty"` // their sections have changed
	Same      int           `json:"same"`                // units that were left alone
	Sinks     []string      `json:"sinks,omitempty"`     // that are new, have changed, or are no longer
	NextStart []string      `json:"with_next_start,omitempty"`
}

// ConfigError is what is wrong, or surely not meant, at one place of a configuration.
type ConfigError struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Text   string `json:"text"`
}

// Sink is what received files are handed on to.
type Sink struct {
	Name          string    `json:"name"`
	Kind          string    `json:"kind,omitempty"` // marker, exec, webhook, s3, nats, kafka, fleet; empty: not configured any more
	State         string    `json:"state"`          // delivering, waiting, failing, idle, or removed
	Waiting       int       `json:"waiting"`        // files, with those on their way
	Running       int       `json:"running"`
	Dead          int       `json:"dead"`
	Oldest        time.Time `json:"oldest,omitzero"` // since when the file waits that waits longest
	Failures      int       `json:"failures"`        // in a row
	Error         string    `json:"error,omitempty"` // of the latest failure after the latest delivery
	LastDelivered time.Time `json:"last_delivered,omitzero"`
	Next          time.Time `json:"next,omitzero"` // when it is tried again, as it fails again and again

	// Since the start of the daemon.
	Delivered  uint64 `json:"delivered"`
	Retried    uint64 `json:"retried"`
	Rejected   uint64 `json:"rejected"`   // became dead letters
	Superseded uint64 `json:"superseded"` // another version had taken the place of the file
	Refused    uint64 `json:"refused"`    // the outbox had no room, or could not be written
	Duplicate  uint64 `json:"duplicate"`  // the sink had the file already
	Evicted    uint64 `json:"evicted"`    // dead letters that gave way to files
}

// Sinks are all sinks, and the outbox.
type Sinks struct {
	Time   time.Time `json:"time"`
	Sinks  []Sink    `json:"sinks"`
	Outbox Outbox    `json:"outbox"`
}

// Outbox is how much of the outbox is in use.
type Outbox struct {
	Path     string `json:"path,omitempty"` // empty: there are no sinks
	Items    int    `json:"items"`
	MaxItems int    `json:"items_max"`
	Bytes    int64  `json:"bytes"`
	MaxBytes int64  `json:"bytes_max"`
}

// DeadLetter is a file that a sink has not taken.
type DeadLetter struct {
	Key             string           `json:"key"`
	Unit            string           `json:"unit"`
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	Path            string           `json:"path"`
	Size            uint64           `json:"size"`
	Since           time.Time        `json:"since"`
	Tries           int              `json:"tries"`
	Error           string           `json:"error"`
}
