package daemon

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/flute-node/flute-node/internal/api"
)

// earlier is what earlier processes have left of their events. The zero value: nothing.
type earlier struct {
	runs    []run
	entries []api.Entry // numbered one after the other
	last    uint64      // number that the next one follows
	killed  bool        // the latest has not ended in order: what it numbered last may not be there
	bytes   int         // of entries, as the journal counts them
	read    int64       // bytes of whole lines
	end     int64       // where the line begins that says that the latest has ended in order
}

// maxNumber bounds the number of an event, so that others can follow: no process comes near it.
const maxNumber = 1 << 63

// readEvents reads a file of events. What cannot be read is left out, and what comes before a gap.
func readEvents(path string) (e earlier, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	e.killed = true
	if err != nil {
		return e, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	lines := bufio.NewScanner(io.LimitReader(f, maxEventFile+maxJournal))
	lines.Buffer(nil, 2*maxEntry)
	for lines.Scan() && e.take(lines.Bytes()) {
		// Behind a line that is damaged nothing is believed.
	}
	for _, r := range e.runs {
		e.last = max(e.last, r.first-1)
	}
	if n := len(e.entries); n > 0 && e.entries[n-1].ID < e.last {
		e.entries = nil
	}
	return e, lines.Err()
}

// take takes a line, and reports whether it is whole.
func (e *earlier) take(line []byte) bool {
	sum, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || string(sum) != checksum(rest) {
		return false
	}
	kind, rest, _ := bytes.Cut(rest, []byte(" "))
	e.killed = string(kind) != lineEnd
	e.end, e.read = e.read, e.read+int64(len(line))+1
	switch string(kind) {
	case lineRun:
		var r run
		_, err := fmt.Sscanf(string(rest), "%s %d", &r.epoch, &r.first)
		if err != nil || r.first == 0 || r.first > maxNumber {
			return false
		}
		e.runs = append(e.runs, r)
		e.runs = e.runs[max(0, len(e.runs)-maxRuns):]
	case lineEntry:
		number, rest, _ := bytes.Cut(rest, []byte(" "))
		name, text, _ := bytes.Cut(rest, []byte(" "))
		entry := api.Entry{Name: string(name), JSON: bytes.Clone(text)}
		_, err := fmt.Sscanf(string(number), "%d", &entry.ID)
		if err != nil || entry.ID == 0 || entry.ID > maxNumber {
			return false
		}
		if entry.ID != e.last+1 {
			e.entries, e.bytes = nil, 0
		}
		e.entries, e.last = append(e.entries, entry), entry.ID
		for e.bytes += memoryOfEntry(&entry); e.bytes > maxJournal; e.entries = e.entries[1:] {
			e.bytes -= memoryOfEntry(&e.entries[0])
		}
	}
	return true
}

func checksum(b []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(b)) }
