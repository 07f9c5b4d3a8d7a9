package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/node"
)

const (
	// maxRows bounds the sessions of one answer, defaultRows is how many there are if none are asked for.
	maxRows, defaultRows = 1000, 100
	// silence is how long nothing may come of a session that is said to be receiving.
	silence = 10 * time.Second
	// sharedFor is how old a State may be that several clients get. Each asks all sessions.
	sharedFor = 500 * time.Millisecond
	// statePatience is how long the daemon may take for it.
	statePatience = 3 * time.Second
)

// The states of a session in an Overview.
const (
	StateReceiving = "receiving"
	StateSilent    = "silent" // nothing has come for 10 seconds
	StateStuck     = "stuck"  // it does not answer
	StateSending   = "sending"
	StateIdle      = "idle" // it has nothing to send now
	StatePaused    = "paused"
)

// Overview is what a person looks at: a page of the sessions, and what all of them add up to.
type Overview struct {
	Version string      `json:"version"`
	Started time.Time   `json:"started"`
	Time    time.Time   `json:"time"`
	Login   bool        `json:"login,omitempty"` // the client is a browser that has logged in
	Config  ConfigState `json:"config"`
	Units   []Unit      `json:"units"`
	Budget  uint64      `json:"budget"` // bytes of memory
	Used    uint64      `json:"used"`

	States       map[string]int `json:"states"` // sessions by their state
	SessionCount int            `json:"session_count"`
	ReceivedRate uint64         `json:"received_rate"` // bits of UDP payload in the latest second, of all sessions
	SentRate     uint64         `json:"sent_rate"`

	Alarms     []Alarm `json:"alarms"` // the first 100, errors before warnings
	AlarmCount int     `json:"alarm_count"`

	Sessions []Row  `json:"sessions"` // a page of those that match
	Matching int    `json:"matching"`
	Before   int    `json:"before"`         // how many of them lie before the page
	Next     string `json:"next,omitempty"` // after which the next page begins; empty: this is the last
}

// Row is a session in an Overview.
type Row struct {
	ID      string           `json:"id"` // names it as long as the daemon runs
	Unit    string           `json:"unit,omitempty"`
	Session flute.SessionKey `json:"session"`
	Sending bool             `json:"sending,omitempty"`
	State   string           `json:"state"`
	Alarms  int              `json:"alarms,omitempty"`
	Rate    uint64           `json:"rate"`    // bits of UDP payload in the latest second
	Packets uint64           `json:"packets"` // datagrams so far
	Files   int              `json:"files"`   // on their way

	// What follows is of a session that is received. A share that is not known is left out.
	LatestLoss *float64      `json:"loss_latest,omitempty"` // of the latest whole second
	Loss       *float64      `json:"loss,omitempty"`        // since the session began
	Margin     *float64      `json:"margin,omitempty"`      // that FEC has left
	LastPacket time.Time     `json:"last_packet,omitzero"`
	FDTAge     time.Duration `json:"fdt_age_ns,omitempty"`
}

// rowOf returns the row of a session.
func rowOf(unit string, paused bool, s *node.SessionState, now time.Time) Row {
	r := Row{
		ID: rowID(unit, s), Unit: unit, Session: s.Session, Sending: s.Reception == 0, Files: s.ObjectCount,
		LastPacket: s.LastPacket,
	}
	if s.Sent != nil {
		r.Rate, r.Packets = s.SentRate, s.Sent.Packets
	}
	if s.Received != nil {
		r.Rate, r.Packets = s.ReceivedRate, s.Received.Received
	}
	if a := s.Account; a != nil {
		if a.Due > 0 {
			r.LatestLoss, r.Loss = &a.LatestLoss, &a.Loss
		}
		if a.MarginBlocks > 0 {
			r.Margin = &a.Margin
		}
		r.FDTAge = a.FDTAge
	}
	switch {
	case s.Silent:
		r.State = StateStuck
	case r.Sending && paused:
		r.State = StatePaused
	case r.Sending && r.Rate == 0:
		r.State = StateIdle
	case r.Sending:
		r.State = StateSending
	case now.Sub(s.LastPacket) > silence:
		r.State, r.Rate = StateSilent, 0
		r.LatestLoss = nil // of a second long ago
	default:
		r.State = StateReceiving
	}
	return r
}

