package file

import (
	"errors"
	"path"
	"path/filepath"
	"sync"
)

// crossings are the folders on other file systems than the root into which files are being published: something is
// mounted below the root. Publications into one folder at the same time share a stage there. With a stage each, all of
// them would look for leftovers among the stages of all others.
type crossings struct {
	mu   sync.Mutex
	open map[string]*crossing // by path below the root
}

// crossing is a folder on another file system with a stage in it.
type crossing struct {
	ground *ground
	dir    string        // below the root
	made   chan struct{} // closed when the two below are valid
	stage  *stage        // in dir
	err    error         // why there is none
	users  int           // guarded by crossings.mu
}

// errNoStage is the error of a crossing until its stage is made. It stays if that panics.
var errNoStage = errors.New("store/file: no stage was made in the folder")

// enter returns the stage in the folder dir of g. leave has to be called, also after an error, not after a panic.
func (c *crossings) enter(g *ground, dir string, opts *Options) (*crossing, error) {
	c.mu.Lock()
	x := c.open[dir]
	if x != nil && x.ground == g {
		x.users++
		c.mu.Unlock()
		<-x.made
		return x, x.err
	}
	x = &crossing{ground: g, dir: dir, made: make(chan struct{}), users: 1}
	if c.open == nil {
		c.open = map[string]*crossing{}
	}
	c.open[dir] = x
	c.mu.Unlock()
	x.err = errNoStage
	defer func() {
		close(x.made)
		if errors.Is(x.err, errNoStage) { // Options.Warn has panicked
			c.leave(x, x.err)
		}
	}()
	if x.stage, x.err = newStage(g.root, path.Join(dir, stageName), opts); x.err == nil {
		x.stage.away = true
	}
	return x, x.err
}

// leave ends a use of x. After an error nobody else enters it: its stage may have been removed.
func (c *crossings) leave(x *crossing, err error) {
	c.mu.Lock()
	x.users--
	last := x.users == 0
	if (last || err != nil) && c.open[x.dir] == x {
		delete(c.open, x.dir)
	}
	c.mu.Unlock()
	if last && x.stage != nil {
		_ = x.stage.close() // what it leaves the next one removes
	}
}

// placeAcross moves a copy of the staged file to its name in a folder that is of another file system than the root. The
// copy is made in a stage beside that name, so that it becomes visible whole.
func (o *object) placeAcross(g *ground, name string) (err error) {
	s, dir := o.store, path.Dir(name)
	x, err := s.crossings.enter(g, dir, &s.opts)
	defer func() { s.crossings.leave(x, err) }()
	if err != nil {
		return err
	}
	disk := filepath.Join(s.path, filepath.FromSlash(dir))
	if err := o.bring(g.stage, x.stage, disk); err != nil {
		return err
	}
	if err := s.rename(g, path.Join(x.stage.dir, o.name), name, o.grown); err != nil {
		return err
	}
	_ = g.stage.files.Remove(o.name)
	return nil
}
