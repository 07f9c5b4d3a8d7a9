package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// maxObjects bounds the objects of an answer; limit asks for fewer.
const maxObjects = 10_000

func (s *Server) objects(w http.ResponseWriter, r *http.Request) {
	limit, err := limitOf(r, maxObjects, maxObjects)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	var after flute.TOI // zero, the FDT's, is none of an object
	if text := r.URL.Query().Get("after"); text != "" {
		if after, err = flute.ParseTOI(text); err != nil {
			fail(w, http.StatusBadRequest, "after: "+err.Error())
			return
		}
	}
	if order := r.URL.Query().Get("order"); order != "" && order != "schedule" {
		fail(w, http.StatusBadRequest, fmt.Sprintf("order %.40q: take schedule", order))
		return
	}
	st, err := s.stateFor(r)
	if err != nil {
		failed(w, err)
		return
	}
	list, count, next := objects(st, r.URL.Query(), after, limit)
	answer(w, http.StatusOK, struct {
		Objects []Object `json:"objects"`
		Count   int      `json:"object_count"`
		Next    string   `json:"next,omitempty"` // for after
	}{list, count, next})
}

// objects returns a page of the objects that match, those of a session after a TOI, or the first of the schedule. count
// is how many there are of all pages; after next begins the next page of a session.
func objects(st *State, q url.Values, after flute.TOI, limit int) (list []Object, count int, next string) {
	list = []Object{}
	paged := q.Get("session") != "" && q.Get("order") != "schedule" // in which a session tells its objects
	for i := range st.Snapshot.Sessions {
		one, unit := &st.Snapshot.Sessions[i], st.UnitOf[i]
		if !isAskedFor(q, unit, one) {
			continue
		}
		count += one.ObjectCount
		all := one.Objects
		if paged {
			byTOI := func(a, b event.ObjectState) int { return a.TOI.Compare(b.TOI) }
			all = slices.SortedFunc(slices.Values(all), byTOI)
			all = slices.DeleteFunc(all, func(o event.ObjectState) bool { return o.TOI.Compare(after) <= 0 })
		}
		room := min(len(all), limit-len(list))
		for _, o := range all[:room] {
			list = append(list, Object{unit, one.Session, o})
		}
		if paged && room > 0 && room < len(all) {
			next = all[room-1].TOI.String()
		}
	}
	return list, count, next
}

// objectsOf returns the objects that a request names by unit and TOI, one for each session of the unit that has the
// TOI. If ok is false it has told the client what is wrong.
func (s *Server) objectsOf(w http.ResponseWriter, r *http.Request) (list []Object, ok bool) {
	toi, err := flute.ParseTOI(r.PathValue("toi"))
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return nil, false
	}
	st, err := s.recent(r.Context()) // a view asks for a map a second: not each of them asks all sessions
	if err == nil {
		list, err = s.cfg.Backend.Object(r.Context(), st, r.PathValue("unit"), toi)
	}
	if err != nil {
		failed(w, err)
		return nil, false
	}
	return list, true
}

func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	list, ok := s.objectsOf(w, r)
	if !ok {
		return
	}
	for i := range list {
		list[i].Unit = r.PathValue("unit")
	}
	answer(w, http.StatusOK, struct {
		Objects []Object `json:"objects"`
	}{list})
}
