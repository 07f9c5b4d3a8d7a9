package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/flute-node/flute-node/store"
)

// publish gives the object its name, and returns which. [store.ErrKept]: it is that of a file that stays. With note, if
// there is one, Deliver is to be called unless noted is set.
func (o *object) publish(name string, note []byte) (_ string, noted bool, _ error) {
	s := o.store
	o.publishing.Store(true)
	if err := s.files.seize(o); err != nil {
		o.publishing.Store(false)
		return "", false, err
	}
	defer s.files.release(o)
	defer o.publishing.Store(false) // before another caller gets the object
	n := &naming{object: o, name: name, note: note}
	if err := o.sync(n); err != nil {
		return "", false, err
	}
	if !n.done {
		var err error
		if name, err = o.settleName(name); err != nil {
			return name, false, err
		}
	}
	if o.ground.isApart() {
		_ = o.ground.stage.files.Remove(o.name) // it was copied
	}
	if o.hasNotes() {
		_ = o.ground.stage.files.Remove(o.name + noteExt) // notes alone tell of nothing
	}
	o.shrink()
	s.settle(o, nil)
	s.forget(o)
	_ = s.files.drop(o, false)
	return name, n.noted, nil
}

// sync gives the file what it is published with, and makes the bytes durable. With others it may get its name as well:
// then n, which may be nil, is done.
func (o *object) sync(n *naming) error {
	if err := errors.Join(o.trim(), o.dress()); err != nil {
		return err
	}
	if o.store.opts.NoSync {
		return nil
	}
	if err := o.ground.stage.syncs.commitNamed(o.file, o.store.syncFile, n); err != nil {
		return o.store.files.fail(o, err)
	}
	return nil
}

// place moves the staged file to its name. When it is not there any more, or a folder on the way, it begins anew with
// what is needed for that: a new root, a copy of the open file, new folders.
func (o *object) place(name string) error {
	s := o.store
	if o.placeAt(name) {
		return nil
	}
	if s.isStaging(name) {
		return fmt.Errorf("%w: %q is reserved", store.ErrName, name)
	}
	var failed error
	for range renewals {
		var g *ground
		if err := s.files.patiently(func() (err error) { g, err = s.standing(); return err }); err != nil {
			return err
		}
		if o.ground != g || failed != nil && !g.isStaged(o.file, o.name) {
			if err := o.restage(); err != nil {
				return err
			}
			g = o.ground
		}
		if err := o.shut(g); err != nil {
			return err
		}
		failed = s.files.patiently(func() error { return o.placeFrom(g, name) })
		if !isGone(failed) || o.file == nil {
			return failed
		}
		if g.has(o.file, name) { // NFS may say so of a rename that it was asked for twice
			return nil
		}
	}
	return failed
}

// restage copies the file to the current ground, where it is durable again.
func (o *object) restage() error {
	if err := o.copyFile(); err != nil {
		return err
	}
	return o.sync(nil)
}

// shut closes a file that cannot stay open while it is renamed: on Windows, and where no sync has told what a network's
// file system could not write, which Close does. Otherwise an open file can be saved if it is removed just now.
func (o *object) shut(g *ground) error {
	if !onWindows && !o.store.opts.NoSync || o.file == nil {
		return nil
	}
	if !g.isStaged(o.file, o.name) {
		if err := o.restage(); err != nil {
			return err
		}
	}
	err := o.file.Close()
	o.store.files.closed(o)
	if err != nil {
		return o.store.files.fail(o, err)
	}
	return nil
}

// rename moves the staged file from, of size bytes, to its name, and makes that durable. After an error nothing has
// changed.
func (s *Store) rename(g *ground, from, name string, size int64) error {
	dir := path.Dir(name)
	in, err := s.makeFolders(g, dir)
	if err != nil {
		return err
	}
	if info, err := g.root.Lstat(name); err == nil && info.IsDir() {
		return fmt.Errorf("%w: %q is a folder", store.ErrName, name)
	}
	var to *folder
	if s.syncsFolders() {
		if to, err = s.folders.enter(g, dir, in); err != nil {
			return err
		}
		defer s.folders.leave(to)
		if s.unsynced.Load() {
			if err := to.commit(s.sync); err != nil {
				return err
			}
			s.unsynced.Store(false)
		}
	}
	undo, err := s.quota.admit(g.root, name, size)
	if err != nil {
		return err
	}
	if err := s.move(g.root, from, name); err != nil {
		undo()
		return nameError(err)
	}
	if to != nil {
		s.commit(to, name)
	}
	return nil
}

// commit makes durable that a file was moved into d.
func (s *Store) commit(d *folder, name string) {
	if err := d.commit(s.sync); err != nil {
		s.unsynced.Store(true)
		s.warnUnsynced(name, err)
	}
}

// warnUnsynced tells that the folder of a published file could not be synced.
func (s *Store) warnUnsynced(name string, err error) {
	s.warn("%q is published, but a loss of power may undo that: %v", name, err)
}

// makeFolders makes dir and the folders above it, and makes them durable. It returns what dir is.
func (s *Store) makeFolders(g *ground, dir string) (info fs.FileInfo, err error) {
	top, _, _ := strings.Cut(dir, "/") // one that hangs keeps nobody from the others
	defer s.mkdir.Lock(spelling(top))()
	if info, err = g.root.Stat(dir); err == nil && info.IsDir() {
		return info, nil
	}
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		d := dir[:i]
		err := g.root.Mkdir(d, s.opts.dirMode())
		switch {
		case err == nil:
			if err := s.dressFolder(g, d); err != nil {
				return nil, err
			}
			if err := s.syncParent(g, d); err != nil {
				return nil, err
			}
		case errors.Is(err, fs.ErrExist):
			info, err := g.root.Stat(d)
			if err != nil {
				return nil, err
			}
			if !info.IsDir() {
				return nil, fmt.Errorf("%w: %q is a file, not a folder", store.ErrName, d)
			}
		default:
			return nil, nameError(err)
		}
	}
	return g.root.Stat(dir)
}

// syncParent makes the entry of the folder d durable.
func (s *Store) syncParent(g *ground, d string) error {
	if !s.syncsFolders() {
		return nil
	}
	f, err := g.root.Open(path.Dir(d))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return s.sync(f)
}

// syncsFolders reports whether the entries of folders are to be made durable.
func (s *Store) syncsFolders() bool { return !s.opts.NoSync && !onWindows }

// syncFolder makes the entries of a folder durable, where the file system can.
func syncFolder(f *os.File) error {
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !isInvalid(err) {
		return err
	}
	return nil
}
