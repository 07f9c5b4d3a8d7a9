package file

import (
	"errors"
	"os"
	"time"
)

// dress gives the staged file the permissions, owner and time that it is published with. The caller made o busy.
func (o *object) dress() error {
	opts := &o.store.opts
	if opts.FileMode != 0 {
		if err := o.file.Chmod(opts.FileMode); err != nil {
			return err
		}
	}
	if uid, gid, any := opts.owner(); any {
		if err := o.file.Chown(uid, gid); err != nil {
			return err
		}
	}
	if opts.PublishTime {
		now := time.Now()
		return o.ground.stage.files.Chtimes(o.name, now, now)
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
