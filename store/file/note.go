package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"

	"github.com/flute-node/flute-node/store"
)

const (
	// noteExt is that of the file beside a staged file that has its notes.
	noteExt = ".notes"
	// newNoteExt is that of notes which are going to take the place of others.
	newNoteExt = ".new"
	// maxNotes bounds what is read of notes: some 500 times those of an object of 1 TiB.
	maxNotes = 1 << 30
)

// errNotesLost reports notes that cannot be added to: the caller begins anew.
var errNotesLost = errors.New("the notes so far were removed")

// noteHead begins the notes of the staged file name: those of another file, or of a later version, are not believed.
func noteHead(name string) string { return "flute-node notes 1 " + name + "\n" }

// Note does what [store.Keeper] says.
func (o *object) Note(p []byte, anew bool) error {
	f, err := o.store.files.lend(o, true) // before the lock: whoever has seized the object waits for that
	if err != nil {
		return err
	}
	defer o.store.files.giveBack(o)
	o.noting.Lock() // one caller notes at a time
	defer o.noting.Unlock()
	if !o.store.opts.NoSync {
		if err := o.store.syncFile(f); err != nil {
			return o.store.files.fail(o, err)
		}
	}
	if o.publishing.Load() { // it is whole, and waits for this call to end
		return nil
	}
	err = o.store.files.patiently(func() error {
		switch {
		case anew || !o.noted && !o.lost:
			return o.noteAnew(p)
		case o.lost:
			return errNotesLost
		}
		return o.appendNote(p)
	})
	if err != nil {
		return fmt.Errorf("store/file: note: %w", err)
	}
	o.noted, o.lost = true, false
	return nil
}

// noteAnew puts p in the place of all notes.
func (o *object) noteAnew(p []byte) error {
	g, name := o.ground, o.name+noteExt
	f, err := g.stage.files.OpenFile(name+newNoteExt, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := o.writeNote(f, append([]byte(noteHead(o.name)), p...)); err != nil {
		return err
	}
	if err := g.stage.files.Rename(name+newNoteExt, name); err != nil {
		return err
	}
	return o.store.syncStage(g)
}

// appendNote adds p to the notes. What follows a note that could be added in part only is not read: after an error the
// caller begins anew.
func (o *object) appendNote(p []byte) error {
	f, err := o.ground.stage.files.OpenFile(o.name+noteExt, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	return o.writeNote(f, p)
}

// writeNote writes p, makes it durable, and closes f.
func (o *object) writeNote(f *os.File, p []byte) error {
	_, err := f.Write(p)
	if err == nil && !o.store.opts.NoSync {
		err = o.store.syncFile(f)
	}
	return errors.Join(err, f.Close())
}

// syncStage makes the names of the files in the stage durable, and with the first call that of the stage itself.
func (s *Store) syncStage(g *ground) error {
	if !s.syncsFolders() {
		return nil
	}
	for _, dir := range []string{g.stage.dir, g.stage.folder, "."} {
		f, err := g.stage.root.Open(dir)
		if err != nil {
			return err
		}
		err = s.sync(f)
		_ = f.Close() // nothing was written
		if err != nil {
			return err
		}
		if g.stage.durable.Load() {
			return nil
		}
	}
	g.stage.durable.Store(true)
	return nil
}

// hasNotes reports whether there are notes.
func (o *object) hasNotes() bool {
	o.noting.Lock()
	defer o.noting.Unlock()
	return o.noted
}

// Leave does what [store.Keeper] says.
func (o *object) Leave() error {
	o.hasNotes() // waits for a Note that is under way: Close would take the stage away
	o.store.forget(o)
	if err := o.store.files.drop(o, true); err != nil {
		return fmt.Errorf("store/file: leave: %w", err)
	}
	return nil
}

// Recover implements [store.Keeper].
func (s *Store) Recover(want func(notes []byte) bool) (list []store.Leftover, err error) {
	s.recovering.Lock()
	defer s.recovering.Unlock()
	g, err := s.standing()
	if err != nil {
		return nil, fmt.Errorf("store/file: recover: %w", err)
	}
	root := g.stage.root
	err = eachLeftover(root, g.stage.folder, func(dir string) {
		for _, name := range keptIn(root, dir) {
			if l, ok := s.recover(g, dir, name, want); ok {
				list = append(list, l)
			}
		}
		dropEmpty(root, dir)
	})
	if err != nil {
		return list, fmt.Errorf("store/file: recover: %w", err)
	}
	return list, nil
}

// recover moves the staged file name of the stage dir, whose lock is held, to the stage of g, if it is wanted.
func (s *Store) recover(g *ground, dir, name string, want func([]byte) bool) (l store.Leftover, ok bool) {
	notes, err := readNotes(g.stage.root, path.Join(dir, name+noteExt), name)
	if err != nil || !want(notes) {
		return l, false
	}
	// A process that dies between the two loses what was stored of this object.
	for _, ext := range []string{"", noteExt} {
		if err := g.stage.root.Rename(path.Join(dir, name+ext), g.staged(name+ext)); err != nil {
			s.warn("%s cannot be taken over from a process that has ended: %v", path.Join(dir, name), err)
			return l, false
		}
	}
	o := &object{store: s, made: true, noted: true, name: name}
	o.reserved.end = math.MaxInt64 // nobody knows how much the other process had reserved
	if info, err := g.stage.root.Lstat(g.staged(name)); err == nil {
		_ = o.grow(info.Size()) // what there is is there
	}
	s.settle(o, g)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return l, false
	}
	s.staged[o] = struct{}{}
	return store.Leftover{Object: o, Notes: notes}, true
}

// readNotes reads the notes of the staged file name.
func readNotes(root *os.Root, file, name string) ([]byte, error) {
	f, err := root.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	b, err := io.ReadAll(io.LimitReader(f, maxNotes))
	if err != nil {
		return nil, err
	}
	notes, ok := bytes.CutPrefix(b, []byte(noteHead(name)))
	if !ok {
		return nil, errors.New("not the notes of this file")
	}
	return notes, nil
}
