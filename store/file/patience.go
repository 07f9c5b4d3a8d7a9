package file

import (
	"errors"
	"syscall"
	"time"
)

// patience is how long an operation waits for descriptors when the process or the system has none left.
const patience = 30 * time.Second

// patiently calls op until there are descriptors for it, of which it closes idle ones. What op does must be nothing
// when it fails for want of one.
func (d *descriptors) patiently(op func() error) error {
	var waited time.Duration
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := op()
		if !isExhausted(err) || waited >= d.patience {
			return err
		}
		if !d.parkHalf() {
			time.Sleep(pause)
			waited += pause
		}
	}
}

// parkHalf closes half of the idle files, and more, since the process needs descriptors. It reports whether there were
// idle files: what else was open may be what is needed again, without end.
func (d *descriptors) parkHalf() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	if d.more != nil {
		d.more()
	}
	for o := d.idle.next; o != &d.idle; o = o.next {
		n++
	}
	for range (n + 1) / 2 {
		if d.idle.next != &d.idle {
			d.park(d.idle.next)
		}
	}
	return n > 0
}

// isExhausted reports an error that says that the process, or the system, has no descriptor left.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
