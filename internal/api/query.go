package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/node"
)

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

// isAskedFor reports whether a session is of the unit, and has the ID, that a request names; one that it does not name
// is any.
func isAskedFor(q url.Values, unit string, s *node.SessionState) bool {
	u, id := q.Get("unit"), q.Get("session")
	return (u == "" || u == unit) && (id == "" || id == rowID(unit, s))
}

// limitOf reads the query limit. The error is what to tell the client.
func limitOf(r *http.Request, usual, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("limit: take 1 to %d", most)
	}
	return n, nil
}
