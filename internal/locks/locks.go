// Package locks has a lock for each of many names, such as folders, so that whoever waits for one that hangs keeps
// nobody from the others.
package locks

import "sync"

// Locks has a lock for each name. It takes memory for those only that are held or waited for. The zero value is ready
// to use. It is safe for concurrent use.
type Locks struct {
	mu   sync.Mutex
	held map[string]*lock // those that are held or waited for
}

// lock is the lock of a name.
type lock struct {
	sync.Mutex
	users int // who hold it or wait for it; guarded by Locks.mu
}

// Lock locks that of a name, and returns what unlocks it.
func (l *Locks) Lock(name string) (unlock func()) {
	l.mu.Lock()
	k := l.held[name]
	if k == nil {
		if l.held == nil {
			l.held = map[string]*lock{}
		}
		k = &lock{}
		l.held[name] = k
	}
	k.users++
	l.mu.Unlock()
	k.Lock()
	return func() {
		k.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, name)
		}
	}
}

// Users returns how many hold the lock of a name, or wait for it.
func (l *Locks) Users(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.held[name]; k != nil {
		return k.users
	}
	return 0
}
