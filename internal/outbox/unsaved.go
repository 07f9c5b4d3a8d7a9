package outbox

import (
	"time"

	bolt "go.etcd.io/bbolt"
)

// saveAgain is the pause after which what could not be written is written again.
const saveAgain = 10 * time.Second

// unsaved is the outcome of a try that could not be written.
type unsaved struct {
	item    *Item
	outcome Outcome
}

// save writes what has come of a try. What cannot be written, as the disk is full, is kept and written later: if the
// process dies before, the sink gets the file once more, with the same key.
func (o *Outbox) save(u unsaved) {
	o.mu.Lock()
	o.unsaved[u.item.ID] = u
	o.mu.Unlock()
	var waits *Item
	o.write(func(tx *bolt.Tx) (err error) {
		waits, err = o.disk.settle(tx, u.item, u.outcome)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.unsaved[u.item.ID] == u {
			delete(o.unsaved, u.item.ID)
		}
		if waits != nil {
			l := o.line(waits.Sink)
			l.lane.add(waits)
			l.wake()
		}
	})
}

// saveAgain writes what could not be written, once in a while, and reports whether there is something.
func (o *Outbox) saveAgain() bool {
	o.mu.Lock()
	if len(o.unsaved) == 0 || o.saving || time.Since(o.saved) < saveAgain {
		defer o.mu.Unlock()
		return len(o.unsaved) > 0
	}
	o.saving, o.saved = true, time.Now()
	list := make([]unsaved, 0, min(len(o.unsaved), writesAtOnce))
	for _, u := range o.unsaved {
		if list = append(list, u); len(list) == cap(list) {
			break
		}
	}
	o.mu.Unlock()
	for _, u := range list {
		o.save(u)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.saving = false
	return len(o.unsaved) > 0
}
