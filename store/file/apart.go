package file

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"syscall"
)

// openStage opens the stage below Options.Stage for the root at an absolute path. Its folder there is that of all
// Stores of this root, and of no other.
func openStage(rootPath string, opts *Options) (*stage, error) {
	if err := os.MkdirAll(opts.Stage, opts.dirMode()); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(opts.Stage)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(rootPath))
	s, err := newStage(root, stageName+"-"+hex.EncodeToString(sum[:6]), opts)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

// isApart reports whether objects are staged outside of the root.
func (g *ground) isApart() bool { return g.stage != g.home }

// placeFrom moves the staged file to its name, or a copy of it.
func (o *object) placeFrom(g *ground, name string) error {
	err := o.placeFromHome(g, name)
	if errors.Is(err, syscall.EXDEV) {
		return o.placeAcross(g, name)
	}
	return err
}

// placeFromHome moves the staged file to its name: its copy in the root, if it is staged elsewhere.
func (o *object) placeFromHome(g *ground, name string) error {
	s := o.store
	if !g.isApart() {
		return s.rename(g, g.staged(o.name), name, o.grown)
	}
	if s.isTaken(g.root, name) { // look before the copy: move finds out for certain
		return errTaken
	}
	if err := o.bring(g.stage, g.home, s.path); err != nil {
		return err
	}
	from := path.Join(g.home.dir, o.name)
	if err := s.rename(g, from, name, o.grown); err != nil {
		_ = g.root.Remove(from)
		return err
	}
	return nil
}

// bring gives the staged file a second name in another stage, or copies it there, with all that belongs to it, if that
// is on another file system: that of the folder disk.
func (o *object) bring(staged, there *stage, disk string) error {
	if err := linkBetween(staged, there, o.name); err == nil {
		return nil
	}
	from, err := staged.files.Open(o.name)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // nothing was written
	info, err := from.Stat()
	if err != nil {
		return err
	}
	s := o.store
	if err := s.quota.leavesFree(disk, uint64(info.Size())); err != nil {
		return err
	}
	to, err := there.files.OpenFile(o.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, s.opts.fileMode())
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = s.dress(to)
	}
	if err == nil && !s.opts.NoSync {
		sync := s.syncFile
		if there.away {
			sync = s.syncAway
		}
		err = sync(to)
	}
	if err = errors.Join(err, to.Close()); err == nil {
		err = there.files.Chtimes(o.name, info.ModTime(), info.ModTime())
	}
	if err != nil {
		_ = there.files.Remove(o.name)
	}
	return err
}
