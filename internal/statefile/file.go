package statefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/replace"
)

// version is that of the content.
const version = 1

// maxSize bounds what is read: a file has some 300 bytes.
const maxSize = 4 << 10

// Errors of Open, to be found with errors.Is.
var (
	ErrForeign = errors.New("statefile: not of this session")
	ErrInUse   = errors.New("statefile: another process uses it")
)

// content is what the file says.
type content struct {
	Version     int              `json:"version"`
	TSI         flute.TSI        `json:"tsi"`
	Destination string           `json:"destination"`
	InstanceID  flute.InstanceID `json:"fdt_instance_id"`         // of the next one
	InUse       uint32           `json:"fdt_instance_ids_in_use"` // before it
	Until       time.Time        `json:"until"`                   // when these have expired
	TOI         string           `json:"toi"`                     // the next one
	Sum         string           `json:"crc32c"`                  // of all of this, with an empty Sum
}

// sum returns the checksum of c.
func (c content) sum() string {
	c.Sum = ""
	b, err := json.Marshal(c)
	if err != nil {
		return "" // no time is out of range: see parse
	}
	return fmt.Sprintf("%08x", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// File is a state file that is open. It is safe for concurrent use.
type File struct {
	path string
	key  flute.SessionKey
	lock *os.File

	mu     sync.Mutex
	closed bool
}

// Open opens the state file of the session. numbers is nil if there is none yet, or if what is there is damaged; damage
// says how, in that case. The error says why the file cannot be used.
func Open(path string, key flute.SessionKey) (f *File, numbers *sender.Numbers, damage string, err error) {
	held, err := Lock(path + ".lock")
	if err != nil {
		return nil, nil, "", err
	}
	f = &File{path: path, key: key, lock: held}
	if numbers, damage, err = f.load(); err != nil {
		f.Close()
		return nil, nil, "", err
	}
	return f, numbers, damage, nil
}

// Peek returns the numbers that Open would, and leaves all as it is: nil if there are none, or if they are damaged.
func Peek(path string, key flute.SessionKey) (*sender.Numbers, error) {
	b, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := parse(b)
	if err != nil {
		return nil, nil //nolint:nilerr // Open sets it aside
	}
	numbers, err := (&File{path: path, key: key}).numbers(c)
	if err != nil && !errors.Is(err, ErrForeign) {
		return nil, nil //nolint:nilerr // the same
	}
	return numbers, err
}

// load does what Open says.
func (f *File) load() (numbers *sender.Numbers, damage string, err error) {
	if err := f.probe(); err != nil {
		return nil, "", err
	}
	b, err := read(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	c, err := parse(b)
	if err == nil {
		if numbers, err = f.numbers(c); err == nil || errors.Is(err, ErrForeign) {
			return numbers, "", err
		}
	}
	damage = fmt.Sprintf("%s is damaged, it is kept as %[1]s.bad: %v", f.path, err)
	return nil, damage, os.Rename(f.path, f.path+".bad")
}

// read reads a file that is not too large.
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	b := make([]byte, maxSize)
	n, err := file.Read(b)
	if n == 0 && err != nil {
		if info, serr := file.Stat(); serr == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("statefile: %s is no regular file", path)
		}
	}
	return b[:n], nil
}

// parse reads the content of a file, and verifies its checksum. What has a later version is not understood, and not
// damaged.
func parse(b []byte) (content, error) {
	var c content
	if err := json.Unmarshal(b, &c); err != nil {
		return c, err
	}
	switch {
	case c.Version > version:
		return c, nil
	case c.Version != version:
		return c, fmt.Errorf("version %d", c.Version)
	case c.Sum == "" || c.Sum != c.sum():
		return c, errors.New("its checksum is wrong")
	}
	return c, nil
}

// numbers returns what c says, if it is of the session.
func (f *File) numbers(c content) (*sender.Numbers, error) {
	switch {
	case c.Version > version:
		return nil, fmt.Errorf("%w: %s has version %d; this program knows %d", ErrForeign, f.path, c.Version, version)
	case c.TSI != f.key.TSI || c.Destination != f.key.Group.String():
		return nil, fmt.Errorf("%w: %s is of TSI %d to %s: give this session a file of its own, or remove that one",
			ErrForeign, f.path, c.TSI, c.Destination)
	}
	toi, err := flute.ParseTOI(c.TOI)
	if err != nil {
		return nil, err
	}
	return &sender.Numbers{InstanceID: c.InstanceID, InUse: c.InUse, Until: c.Until, TOI: toi}, nil
}

// probe reports why nothing can be kept where the file is.
func (f *File) probe() error {
	t, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*.tmp")
	if err != nil {
		return err
	}
	return errors.Join(t.Close(), os.Remove(t.Name()))
}

// Keep implements sender.Keeper.
func (f *File) Keep(n sender.Numbers) error {
	c := content{
		Version: version, TSI: f.key.TSI, Destination: f.key.Group.String(), InstanceID: n.InstanceID, InUse: n.InUse,
		Until: n.Until.UTC().Truncate(time.Second), TOI: n.TOI.String(),
	}
	if c.Until.Before(n.Until) {
		c.Until = c.Until.Add(time.Second)
	}
	c.Sum = c.sum()
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return os.ErrClosed
	}
	return replace.File(f.path, append(b, '\n'))
}

// Close gives the file back to others. A nil File has nothing to give.
func (f *File) Close() {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed && f.lock != nil {
		_ = f.lock.Close() // with it ends the lock; nothing was written
	}
	f.closed = true
}
