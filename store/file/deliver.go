package file

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/store/names"
)

const (
	// deliveredName is the file of a stage in which published files are noted: a line for each, see delivery.
	deliveredName = "delivered"
	// maxDelivered bounds it: some 100,000 files fill it. Then the latest half is kept, of those that are as they were.
	maxDelivered = 64 << 20
	// maxLines bounds the memory for lines that is kept for the next ones.
	maxLines = 64 << 10
)

// Deliver implements [store.Keeper]. It is not synced: after a loss of power the last ones may be missing.
func (s *Store) Deliver(name string, p []byte) error {
	err := s.files.patiently(func() error {
		g := s.current()
		d := delivery{Path: name, Note: p}
		if e, ok := s.entryOf(name); ok && e.kind == names.File {
			d.Size, d.Time = e.size, e.changed
		} else {
			info, err := g.root.Lstat(name)
			if err != nil {
				return err
			}
			d.Size, d.Time = info.Size(), info.ModTime()
		}
		return g.home.deliver(d)
	})
	if err != nil {
		return fmt.Errorf("store/file: deliver: %w", err)
	}
	return nil
}

// deliver adds lines, whole.
func (s *stage) deliver(list ...delivery) error {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	lines := s.lines[:0]
	for i := range list {
		var err error
		if lines, err = list[i].appendLine(lines); err != nil {
			return err
		}
		if len(lines) < maxLines/2 && i < len(list)-1 {
			continue
		}
		if err := s.addLines(lines); err != nil {
			return err
		}
		lines = lines[:0]
	}
	if cap(lines) <= maxLines {
		s.lines = lines
	}
	return nil
}

// addLines adds lines to the file of what was published. s.delivering is held.
func (s *stage) addLines(lines []byte) error {
	if s.noted+int64(len(lines)) > maxDelivered {
		if err := s.compactDelivered(); err != nil {
			return err
		}
	}
	if s.delivered == nil {
		if err := s.openDelivered(); err != nil {
			return err
		}
	}
	if s.torn {
		if err := s.append([]byte{'\n'}); err != nil {
			return err
		}
	}
	return s.append(lines)
}

// append adds bytes to the file of what was published. Of a line that a full disk has cut off it knows: the next one
// begins behind its end. s.delivering is held.
func (s *stage) append(p []byte) error {
	n, err := s.delivered.Write(p)
	if n > 0 {
		s.noted += int64(n)
		s.torn = p[n-1] != '\n'
	}
	return err
}

// openDelivered opens the file of what was published, which stays open. s.delivering is held, or nobody else has s.
func (s *stage) openDelivered() (err error) {
	s.delivered, err = s.files.OpenFile(deliveredName, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return err
}

// closeDelivered closes it. s.delivering is held, or nobody else has s.
func (s *stage) closeDelivered() {
	if s.delivered != nil {
		_ = s.delivered.Close() // what was not written is received again
		s.delivered = nil
	}
}

// compactDelivered keeps the latest deliveries whose files are as they were, up to half of what there may be.
func (s *stage) compactDelivered() error {
	list := readDelivered(s.root, path.Join(s.dir, deliveredName))
	var kept [][]byte
	size := 0
	for _, d := range slices.Backward(list) {
		line, err := d.appendLine(nil)
		if size += len(line); err != nil || size > maxDelivered/2 {
			break
		}
		kept = append(kept, line)
	}
	slices.Reverse(kept)
	s.closeDelivered() // it is going to be another one
	lines := bytes.Join(kept, nil)
	if err := s.files.WriteFile(deliveredName+newNoteExt, lines, 0o600); err != nil {
		return err
	}
	if err := s.files.Rename(deliveredName+newNoteExt, deliveredName); err != nil {
		return err
	}
	s.noted, s.torn = int64(len(lines)), false
	return nil
}

// Delivered implements [store.Keeper]. What stages of dead processes have noted moves to the one of this Store.
func (s *Store) Delivered() (notes [][]byte, err error) {
	s.recovering.Lock()
	defer s.recovering.Unlock()
	g, err := s.standing()
	if err != nil {
		return nil, fmt.Errorf("store/file: delivered: %w", err)
	}
	err = eachLeftover(g.root, stageName, func(dir string) {
		if list := readDelivered(g.root, path.Join(dir, deliveredName)); len(list) > 0 {
			if err := g.home.deliver(list...); err != nil {
				s.warn("%s cannot be taken over from a process that has ended: %v", path.Join(dir, deliveredName), err)
				return
			}
		}
		_ = g.root.Remove(path.Join(dir, deliveredName))
		dropEmpty(g.root, dir)
	})
	if err != nil {
		return nil, fmt.Errorf("store/file: delivered: %w", err)
	}
	entries, err := fs.ReadDir(g.root.FS(), stageName)
	if err != nil {
		return nil, fmt.Errorf("store/file: delivered: %w", err)
	}
	for _, e := range entries { // also those of other processes that live
		if !strings.HasSuffix(e.Name(), lockExt) {
			for _, d := range readDelivered(g.root, path.Join(stageName, e.Name(), deliveredName)) {
				notes = append(notes, d.Note)
			}
		}
	}
	return notes, nil
}

// readDelivered returns the deliveries in a file whose files are as they were. Lines that are damaged are left out.
func readDelivered(root *os.Root, name string) (list []delivery) {
	latest := map[string]int{} // place in list
	for d := range eachDelivered(root, name) {
		if at, ok := latest[d.Path]; ok {
			list[at] = d
			continue
		}
		latest[d.Path] = len(list)
		list = append(list, d)
	}
	return list
}

// hasDelivered reports whether readDelivered returns any.
func hasDelivered(root *os.Root, name string) bool {
	for range eachDelivered(root, name) {
		return true
	}
	return false
}

// eachDelivered yields what readDelivered returns, with all deliveries of one path.
func eachDelivered(root *os.Root, name string) iter.Seq[delivery] {
	return func(yield func(delivery) bool) {
		f, err := root.Open(name)
		if err != nil {
			return
		}
		defer f.Close() //nolint:errcheck // nothing was written

		lines := bufio.NewReader(io.LimitReader(f, 2*maxDelivered)) // a take-over may exceed it
		for {
			line, err := lines.ReadBytes('\n') // one after the other: together they take tens of megabytes
			if err != nil {
				return
			}
			if d, ok := parseDelivery(line); ok && d.isThere(root) && !yield(d) {
				return
			}
		}
	}
}
