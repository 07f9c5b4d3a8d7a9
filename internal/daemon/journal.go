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

// maxJournal bounds the entries of the journal in bytes, each with entryMemory for what is around it: a sender chooses
// how long names are, and the memory of the node does not count them.
const maxJournal, entryMemory = 32 << 20, 64

// maxEntry bounds an event of the journal in bytes: one that says more, as an FDT Instance's XML or what an object
// lacks, is cut down to its name.
const maxEntry = 64 << 10

// journal keeps the latest events, for those who look later, or come back. It is safe for concurrent use. Nobody who
// reads holds up who writes: one who is too slow finds that entries are gone.
type journal struct {
	epoch string                        // of this process: IDs of another one mean nothing
	size  int                           // entries at most
	watch func(notice.Event, time.Time) // of each event; nil: nobody

	mu      sync.Mutex
	ring    []api.Entry
	first   uint64        // ID of the oldest entry
	last    uint64        // ID of the latest entry
	bytes   int           // of the entries
	changed chan struct{} // closed with the next entry
}

func newJournal(size int, now time.Time, watch func(notice.Event, time.Time)) *journal {
	return &journal{
		epoch: fmt.Sprintf("%x", now.UnixNano()), size: size, watch: watch, ring: make([]api.Entry, size),
		first: 1, changed: make(chan struct{}),
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
	entry := api.Entry{ID: j.last + 1, Name: e.EventName(), JSON: line}
	for j.first <= j.last && (j.last-j.first+1 >= uint64(j.size) || j.bytes+memoryOfEntry(&entry) > maxJournal) {
		oldest := &j.ring[j.first%uint64(j.size)]
		j.bytes -= memoryOfEntry(oldest)
		*oldest = api.Entry{}
		j.first++
	}
	j.last++
	j.bytes += memoryOfEntry(&entry)
	j.ring[j.last%uint64(j.size)] = entry
	close(j.changed)
	j.changed = make(chan struct{})
}

func memoryOfEntry(e *api.Entry) int { return len(e.JSON) + len(e.Name) + entryMemory }

// After implements part of [api.Journal]. It returns the entries after one, at most so many, and how many before them
// are gone. changed is closed when there are more.
func (j *journal) After(id uint64, most int) (entries []api.Entry, gone uint64, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if id > j.last { // of another process
		id = j.last
	}
	if id+1 < j.first {
		gone, id = j.first-id-1, j.first-1
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
