package api

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxClients bounds the clients of events. Each has a goroutine and a batch of events at most.
	maxClients = 64
	// eventBatch is how many events are written at once, batchBytes how many bytes, if they are more than one.
	eventBatch, batchBytes = 64, 256 << 10
	// keepAlive is the time between two signs of life, so that proxies and clients know a quiet stream from a dead one.
	keepAlive = 15 * time.Second
)

// events answers with events as they happen (https://html.spec.whatwg.org/multipage/server-sent-events.html). It begins
// after the event of Last-Event-ID, or of the query after=ID, or with the latest=N ones of the names that are wanted;
// without any of these, with those that happen from now on. With follow=false it ends with those that have happened.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Clients.Add(1) > maxClients {
		s.cfg.Clients.Add(-1)
		w.Header().Set("Retry-After", "10")
		w.Header().Set("Connection", "close") // else those who are refused hold the connections of all others
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("there are %d clients already", maxClients))
		return
	}
	defer s.cfg.Clients.Add(-1)
	names := map[string]bool{}
	if list := r.URL.Query().Get("names"); list != "" {
		for name := range strings.SplitSeq(list, ",") {
			names[name] = true
		}
	}
	after, other, err := s.position(r, names)
	follow := true
	if text := r.URL.Query().Get("follow"); err == nil && text != "" {
		if follow, err = strconv.ParseBool(text); err != nil {
			err = fmt.Errorf("follow: %.80q is neither true nor false", text)
		}
	}
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	s.stream(w, r, after, other, names, follow)
}

// position returns the number after which a client wants events. other tells that it knows those of a process of which
// nothing is kept.
func (s *Server) position(r *http.Request, names map[string]bool) (after uint64, other bool, err error) {
	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("after")
	}
	if text := r.URL.Query().Get("latest"); id == "" && text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, false, fmt.Errorf("latest: %.80q is no number", text)
		}
		return s.latest(n, names), false, nil
	}
	if id == "" {
		return s.cfg.Journal.Last(), false, nil
	}
	epoch, number, _ := strings.Cut(id, "-")
	if after, err = strconv.ParseUint(number, 10, 64); err != nil {
		return 0, false, fmt.Errorf("%.80q is no ID of an event", id)
	}
	after, known := s.cfg.Journal.Resume(epoch, after)
	return after, !known, nil
}

// latest returns the number after which there are n events of these names; no names: of any.
func (s *Server) latest(n uint64, names map[string]bool) uint64 {
	last := s.cfg.Journal.Last()
	if len(names) == 0 {
		return last - min(last, n)
	}
	var found []uint64
	for after := uint64(0); after < last; {
		entries, gone, _ := s.cfg.Journal.After(after, eventBatch)
		after += gone
		for _, e := range entries {
			if after = e.ID; names[e.Name] {
				found = append(found, e.ID)
			}
		}
	}
	if found = found[uint64(len(found))-min(uint64(len(found)), n):]; len(found) == 0 {
		return last
	}
	return found[0] - 1
}

// stream writes events until the client or the server leaves; without follow, those that have happened.
func (s *Server) stream(
	w http.ResponseWriter, r *http.Request, after uint64, other bool, names map[string]bool, follow bool,
) {
	control := http.NewResponseController(w)
	var text bytes.Buffer
	id := func(n uint64) string { return s.cfg.Journal.Epoch() + "-" + strconv.FormatUint(n, 10) }
	if other {
		fmt.Fprintf(&text, "event: restarted\nid: %s\ndata: {\"event\":\"restarted\"}\n\n", id(0))
	} else {
		text.WriteString(": welcome\n\n")
	}
	last := uint64(math.MaxUint64)
	if !follow { // what happens meanwhile keeps nobody here
		last = s.cfg.Journal.Last()
	}
	quiet := time.NewTimer(keepAlive)
	defer quiet.Stop()
	for {
		entries, gone, changed := s.cfg.Journal.After(after, eventBatch)
		if gone > 0 {
			after += gone
			fmt.Fprintf(&text, "event: missed\nid: %s\ndata: {\"event\":\"missed\",\"count\":%d}\n\n", id(after), gone)
		}
		for _, e := range entries {
			if e.ID > last || text.Len() > 0 && text.Len()+len(e.JSON) > batchBytes {
				break // those up to last follow at once
			}
			after = e.ID
			if len(names) == 0 || names[e.Name] {
				fmt.Fprintf(&text, "event: %s\nid: %s\ndata: %s\n\n", e.Name, id(e.ID), e.JSON)
			}
		}
		if text.Len() > 0 {
			if control.SetWriteDeadline(time.Now().Add(requestTime)) != nil {
				return
			}
			if _, err := w.Write(text.Bytes()); err != nil || control.Flush() != nil {
				return
			}
			text.Reset()
			quiet.Reset(keepAlive)
		}
		switch {
		case after >= last, !follow && len(entries) == 0:
			return
		case len(entries) > 0:
			continue
		}
		select {
		case <-changed:
		case <-quiet.C:
			text.WriteString(": still here\n\n")
		case <-r.Context().Done():
			return
		case <-s.leaving:
			return
		}
	}
}
