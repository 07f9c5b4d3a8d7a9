package outbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"
)

// entered is what has become of a file in the outbox.
type entered struct {
	added      []*Item
	duplicates []string // sinks that have or had it
	refused    []string // sinks for which there was no room
	evicted    []*Item  // dead letters that gave way
}

// errFull tells that there is no room.
var errFull = errors.New("the outbox is full")

// enter adds a file for sinks, and removes its intent. What is too much is refused: the newest, since what waits has
// been waiting, and its sinks are told in order. Dead letters give way first, the oldest of them first.
func (d *disk) enter(tx *bolt.Tx, f *File, sinks []string, now time.Time) (e entered, err error) {
	if err := d.forget(tx, f.place()); err != nil {
		return e, err
	}
	key := f.Key()
	for _, sink := range sinks {
		o := owner(sink, key)
		if id := tx.Bucket(bucketKeys).Get(o); id != nil {
			if err := d.renew(tx, binary.BigEndian.Uint64(id), f); err != nil {
				return e, err
			}
			e.duplicates = append(e.duplicates, sink)
			continue
		}
		if tx.Bucket(bucketDoneBy).Get(o) != nil {
			e.duplicates = append(e.duplicates, sink)
			continue
		}
		it := &Item{Sink: sink, Key: key, File: *f, Added: now, Next: now}
		if it.ID, err = tx.Bucket(bucketItems).NextSequence(); err != nil {
			return e, err
		}
		v, err := json.Marshal(it)
		if err != nil {
			return e, err
		}
		room, err := d.makeRoom(tx, len(v), &e)
		if err != nil {
			return e, err
		}
		if !room {
			e.refused = append(e.refused, sink)
			continue
		}
		if err := errors.Join(d.put(tx, it, v), tx.Bucket(bucketKeys).Put(o, number(it.ID))); err != nil {
			return e, err
		}
		e.added = append(e.added, it)
	}
	return e, nil
}

// makeRoom makes room for a record of so many bytes, if it can.
func (d *disk) makeRoom(tx *bolt.Tx, size int, e *entered) (bool, error) {
	if size > maxRecord || int64(size) > d.most.bytes {
		return false, nil
	}
	for d.use.items >= d.most.items || d.use.bytes+int64(size) > d.most.bytes {
		k, _ := tx.Bucket(bucketDead).Cursor().First()
		if k == nil {
			return false, nil
		}
		it, err := get(tx, idOf(k))
		if err != nil {
			return false, err
		}
		if err := d.remove(tx, it); err != nil {
			return false, err
		}
		e.evicted = append(e.evicted, it)
	}
	return true, nil
}

// intent is a file that is about to be published. It is written before, and removed with the entry of the file: one
// that a process leaves behind is of a file that may have been published without an entry.
type intent struct {
	File   File      `json:"file"` // without Name, and perhaps without Digest
	Sinks  []string  `json:"sinks"`
	Chosen time.Time `json:"chosen"` // when the file was not whole yet
}

// intend writes an intent.
func (d *disk) intend(tx *bolt.Tx, in *intent) error {
	b, k := tx.Bucket(bucketIntents), []byte(in.File.place())
	if b.Get(k) == nil {
		if d.use.intents >= maxIntents {
			return errFull
		}
		d.use.intents++
	}
	v, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return b.Put(k, v)
}

// forget removes an intent, which may not be there.
func (d *disk) forget(tx *bolt.Tx, place string) error {
	b := tx.Bucket(bucketIntents)
	if b.Get([]byte(place)) == nil {
		return nil
	}
	d.use.intents--
	return b.Delete([]byte(place))
}

// Around publishes a file, which sinks are to have, by calling publish once, and has it enter the outbox. It is for
// receiver.Choice.Publish: until Around has returned the file is not noted as received. So each file that is noted was
// offered to the outbox, and one that a death in between leaves out is found by its intent. The error is that of
// publish. A disk that is full or does not answer costs entries, which are counted, and some seconds: never the file.
func (o *Outbox) Around(f File, sinks []string, chosen time.Time, publish func() (name string, err error)) error {
	in := &intent{File: f, Sinks: sinks, Chosen: chosen}
	o.write(func(tx *bolt.Tx) error { return o.disk.intend(tx, in) }, nil) // only a death in between needs it
	name, err := publish()
	if err != nil || name == "" {
		o.write(func(tx *bolt.Tx) error { return o.disk.forget(tx, f.place()) }, nil)
		return err
	}
	f.Name = name
	o.Enter(f, sinks)
	return nil
}

// Enter has a file enter the outbox that is published. Size, Modified and a Digest that is missing are looked up.
func (o *Outbox) Enter(f File, sinks []string) {
	if err := f.look(); err != nil {
		o.refuse(&f, sinks, err)
		return
	}
	var e entered
	o.write(func(tx *bolt.Tx) (err error) {
		e, err = o.disk.enter(tx, &f, sinks, time.Now())
		return err
	}, func(err error) {
		if err != nil {
			o.refuse(&f, sinks, err)
			return
		}
		o.took(&f, &e)
	})
}

// look fills in what the file itself tells.
func (f *File) look() error {
	file, err := os.Open(f.Path())
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", f.Path())
	}
	f.Size, f.Modified = uint64(info.Size()), info.ModTime()
	if f.Digest == "" {
		f.Digest, err = digestOf(file)
	}
	return err
}

func digestOf(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return "sha-256:" + hex.EncodeToString(h.Sum(nil)), nil
}
