package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/statefile"
)

// The lines of a file of events, each behind its CRC-32: a run and its first number, an entry with number, name and
// JSON, and the end, if the process has ended in order.
const lineRun, lineEntry, lineEnd = "run", "event", "end"

const (
	// maxEventFile bounds the bytes of the file: it is written anew from the journal when it has more.
	maxEventFile = 2 * maxJournal
	// eventLines is how many entries are written at once.
	eventLines = 64
	// After a failure the file is tried again after firstWrite, then after twice as long each time, up to lastWrite.
	firstWrite, lastWrite = time.Second, time.Minute
	// closeFile is how long the last entries may take to get into the file.
	closeFile = 2 * time.Second
)

// appendLine appends a line of the file.
func appendLine(b []byte, format string, args ...any) []byte {
	text := fmt.Appendf(nil, format, args...)
	b = append(append(b, checksum(text)...), ' ')
	return append(append(b, text...), '\n')
}

// eventFile has the journal outlive the process. It is a reader of the journal like any other: a disk that hangs holds
// up nobody, and what the journal no longer has by then is not in the file.
type eventFile struct {
	path    string
	journal *journal
	log     *slog.Logger
	closing chan struct{}
	closed  chan struct{}

	// What follows belongs to the goroutine of run.
	lock    *os.File // nil: another process may have the file
	file    *os.File // nil: it has to be written anew
	written uint64   // number of the latest entry in it
	bytes   int
	lines   int // of entries
	faulty  bool
}

// keepEvents writes the journal, which goes on after what was read, into the file at path, now and from now on, until
// close.
func keepEvents(path string, before earlier, j *journal, log *slog.Logger) *eventFile {
	k := &eventFile{path: path, journal: j, log: log, closing: make(chan struct{}), closed: make(chan struct{})}
	err := k.renew()
	if err != nil && !errors.Is(err, statefile.ErrInUse) && before.read > 0 && !before.killed {
		// That all is kept is no longer true. A disk that is full takes that.
		_ = os.Truncate(path, before.end)
	}
	k.tell(err)
	go k.run()
	return k
}

// close has the file end in order, if the disk lets it.
func (k *eventFile) close() {
	if k == nil {
		return
	}
	close(k.closing)
	select {
	case <-k.closed:
	case <-time.After(closeFile):
		k.log.Warn("events", "error", k.path+": the disk does not answer: the latest events are not kept")
	}
}

func (k *eventFile) run() {
	defer close(k.closed)
	defer k.unlock()
	pause := firstWrite
	for ending := false; ; {
		entries, gone, changed := k.journal.After(k.written, eventLines)
		if k.file != nil && len(entries) == 0 && !(ending && k.isLost()) {
			if ending {
				_, err := k.file.Write(appendLine(nil, "%s %d", lineEnd, k.written))
				k.tell(errors.Join(err, k.file.Close()))
				return
			}
			select {
			case <-changed:
			case <-k.closing:
				ending = true
			}
			continue
		}
		var err error
		if k.file == nil || k.isLost() || gone > 0 || k.bytes > maxEventFile || k.lines > 2*k.journal.size {
			err = k.renew()
		} else {
			err = k.append(entries)
		}
		k.tell(err)
		if err == nil {
			pause = firstWrite
			continue
		}
		if ending {
			return
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, lastWrite)
		case <-k.closing:
			ending = true
		}
	}
}

// tell says in the log that the file cannot be written, or can be again.
func (k *eventFile) tell(err error) {
	switch {
	case err != nil && !k.faulty:
		k.log.Warn("events are not kept for the next start", "file", k.path, "error", err.Error())
	case err == nil && k.faulty:
		k.log.Info("events are kept again", "file", k.path)
	}
	k.faulty = err != nil
}

// isLost reports whether the file is no longer what was written: somebody who cleans up, or rotates logs, has removed,
// renamed or emptied it.
func (k *eventFile) isLost() bool {
	own, err := k.file.Stat()
	if err != nil {
		return true
	}
	there, err := os.Stat(k.path)
	return err != nil || !os.SameFile(own, there) || there.Size() != int64(k.bytes)
}

// append appends entries to the file. After an error it is written anew.
func (k *eventFile) append(entries []api.Entry) error {
	var b []byte
	for _, e := range entries {
		b = appendLine(b, "%s %d %s %s", lineEntry, e.ID, e.Name, e.JSON)
	}
	if _, err := k.file.Write(b); err != nil {
		_ = k.file.Close()
		k.file = nil
		return err
	}
	k.written = entries[len(entries)-1].ID
	k.bytes, k.lines = k.bytes+len(b), k.lines+len(entries)
	return nil
}

// unlock lets another process have the file.
func (k *eventFile) unlock() {
	if k.lock != nil {
		_ = k.lock.Close() // nothing was written
	}
}

// renew puts a file with what the journal has into the place of the one before, unless another process has that.
func (k *eventFile) renew() (err error) {
	if k.lock == nil {
		if k.lock, err = statefile.Lock(k.path + ".lock"); err != nil {
			return err
		}
	}
	if k.file != nil {
		_ = k.file.Close() // of what it did not write there is a copy
		k.file = nil
	}
	f, err := os.OpenFile(k.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	k.file, k.written, k.bytes, k.lines = f, 0, 0, 0
	err = k.fill()
	if k.file != nil { // append has not closed it
		k.file = nil
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return err
	}
	if err := os.Rename(k.path+".new", k.path); err != nil {
		return err
	}
	k.file, err = os.OpenFile(k.path, os.O_APPEND|os.O_WRONLY, 0)
	return err
}

// fill writes all of the journal.
func (k *eventFile) fill() error {
	var b []byte
	for _, r := range k.journal.runs {
		b = appendLine(b, "%s %s %d", lineRun, r.epoch, r.first)
	}
	if _, err := k.file.Write(b); err != nil {
		return err
	}
	k.bytes = len(b)
	for {
		entries, _, _ := k.journal.After(k.written, eventLines)
		if len(entries) == 0 {
			return nil
		}
		if err := k.append(entries); err != nil {
			return err
		}
	}
}
