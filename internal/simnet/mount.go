package simnet

import (
	"fmt"
	"maps"
	"slices"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// Mount is a Disk as one process has it. It implements [store.Keeper].
type Mount struct {
	disk   *Disk
	names  *names.Registry
	next   int
	killed bool // guarded by disk.mu, as all below
	closed bool
	staged map[*staged]struct{}
}

var _ store.Keeper = (*Mount)(nil)

// Mount opens the disk for a process.
func (d *Disk) Mount() *Mount {
	m := &Mount{disk: d, staged: map[*staged]struct{}{}}
	m.names = names.New(m.look, nil)
	return m
}

// Kill ends the process: no call has an effect any more. What it has staged is left behind.
func (m *Mount) Kill() {
	d := m.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	m.kill()
}

func (m *Mount) kill() {
	if m.killed || m.closed {
		return
	}
	m.killed = true
	m.disk.writes = 0
	for o := range m.staged {
		m.leave(o)
	}
	m.staged = nil
}

// Killed reports whether the process was killed, by Kill or by a write that was cut.
func (m *Mount) Killed() bool {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return m.killed
}

func (m *Mount) leave(o *staged) {
	delete(m.staged, o)
	o.mount = nil
	m.disk.left[o] = struct{}{}
}

// Staged returns the number of objects that are neither published, discarded nor left.
func (m *Mount) Staged() int {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return len(m.staged)
}

// String names the store.
func (m *Mount) String() string { return "simulated disk" }

// Names returns the registry of the store's names.
func (m *Mount) Names() any { return m.names }

func (m *Mount) look(name string) names.Kind {
	d := m.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.files[name] != nil:
		return names.File
	case d.isFolder(name):
		return names.Folder
	case d.isBlocked(name):
		return names.Blocked
	}
	return names.Absent
}

// isBlocked reports whether a folder on the way to name is a file.
func (d *Disk) isBlocked(name string) bool {
	for i := range name {
		if name[i] == '/' && d.files[name[:i]] != nil {
			return true
		}
	}
	return false
}

// begin begins a call: it locks the disk, unless it returns an error.
func (m *Mount) begin(writes bool) error {
	m.disk.mu.Lock()
	err := m.isOver()
	if err == nil {
		if err = m.disk.fault(writes); err == nil {
			err = m.isOver() // it may have been slow
		}
	}
	if err != nil {
		m.disk.mu.Unlock()
	}
	return err
}

func (m *Mount) isOver() error {
	switch {
	case m.killed:
		return ErrKilled
	case m.closed:
		return store.ErrClosed
	}
	return nil
}

// Create implements [store.Store].
func (m *Mount) Create(uint64) (store.Object, error) {
	if err := m.begin(false); err != nil {
		return nil, fmt.Errorf("simnet: create: %w", err)
	}
	defer m.disk.mu.Unlock()
	return m.stage(&diskFile{}, nil), nil
}

func (m *Mount) stage(f *diskFile, notes []byte) *staged {
	m.next++
	o := &staged{disk: m.disk, mount: m, number: m.next, file: f, notes: notes}
	m.staged[o] = struct{}{}
	return o
}

// Publish implements [store.Store].
func (m *Mount) Publish(so store.Object, name string) (string, error) {
	o, ok := so.(*staged)
	if !ok || o.disk != m.disk {
		return "", fmt.Errorf("simnet: publish %q: object of another store", name)
	}
	if err := store.CheckName(name); err != nil {
		return "", fmt.Errorf("simnet: publish: %w", err)
	}
	if err := o.begin(true); err != nil {
		return "", fmt.Errorf("simnet: publish %q: %w", name, err)
	}
	d := m.disk
	defer d.mu.Unlock()
	if d.isFolder(name) || d.isBlocked(name) {
		return "", fmt.Errorf("simnet: publish %q: %w", name, store.ErrName)
	}
	if !d.faults.Lies {
		o.file.sync()
	}
	delete(m.staged, o)
	o.mount = nil
	d.files[name] = o.file
	delete(d.notes, name)
	if d.OnPublish != nil {
		d.OnPublish(name, o.file.data)
	}
	if !d.faults.Lies {
		d.synced[name] = o.file
	}
	d.stats.Published++
	return name, nil
}

// Close implements [store.Store].
func (m *Mount) Close() error {
	d := m.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if m.killed || m.closed {
		return nil
	}
	m.closed = true
	for o := range m.staged {
		if o.notes != nil {
			m.leave(o)
		}
	}
	m.staged = nil
	return nil
}

// Recover implements [store.Keeper].
func (m *Mount) Recover(want func(notes []byte) bool) (list []store.Leftover, err error) {
	if err := m.begin(false); err != nil {
		return nil, fmt.Errorf("simnet: recover: %w", err)
	}
	d := m.disk
	defer d.mu.Unlock()
	for _, o := range slices.SortedFunc(maps.Keys(d.left), byNumber) {
		switch {
		case o.notes == nil:
			delete(d.left, o)
		case want(o.notes):
			delete(d.left, o)
			list = append(list, store.Leftover{Object: m.stage(o.file, o.notes), Notes: slices.Clone(o.notes)})
		}
	}
	return list, nil
}

// Deliver implements [store.Keeper].
func (m *Mount) Deliver(path string, p []byte) error {
	if err := m.begin(true); err != nil {
		return fmt.Errorf("simnet: deliver: %w", err)
	}
	defer m.disk.mu.Unlock()
	if f := m.disk.files[path]; f != nil {
		m.disk.notes[path] = delivery{f, slices.Clone(p)}
	}
	return nil
}

// Delivered implements [store.Keeper].
func (m *Mount) Delivered() (list [][]byte, err error) {
	if err := m.begin(false); err != nil {
		return nil, fmt.Errorf("simnet: delivered: %w", err)
	}
	d := m.disk
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.notes)) {
		if n := d.notes[name]; n.file == d.files[name] {
			list = append(list, slices.Clone(n.note))
		}
	}
	return list, nil
}
