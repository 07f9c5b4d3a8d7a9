package outbox

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// State is how a sink is.
type State struct {
	Name       string    `json:"name"`
	Configured bool      `json:"configured"` // if not, what waits for it waits until it is again
	Waiting    int       `json:"waiting"`    // with those under way
	Running    int       `json:"running"`
	Dead       int       `json:"dead"`
	Oldest     time.Time `json:"oldest,omitzero"` // when that entered which has waited longest
	Failures   int       `json:"failures"`        // in a row
	Error      string    `json:"error,omitempty"` // of the latest failure since the latest delivery
	LastDone   time.Time `json:"last_delivered,omitzero"`
	Next       time.Time `json:"next,omitzero"` // no try begins before, as too many have failed
	counts
}

// Room is how much of the outbox is in use.
type Room struct {
	Items     int   `json:"items"`
	MostItems int   `json:"items_max"`
	Bytes     int64 `json:"bytes"`
	MostBytes int64 `json:"bytes_max"`
}

// States returns the sinks in the order of their names, and how much of the outbox is in use.
func (o *Outbox) States() ([]State, Room) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]State, 0, len(o.lines))
	now := time.Now()
	for name, l := range o.lines {
		s := State{
			Name: name, Configured: l.run != nil, Waiting: len(l.lane.waiting) + l.lane.running,
			Running: l.lane.running, Dead: l.dead, Failures: l.lane.failures, Error: l.lastError,
			LastDone: l.lastDone, counts: l.counts,
		}
		for i := range l.lane.waiting {
			if added := l.lane.waiting[i].added; s.Oldest.IsZero() || added.Before(s.Oldest) {
				s.Oldest = added
			}
		}
		if l.lane.failures >= tired && l.lane.rested.After(now) {
			s.Next = l.lane.rested
		}
		if s.Configured || s.Waiting+s.Dead > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b State) int { return cmp.Compare(a.Name, b.Name) })
	return list, Room{o.use.items, o.cfg.Items, o.use.bytes, o.cfg.Bytes}
}

// Path returns where the file of the outbox is.
func (o *Outbox) Path() string { return o.cfg.Path }

// Has reports whether a sink is configured, or something is there for it.
func (o *Outbox) Has(sink string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, known := o.lines[sink]
	return known
}

// Dead returns a page of the dead letters of a sink: the oldest first, at most so many, from after on. next is the
// after of the next page; empty: there is none.
func (o *Outbox) Dead(sink, after string, most int) (list []Item, next string, err error) {
	from, err := hex.DecodeString(after)
	if err != nil || len(from) != 0 && len(from) != deadKeySize {
		return nil, "", ErrPage
	}
	list = []Item{}
	err = o.disk.view(func(tx *bolt.Tx) error {
		return eachDead(tx, sink, from, func(it *Item) bool {
			if len(list) == most {
				next = hex.EncodeToString(deadKey(&list[most-1]))
				return false
			}
			list = append(list, *it)
			return true
		})
	})
	return list, next, err
}

// ErrPage tells that a page of dead letters is asked for that none has named.
var ErrPage = errors.New("it is no page of dead letters")

// eachDead calls do with each dead letter of a sink that lies behind a key, until it returns false.
func eachDead(tx *bolt.Tx, sink string, after []byte, do func(*Item) bool) error {
	c := tx.Bucket(bucketDead).Cursor()
	k, _ := c.Seek(after)
	if len(after) > 0 && bytes.Equal(k, after) { // if that is gone, the next one is here already
		k, _ = c.Next()
	}
	for ; k != nil; k, _ = c.Next() {
		v := tx.Bucket(bucketItems).Get(number(idOf(k)))
		if !bytes.Contains(v, []byte(sink)) { // most are of another one
			continue
		}
		it := new(Item)
		if err := json.Unmarshal(v, it); err != nil {
			return err
		}
		if it.Sink == sink && !do(it) {
			break
		}
	}
	return nil
}

// Replay has dead letters of a sink wait again: that with a key, or, if it is empty, all. It returns how many.
func (o *Outbox) Replay(sink, key string) (int, error) {
	return o.change(sink, key, func(tx *bolt.Tx, it *Item) error {
		if err := tx.Bucket(bucketDead).Delete(deadKey(it)); err != nil {
			return err
		}
		it.revive(time.Now())
		v, err := json.Marshal(it)
		if err != nil {
			return err
		}
		return o.disk.put(tx, it, v)
	})
}

// Discard removes dead letters of a sink. It returns how many.
func (o *Outbox) Discard(sink, key string) (int, error) {
	return o.change(sink, key, o.disk.remove)
}

// change does something with dead letters.
func (o *Outbox) change(sink, key string, do func(*bolt.Tx, *Item) error) (int, error) {
	var list []*Item
	result := errHangs
	o.write(func(tx *bolt.Tx) error {
		list = nil
		err := eachDead(tx, sink, nil, func(it *Item) bool {
			if key == "" || key == it.Key {
				list = append(list, it)
			}
			return true
		})
		for _, it := range list {
			err = errors.Join(err, do(tx, it))
		}
		return err
	}, func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if result = err; err != nil {
			return
		}
		l := o.line(sink)
		for _, it := range list {
			l.dead--
			if it.Dead.IsZero() {
				l.lane.add(it)
			}
		}
		l.wake()
	})
	o.mu.Lock()
	defer o.mu.Unlock()
	if result != nil {
		return 0, result
	}
	return len(list), nil
}
