package spool

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// lineMemory is what a line that waits takes besides its bytes: a slice, and what the allocator rounds up.
const lineMemory = 64

// Writer hands lines to a file. It is safe for concurrent use. Its Write, which [Writer.Of] has for each Rank, never
// waits and reports no error.
type Writer struct {
	file io.Writer
	most int
	tell func(lost uint64) []byte // nil: nobody is told

	mu      sync.Mutex
	lines   [][]byte
	bytes   int           // of lines, with lineMemory each
	busy    bool          // a goroutine hands lines over, or is at it
	changed chan struct{} // closed when a line has been handed over; nil: nobody waits for that
	lost    uint64        // lines
	told    uint64        // of lost
	stands  bool          // a WriteWait has waited in vain, and no line has been handed over since
	gaveUp  bool          // the same of a Flush
}

// New returns a Writer over file, which takes whole lines. Lines that wait take at most so many bytes. tell makes the
// line that says how many lines were lost; nil: it is not said.
func New(file io.Writer, most int, tell func(lost uint64) []byte) *Writer {
	return &Writer{file: file, most: most, tell: tell}
}

// Write implements io.Writer for lines of the highest Rank.
func (w *Writer) Write(line []byte) (int, error) { return w.Of(Error).Write(line) }

// WriteWait writes a line of any length when there is room for it. The line is lost if ctx ends before that, and at
// once if one has ended so since the reader took something: a reader that stands still is waited for once.
func (w *Writer) WriteWait(ctx context.Context, line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.lines) > 0 && !w.fits(line, w.most) {
		if w.stands || !w.wait(ctx) {
			w.stands = true
			w.lost++
			return
		}
	}
	w.add(line)
}

// Flush waits until each line has been handed over, and reports whether that was so before ctx ended. It does not wait
// again for a reader who has taken nothing since a Flush has waited in vain.
func (w *Writer) Flush(ctx context.Context) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.busy && !w.gaveUp {
		w.gaveUp = !w.wait(ctx)
	}
	return !w.busy
}

// Idle reports whether no line waits.
func (w *Writer) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.busy
}

// Lost returns how many lines were lost.
func (w *Writer) Lost() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// Offer writes a line if there is room for it, and reports whether there was. Without room it is not counted as lost.
func (w *Writer) Offer(line []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.offer(line, w.most)
}

// offer adds a line if the lines that wait then take at most so many bytes. The caller holds mu.
func (w *Writer) offer(line []byte, most int) bool {
	fits := w.fits(line, most)
	if fits {
		w.add(line)
	}
	return fits
}

// put adds a line, or counts it as lost.
func (w *Writer) put(line []byte, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.offer(line, most) {
		w.lost++
	}
}

func (w *Writer) fits(line []byte, most int) bool { return w.bytes+len(line)+lineMemory <= most }

// add adds a line. The caller holds mu.
func (w *Writer) add(line []byte) {
	w.lines = append(w.lines, bytes.Clone(line))
	w.bytes += len(line) + lineMemory
	if !w.busy {
		w.busy = true
		go w.run()
	}
}

// wait waits until a line has been handed over, or ctx ends: then it returns false. The caller holds mu, which is free
// meanwhile.
func (w *Writer) wait(ctx context.Context) bool {
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	changed := w.changed
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

// run hands over what waits.
func (w *Writer) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		line := w.next()
		if line == nil {
			w.busy = false
			w.wake()
			return
		}
		w.mu.Unlock()
		_, _ = w.file.Write(line) // whoever has a remedy for an error is below
		w.mu.Lock()
		w.stands, w.gaveUp = false, false
		w.wake()
	}
}

// next takes the line that is handed over next; nil: there is none. What was lost is told once lines fill a quarter of
// the memory at most, half of what those of the lowest Rank may fill: a reader who is slow, and not gone, is not told
// of each line.
func (w *Writer) next() []byte {
	if n := w.lost - w.told; n > 0 && w.tell != nil && w.bytes <= w.most/4 {
		w.told = w.lost
		return w.tell(n)
	}
	if len(w.lines) == 0 {
		w.lines = nil // the memory of a backlog is not kept
		return nil
	}
	line := w.lines[0]
	w.bytes -= len(line) + lineMemory
	w.lines[0] = nil
	w.lines = w.lines[1:]
	return line
}

// wake wakes whoever waits. The caller holds mu.
func (w *Writer) wake() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}
