package file

import "sync"

// locks has a lock for each folder, so that who waits for one that hangs keeps nobody from the others. Spellings that
// some file systems take for the same have one lock. The zero value is ready to use.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock // those that are held or waited for
}

// lock is the lock of a folder.
type lock struct {
	sync.Mutex
	users int // who hold it or wait for it; guarded by locks.mu
}

// lock locks that of a path, and returns what unlocks it.
func (l *locks) lock(dir string) (unlock func()) {
	key := foldOf(true, true)(dir)
	l.mu.Lock()
	k := l.held[key]
	if k == nil {
		if l.held == nil {
			l.held = map[string]*lock{}
		}
		k = &lock{}
		l.held[key] = k
	}
	k.users++
	l.mu.Unlock()
	k.Lock()
	return func() {
		k.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, key)
		}
	}
}
