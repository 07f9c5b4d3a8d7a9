package file

import (
	"errors"
	"os"
	"time"
)

// dress gives the staged file the permissions, owner and time that it is published with. The caller made o busy.
func (o *object) dress() error {
	if err := o.store.dress(o.file); err != nil {
		return err
	}
	if o.store.opts.PublishTime {
		now := time.Now()
		return o.ground.stage.files.Chtimes(o.name, now, now)
	}
	return nil
}

// dress gives a file its permissions and owner.
func (s *Store) dress(f *os.File) error {
	if s.opts.FileMode != 0 {
		if err := f.Chmod(s.opts.FileMode); err != nil {
			return err
		}
	}
	if uid, gid, any := s.opts.owner(); any {
		return f.Chown(uid, gid)
	}
	return nil
}

// dressFolder gives a new folder its permissions and owner.
func (s *Store) dressFolder(g *ground, name string) error {
	if mode := s.opts.DirMode; mode != 0 {
		if err := g.root.Chmod(name, mode); err != nil { // the umask is not asked
			return err
		}
	}
	if uid, gid, any := s.opts.owner(); any {
		return g.root.Lchown(name, uid, gid)
	}
	return nil
}

// tryOwner finds out whether files can be given to their owner.
func (s *Store) tryOwner(g *ground) error {
	uid, gid, any := s.opts.owner()
	if !any {
		return nil
	}
	const name = "owner"
	f, err := g.stage.files.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chown(uid, gid), f.Close(), g.stage.files.Remove(name))
}
