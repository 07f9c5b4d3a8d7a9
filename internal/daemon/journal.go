package daemon

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/api"
)

// maxEntry bounds an event of the journal in bytes: one that says more, as an FDT Instance's XML or what an object
// lacks, is cut down to its name.
const maxEntry = 64 << 10

// journal keeps the latest events, for those who look later, or come back. It is safe for concurrent use. Nobody who
// reads holds up who writes: one who is too slow finds that entries are gone.
type journal struct {
	epoch string // of this process: IDs of another one mean nothing
	size  int
	watch func(notice.Event, time.Time) // of each event; nil: nobody

	mu      sync.Mutex
	ring    []api.Entry
	last    uint64        // ID of the latest entry
	changed chan struct{} // closed with the next entry
}

func newJournal(size int, now time.Time, watch func(notice.Event, time.Time)) *journal {
	return &journal{
		epoch: fmt.Sprintf("%x", now.UnixNano()), size: size, watch: watch, ring: make([]api.Entry, size),
		changed: make(chan struct{}),
	}
}

// Epoch implements part of [api.Journal]: it names the process that has numbered the entries.
func (j *journal) Epoch() string { return j.epoch }

// add appends an event.
func (j *journal) add(e notice.Event) {
	now := time.Now()
	if j.watch != nil {
		j.watch(e, now) // it may have to wait for a disk
	}
	switch e.(type) {
	case event.SessionStats, event.ObjectProgress:
		return // how far things are is asked for: they would push out what has happened
	}
	line := marshal(e, now)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	j.ring[j.last%uint64(j.size)] = api.Entry{ID: j.last, Name: e.EventName(), JSON: line}
	close(j.changed)
	j.changed = make(chan struct{})
}

// After implements part of [api.Journal]. It returns the entries after one, at most so many, and how many before them
// are gone. changed is closed when there are more.
func (j *journal) After(id uint64, most int) (entries []api.Entry, gone uint64, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := uint64(1)
	if j.last > uint64(j.size) {
		first = j.last - uint64(j.size) + 1
	}
	if id > j.last { // of another process
		id = j.last
	}
	if id+1 < first {
		gone, id = first-id-1, first-1
	}
	for ; id < j.last && len(entries) < most; id++ {
		entries = append(entries, j.ring[(id+1)%uint64(j.size)])
	}
	return entries, gone, j.changed
}

// Last implements part of [api.Journal]. It returns the ID of the latest entry; 0: there is none.
func (j *journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// marshal writes an event as a line of JSON, as --json does: event and time first.
func marshal(e notice.Event, now time.Time) []byte {
	head := fmt.Sprintf(`{"event":%q,"time":%q`, e.EventName(), now.UTC().Format(time.RFC3339Nano))
	text, err := json.Marshal(e)
	switch {
	case err != nil || len(text) < 2 || text[0] != '{':
		return []byte(head + "}")
	case len(text) > maxEntry:
		return []byte(head + `,"cut":true}`)
	case string(text) == "{}":
		return []byte(head + "}")
	}
	return append([]byte(head+","), text[1:]...)
}
