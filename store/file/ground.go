package file

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/flute-node/flute-node/store"
)

// renewals bounds how often an operation begins anew because something was removed under it.
const renewals = 3

// ground is the root folder as it was found at one time, with a stage in it. When a cleaner removes one of them, or
// something else is found at the root's path, a new ground takes over; the old one stays for what is staged in it.
type ground struct {
	root    *os.Root
	info    os.FileInfo // of the root
	stage   *stage      // where objects are staged
	home    *stage      // in root: stage, or beside Options.Stage that for notes of published files and copies
	objects int         // staged here; guarded by Store.mu
}

// openGround opens the folder at an absolute path, which is made if it does not exist.
func openGround(dir string, opts *Options) (*ground, error) {
	if err := os.MkdirAll(dir, opts.dirMode()); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	home, err := newStage(root, stageName, opts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("staging below %s: %w", dir, err), root.Close())
	}
	g := &ground{root: root, info: info, stage: home, home: home}
	if opts.Stage == "" {
		return g, nil
	}
	if g.stage, err = openStage(dir, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("staging below %s: %w", opts.Stage, err), home.close(), root.Close())
	}
	return g, nil
}

func (g *ground) close() error {
	err := g.home.close()
	if g.isApart() {
		err = errors.Join(err, g.stage.close(), g.stage.root.Close())
	}
	return errors.Join(err, g.root.Close())
}

// staged returns the path of a staged file in the root of its stage.
func (g *ground) staged(name string) string { return path.Join(g.stage.dir, name) }

// has reports whether the file at a path in the root is f.
func (g *ground) has(f *os.File, name string) bool { return isAt(f, g.root, name) }

// isStaged reports whether the staged file of that name is f.
func (g *ground) isStaged(f *os.File, name string) bool { return isAt(f, g.stage.root, g.staged(name)) }

func isAt(f *os.File, root *os.Root, name string) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := root.Lstat(name)
	return err == nil && os.SameFile(info, there)
}

// current returns the ground on which objects are staged now.
func (s *Store) current() *ground {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ground
}

// standing returns the ground that is found at the root's path now.
func (s *Store) standing() (*ground, error) {
	g := s.current()
	if g.home.isRemoved() || g.isApart() && g.stage.isRemoved() {
		return s.renew(g)
	}
	return g, nil // also when nobody can tell
}

// renew replaces the ground old, and returns the one that has replaced it.
func (s *Store) renew(old *ground) (*ground, error) {
	s.renewing.Lock()
	defer s.renewing.Unlock()
	s.mu.Lock()
	current, closed := s.ground, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, store.ErrClosed
	case current != old:
		return current, nil
	}
	g, err := openGround(s.path, &s.opts)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errors.Join(store.ErrClosed, g.close())
	}
	s.ground = g
	unused := old.objects == 0
	s.mu.Unlock()
	s.folders.closeIdle() // those of the old one
	if unused {
		_ = old.close() // of what was removed
	}
	if os.SameFile(old.info, g.info) {
		s.warn("the staging folder in %s was removed; it was made again", s.path)
	} else {
		s.warn("the folder %s was removed or replaced; it was opened again", s.path)
	}
	return g, nil
}

// settle makes g the ground that o is staged on; nil: none. The ground before is closed with its last object.
func (s *Store) settle(o *object, g *ground) {
	s.mu.Lock()
	old := o.ground
	o.ground = g
	if g != nil {
		g.objects++
	}
	last := false
	if old != nil {
		old.objects--
		last = old.objects == 0 && old != s.ground
	}
	s.mu.Unlock()
	if last {
		_ = old.close() // of what was removed
	}
}

// makeFile makes a new staged file. The stage, when it was removed, is made again.
func (s *Store) makeFile() (f *os.File, name string, g *ground, err error) {
	name = rand.Text()
	g = s.current()
	for tries := 0; ; tries++ {
		s.gate.enter()
		f, err = g.stage.create(name, s.opts.fileMode())
		s.gate.leave()
		switch {
		case !isGone(err) && !errors.Is(err, os.ErrClosed): // closed: by a renewal just now, or by Close
			return f, name, g, withInodes(err, g.stage.root.Name())
		case tries == renewals:
			return nil, "", nil, err
		}
		if g, err = s.renew(g); err != nil {
			return nil, "", nil, err
		}
	}
}