// rowID names a session.
func rowID(unit string, s *node.SessionState) string {
	way := "in"
	if s.Reception == 0 {
		way = "out"
	}
	return unit + " " + way + " " + s.Session.String()
}

// query is what a client wants of an Overview.
type query struct {
	after string // the ID of the last row before the page
	limit int
	text  string // only rows with it in the unit or the name of the session
	state string // only rows in this state, or "alarm"
	way   string // "in": only sessions that are received, "out": that are sent
}

func (q *query) wants(r *Row) bool {
	switch {
	case q.way == "in" && r.Sending, q.way == "out" && !r.Sending:
		return false
	case q.state == "alarm" && r.Alarms == 0, q.state != "" && q.state != "alarm" && q.state != r.State:
		return false
	}
	return q.text == "" || strings.Contains(strings.ToLower(r.ID), q.text)
}

// overview makes an Overview of a State.
func overview(st *State, q query, now time.Time) *Overview {
	o := &Overview{
		Version: st.Version, Started: st.Started, Time: now, Config: st.Config, Units: st.Units,
		Budget: st.Snapshot.Budget, Used: st.Snapshot.Used, States: map[string]int{}, Alarms: []Alarm{},
		SessionCount: st.Snapshot.SessionCount, Sessions: []Row{},
	}
	paused := map[string]bool{}
	for _, u := range st.Units {
		paused[u.Name] = u.Paused
	}
	alarms := daemonAlarms(st, now)
	rows := make([]Row, 0, len(st.Snapshot.Sessions))
	for i := range st.Snapshot.Sessions {
		s, unit := &st.Snapshot.Sessions[i], st.UnitOf[i]
		r := rowOf(unit, paused[unit], s, now)
		of := sessionAlarms(&r, s, now)
		r.Alarms = len(of)
		alarms = append(alarms, of...)
		o.States[r.State]++
		if r.Sending {
			o.SentRate += r.Rate
		} else {
			o.ReceivedRate += r.Rate
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(alarms, func(a, b Alarm) int { return cmp.Compare(a.Level, b.Level) }) // error, warning
	o.AlarmCount = len(alarms)
	o.Alarms = append(o.Alarms, alarms[:min(len(alarms), maxAlarms)]...)
	rows = slices.DeleteFunc(rows, func(r Row) bool { return !q.wants(&r) })
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	o.Matching = len(rows)
	from := 0
	if q.after != "" {
		at, found := slices.BinarySearchFunc(rows, q.after, func(r Row, id string) int { return cmp.Compare(r.ID, id) })
		if from = at; found {
			from++
		}
	}
	end := min(len(rows), from+q.limit)
	o.Before = from
	o.Sessions = append(o.Sessions, rows[from:end]...)
	if end < len(rows) && end > from {
		o.Next = rows[end-1].ID
	}
	return o
}

// shared is a State that clients share for a moment.
type shared struct {
	mu sync.Mutex
	at time.Time
	st *State
}

// recent returns a State that is at most sharedFor old. Clients that ask at once wait for one answer.
func (s *Server) recent(ctx context.Context) (*State, error) {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.st != nil && time.Since(s.shared.at) < sharedFor {
		return s.shared.st, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statePatience) // others wait for it, too
	defer cancel()
	st, err := s.cfg.Backend.State(ctx)
	if err != nil {
		return nil, err
	}
	s.shared.st, s.shared.at = st, time.Now()
	return st, nil
}

// limitOf reads the query limit.
func limitOf(r *http.Request, usual, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, errLimit(most)
	}
	return n, nil
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r, defaultRows, maxRows)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	st, err := s.recent(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	v := r.URL.Query()
	o := overview(st, query{
		after: v.Get("after"), limit: limit, text: strings.ToLower(v.Get("text")), state: v.Get("state"),
		way: v.Get("way"),
	}, time.Now())
	_, err = r.Cookie(cookieName(r))
	o.Login = err == nil && s.cfg.Token != ""
	answer(w, http.StatusOK, o)
}
