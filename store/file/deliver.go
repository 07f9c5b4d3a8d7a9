package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	// deliveredName is the file of a stage in which published files are noted: a line for each, its CRC-32C in hex and
	// a delivery in JSON.
	deliveredName = "delivered"
	// maxDelivered bounds it: some 100,000 files. A process that publishes more keeps the latest of those that are as
	// they were.
	maxDelivered = 64 << 20
)

// delivery is a file that was published.
type delivery struct {
	Path string    `json:"path"`
	Size int64     `json:"size"`
	Time time.Time `json:"time"` // of its last change
	Note []byte    `json:"note"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Deliver implements [store.Keeper]. It is not synced: after a loss of power the last ones may be missing.
func (s *Store) Deliver(name string, p []byte) error {
	err := s.files.patiently(func() error {
		g := s.current()
		info, err := g.root.Lstat(name)
		if err != nil {
			return err
		}
		return g.home.deliver(delivery{Path: name, Size: info.Size(), Time: info.ModTime(), Note: p})
	})
	if err != nil {
		return fmt.Errorf("store/file: deliver: %w", err)
	}
	return nil
}

// line returns d as it is written.
func (d *delivery) line() ([]byte, error) {
	b, err := json.Marshal(d)
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(b, castagnoli), b), err
}

// deliver adds lines, whole.
func (s *stage) deliver(list ...delivery) error {
	var lines []byte
	for i := range list {
		line, err := list[i].line()
		if err != nil {
			return err
		}
		lines = append(lines, line...)
	}
	s.delivering.Lock()
	defer s.delivering.Unlock()
	if info, err := s.files.Lstat(deliveredName); err == nil && info.Size()+int64(len(lines)) > maxDelivered {
		if err := s.compactDelivered(); err != nil {
			return err
		}
	}
	return s.writeDelivered(deliveredName, os.O_APPEND, lines)
}

// compactDelivered keeps the latest deliveries whose files are as they were, up to half of what there may be.
func (s *stage) compactDelivered() error {
	list := readDelivered(s.root, path.Join(s.dir, deliveredName))
	var kept [][]byte
	size := 0
	for _, d := range slices.Backward(list) {
		line, err := d.line()
		if size += len(line); err != nil || size > maxDelivered/2 {
			break
		}
		kept = append(kept, line)
	}
	slices.Reverse(kept)
	if err := s.writeDelivered(deliveredName+newNoteExt, os.O_TRUNC, bytes.Join(kept, nil)); err != nil {
		return err
	}
	return s.files.Rename(deliveredName+newNoteExt, deliveredName)
}

func (s *stage) writeDelivered(name string, how int, b []byte) error {
	f, err := s.files.OpenFile(name, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// Delivered implements [store.Keeper]. What stages of dead processes have noted moves to the one of this Store.
func (s *Store) Delivered() (notes [][]byte, err error) {
	g := s.current()
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
	f, err := root.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()                                         //nolint:errcheck // nothing was written
	b, err := io.ReadAll(io.LimitReader(f, 2*maxDelivered)) // a take-over may exceed it
	if err != nil {
		return nil
	}
	latest := map[string]int{} // place in list
	for line := range bytes.Lines(b) {
		var d delivery
		if len(line) < 10 || line[8] != ' ' {
			continue
		}
		body := line[9 : len(line)-1]
		if fmt.Sprintf("%08x", crc32.Checksum(body, castagnoli)) != string(line[:8]) ||
			json.Unmarshal(body, &d) != nil {
			continue
		}
		info, err := root.Lstat(d.Path)
		if err != nil || info.Size() != d.Size || !info.ModTime().Equal(d.Time) {
			continue
		}
		if at, ok := latest[d.Path]; ok {
			list[at] = d
			continue
		}
		latest[d.Path] = len(list)
		list = append(list, d)
	}
	return list
}
