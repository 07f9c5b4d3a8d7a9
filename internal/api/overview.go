package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxRows bounds the sessions of one answer, defaultRows is how many there are if none are asked for.
const maxRows, defaultRows = 1000, 100

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

// overview makes an Overview of a State.
func overview(st *State, q query, now time.Time) *Overview {
	o := &Overview{
		Version: st.Version, Started: st.Started, Time: now, Config: st.Config, Units: st.Units,
		Budget: st.Snapshot.Budget, Used: st.Snapshot.Used, States: map[string]int{}, Alarms: []Alarm{},
		SessionCount: st.Snapshot.SessionCount, Sessions: []Row{},
	}
	paused := pausedUnits(st)
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
