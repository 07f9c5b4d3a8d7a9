package daemon

import (
	"fmt"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/eventline"
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
	runs  []run                         // of processes, this one last: whose IDs mean something here
	size  int                           // entries at most
	watch func(notice.Event, time.Time) // of each event; nil: nobody

	mu      sync.Mutex
	ring    []api.Entry
	first   uint64        // ID of the oldest entry
	last    uint64        // ID of the latest entry
	bytes   int           // of the entries
	changed chan struct{} // closed with the next entry
}

// run is what one process has numbered.
type run struct {
	epoch string // names the process
	first uint64 // ID of its first entry
}

// maxRuns bounds the processes whose IDs are known.
const maxRuns = 64

// newJournal returns a journal that goes on after what earlier processes have left.
func newJournal(size int, now time.Time, earlier earlier, watch func(notice.Event, time.Time)) *journal {
	j := &journal{
		size: size, watch: watch, ring: make([]api.Entry, size), first: earlier.last + 1, last: earlier.last,
		changed: make(chan struct{}),
	}
	if n := len(earlier.entries); n > 0 {
		j.first, j.last = earlier.entries[0].ID, earlier.entries[0].ID-1
	}
	for _, e := range earlier.entries {
		j.append(e)
	}
	runs := append(earlier.runs, run{fmt.Sprintf("%x", now.UnixNano()), j.last + 1})
	j.runs = runs[max(0, len(runs)-maxRuns):]
	return j
}

// Epoch implements part of [api.Journal]: it names this process.
func (j *journal) Epoch() string { return j.runs[len(j.runs)-1].epoch }

// Resume implements part of [api.Journal]. What a process numbered last may have been lost with it: a client that has
// seen more than the journal has goes on with what the next process numbered first.
func (j *journal) Resume(epoch string, id uint64) (after uint64, ok bool) {
	for i, r := range j.runs {
		switch {
		case r.epoch != epoch:
		case i == len(j.runs)-1:
			return min(id, j.Last()), true
		default:
			return min(id, j.runs[i+1].first-1), true
		}
	}
	return 0, false
}

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
	j.append(api.Entry{ID: j.last + 1, Name: e.EventName(), JSON: line})
	close(j.changed)
	j.changed = make(chan struct{})
}

// append appends the entry after the latest. The caller holds mu.
func (j *journal) append(entry api.Entry) {
	for j.first <= j.last && (j.last-j.first+1 >= uint64(j.size) || j.bytes+memoryOfEntry(&entry) > maxJournal) {
		oldest := &j.ring[j.first%uint64(j.size)]
		j.bytes -= memoryOfEntry(oldest)
		*oldest = api.Entry{}
		j.first++
	}
	j.last++
	j.bytes += memoryOfEntry(&entry)
	j.ring[j.last%uint64(j.size)] = entry
}

func memoryOfEntry(e *api.Entry) int { return len(e.JSON) + len(e.Name) + entryMemory }

// After implements part of [api.Journal]. It returns the entries after one, at most so many, and how many before them
// are gone. changed is closed when there are more.
func (j *journal) After(id uint64, most int) (entries []api.Entry, gone uint64, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	id = min(id, j.last)
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

// marshal writes an event as --json does, or its name and time only.
func marshal(e notice.Event, now time.Time) []byte {
	line := eventline.Append(nil, e.EventName(), now.UTC(), e)
	if len(line) > maxEntry {
		line = eventline.Append(nil, e.EventName(), now.UTC(), struct {
			Cut bool `json:"cut"`
		}{true})
	}
	return line
}
