package simnet

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Disk is a disk in memory, with faults. Processes open it as a store ([Disk.Mount]) and die ([Mount.Kill]); power is
// lost ([Disk.CutPower]). What a process has written is there for the next one. What it has not synced as well may be
// lost with power, each write for itself, as disks and file systems do it. Its methods are safe for concurrent use.
//
// Files have one writer, have names in one flat space, and are small: each Sync copies them.
type Disk struct {
	// OnPublish, if it is set, is called with what becomes visible under a name, before that returns. It must not keep
	// the bytes, nor call the Disk. It is set before the first Mount.
	OnPublish func(name string, content []byte)

	mu     sync.Mutex
	rng    *rand.Rand
	faults Faults
	until  time.Time // when the faults end; zero: they do not
	writes int       // until power or process is cut in the middle of a write; 0: it is not
	files  map[string]*diskFile
	synced map[string]*diskFile // the names that survive a loss of power
	left   map[*staged]struct{} // of processes that died or left them
	notes  map[string]delivery  // by name
	stats  DiskStats
}

// Faults are what is wrong with a Disk.
type Faults struct {
	Full   bool          // nothing more can be written
	Fails  float64       // probability that a call fails with EIO
	Slow   time.Duration // how long each call takes; as long as a disk that hangs: until that is over
	Lies   bool          // Sync and Note say that bytes are durable that are not
	Errors error         // of calls that fail; nil: EIO
}

// DiskStats counts.
type DiskStats struct {
	Writes, Syncs, Notes, Published, Failed uint64
	Cuts                                    uint64 // losses of power
	Lost                                    uint64 // writes that a loss of power took
}

// delivery is what Mount.Deliver has noted of a file.
type delivery struct {
	file *diskFile
	note []byte
}

// NewDisk returns an empty Disk without faults.
func NewDisk(seed uint64) *Disk {
	return &Disk{
		rng: rand.New(rand.NewPCG(seed, 5)), files: map[string]*diskFile{}, synced: map[string]*diskFile{},
		left: map[*staged]struct{}{}, notes: map[string]delivery{},
	}
}

// Break gives the disk faults for a while; zero: until the next Break.
func (d *Disk) Break(f Faults, atMost time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults, d.until = f, time.Time{}
	if atMost > 0 {
		d.until = time.Now().Add(atMost)
	}
}

// CutAt has the nth write from now on be the last one of its process, and incomplete: its Mount is Killed then. Zero:
// none.
func (d *Disk) CutAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes = n
}

// CutPower takes what was not synced. Every process must have been killed.
func (d *Disk) CutPower() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Cuts++
	names := slices.Sorted(maps.Keys(d.files))
	for _, name := range names {
		if d.synced[name] != d.files[name] { // the name is lost, and not the bytes before it
			delete(d.files, name)
			if old := d.synced[name]; old != nil {
				d.files[name] = old
			}
		}
		if f := d.files[name]; f != nil {
			d.stats.Lost += f.lose(d.rng)
			d.synced[name] = f
		}
		if n, ok := d.notes[name]; ok && (n.file != d.files[name] || d.rng.IntN(2) == 0) {
			delete(d.notes, name)
		}
	}
	for _, o := range slices.SortedFunc(maps.Keys(d.left), byNumber) {
		d.stats.Lost += o.file.lose(d.rng)
		if o.notes == nil { // its name was never synced
			delete(d.left, o)
		}
	}
}

func byNumber(a, b *staged) int { return a.number - b.number }

// Files returns the names of the files, sorted.
func (d *Disk) Files() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files))
}

// Get returns a copy of a file.
func (d *Disk) Get(name string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[name]
	if f == nil {
		return nil, false
	}
	return bytes.Clone(f.data), true
}

// Has reports whether the file of that name has that content.
func (d *Disk) Has(name string, content []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[name]
	return f != nil && bytes.Equal(f.data, content)
}

// Left returns how many objects processes have left staged, and how many bytes those have.
func (d *Disk) Left() (objects, bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for o := range d.left {
		bytes += len(o.file.data)
	}
	return len(d.left), bytes
}

// Stats returns the counts so far.
func (d *Disk) Stats() DiskStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// isFolder reports whether files lie below name.
func (d *Disk) isFolder(name string) bool {
	for other := range d.files {
		if strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}

// fault returns the error of the next call; writes is set if it adds bytes. The caller holds d.mu, which is given back
// while a slow call lasts.
func (d *Disk) fault(writes bool) error {
	if !d.until.IsZero() && !time.Now().Before(d.until) {
		d.faults, d.until = Faults{}, time.Time{}
	}
	f := d.faults
	if f.Slow > 0 {
		wait := f.Slow
		if left := time.Until(d.until); !d.until.IsZero() && left < wait {
			wait = left
		}
		d.mu.Unlock()
		time.Sleep(wait)
		d.mu.Lock()
	}
	switch {
	case f.Fails > 0 && d.rng.Float64() < f.Fails:
		d.stats.Failed++
		if f.Errors != nil {
			return f.Errors
		}
		return syscall.EIO
	case f.Full && writes:
		d.stats.Failed++
		return syscall.ENOSPC
	}
	return nil
}

// ErrKilled is what calls of a process that has died return.
var ErrKilled = errors.New("simnet: the process was killed")
