package outbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The buckets of the file. Numbers are big-endian.
var (
	bucketItems   = []byte("items")   // ID → Item in JSON
	bucketKeys    = []byte("keys")    // sink, 0, key → ID of the Item
	bucketDead    = []byte("dead")    // time since when it is dead in nanoseconds, ID → nothing
	bucketDone    = []byte("done")    // number → sink, 0, key of what was delivered
	bucketDoneBy  = []byte("done-by") // sink, 0, key → number
	bucketIntents = []byte("intents") // place → intent in JSON
)

const (
	// maxRecord bounds an Item in bytes of JSON: a Content-Location has 4 KiB at most.
	maxRecord = 32 << 10
	// maxDone bounds what is remembered of deliveries: a file that is received again is not delivered again.
	maxDone = 100_000
	// maxIntents bounds the intents of folders that are not there any more.
	maxIntents = 10_000
	// lockPatience is how long another process may take to let go of the file, lockPause the time between two tries.
	lockPatience, lockPause = time.Second, 50 * time.Millisecond
	// A file that the disk does not give back is read so often, with pauses that double: 3 s in all.
	readTries, readPause = 5, 200 * time.Millisecond
)

// usage is how much there is of what is bounded.
type usage struct {
	items, intents, done int
	bytes                int64 // of the records of items
}

// disk is the file of an outbox. All but open and its View are for one goroutine, the writer.
type disk struct {
	db       *bolt.DB
	most     usage // items and bytes
	use      usage
	brokenAt string // where a file that could not be read was put; empty: there was none
	brokenBy error  // why
	lock     *os.File
	bolt     *os.File                      // what db has opened
	faulty   func(io.ReaderAt) io.ReaderAt // a disk of tests; nil: that of the machine
	flags    func(int) int                 // with which tests have the library open a file; nil: its own
}

// open opens or makes the file, and has read read it. A file that is damaged is put aside, and then a new one is read.
func open(path string, items int, bytes int64, read func(tx *bolt.Tx) error) (*disk, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	d := &disk{most: usage{items: items, bytes: bytes}}
	if err := d.begin(path, read); err != nil {
		return nil, fmt.Errorf("outbox %s: %w", path, err)
	}
	return d, nil
}

// begin is open, of a disk that has nothing yet.
func (d *disk) begin(path string, read func(tx *bolt.Tx) error) (err error) {
	if d.lock, err = lockBeside(path); err != nil {
		return err
	}
	err = d.loadPatiently(path, read)
	if err != nil && isDamage(err) {
		d.brokenAt, d.brokenBy = path+".damaged", err
		if err = os.Rename(path, d.brokenAt); err == nil {
			err = d.load(path, read)
		}
	}
	if errors.Is(err, berrors.ErrTimeout) {
		err = errInUse
	}
	if err != nil {
		_ = d.lock.Close() // nothing was written
	}
	return err
}

// errDamaged tells of a file whose content makes no sense.
var errDamaged = errors.New("the file is damaged")

func isDamage(err error) bool {
	return errors.Is(err, errUnreadable) || errors.Is(err, errDamaged) || errors.Is(err, berrors.ErrInvalid) ||
		errors.Is(err, berrors.ErrVersionMismatch) || errors.Is(err, berrors.ErrChecksum)
}

// load opens the file, counts what is in it, and has read read it.
func (d *disk) load(path string, read func(tx *bolt.Tx) error) error {
	if err := d.check(path); err != nil {
		return err
	}
	err := guarded(func() (err error) {
		d.db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockPatience, OpenFile: d.openFile})
		return err
	})
	if err != nil {
		_ = d.bolt.Close() // a library that panicked has not closed it, and has its lock
		return refused(err)
	}
	if err = guarded(d.count); err == nil {
		err = d.view(read)
	}
	if err != nil {
		_ = guarded(d.db.Close)
	}
	return err
}

// count makes the buckets that are missing, and counts what is in the others.
func (d *disk) count() error {
	return d.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{
			bucketItems, bucketKeys, bucketDead, bucketDone, bucketDoneBy, bucketIntents,
		} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		d.use = usage{
			intents: tx.Bucket(bucketIntents).Stats().KeyN, done: tx.Bucket(bucketDone).Stats().KeyN,
		}
		return tx.Bucket(bucketItems).ForEach(func(_, v []byte) error {
			d.use.items++
			d.use.bytes += int64(len(v))
			return nil
		})
	})
}

// guarded calls do. A panic of the library, which damaged pages cause, is an error, and so is an access to a part of
// the file that is not there any more, or that the disk does not give back.
func guarded(do func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // a fault of memory, as runtime/debug.SetPanicOnFault has it
			err = fmt.Errorf("%w: %v", errUnreadable, v)
		default:
			err = fmt.Errorf("%w: %v", errDamaged, v)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return do()
}

// view reads.
func (d *disk) view(do func(tx *bolt.Tx) error) error {
	return guarded(func() error { return d.db.View(do) })
}

// update changes the file. Either all of it is on the disk when it returns, or nothing.
func (d *disk) update(do func(tx *bolt.Tx) error) error {
	return guarded(func() error { return d.db.Update(do) })
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// owner is the key of an item in bucketKeys and bucketDoneBy.
func owner(sink, key string) []byte { return []byte(sink + "\x00" + key) }

// deadKeySize is the length of a deadKey in bytes.
const deadKeySize = 16

func deadKey(it *Item) []byte { return append(number(uint64(it.Dead.UnixNano())), number(it.ID)...) }

// errNoItem tells that an item is not there any more.
var errNoItem = errors.New("outbox: there is no such item")

// get reads an item.
func get(tx *bolt.Tx, id uint64) (*Item, error) {
	v := tx.Bucket(bucketItems).Get(number(id))
	if v == nil {
		return nil, errNoItem
	}
	it := new(Item)
	if err := json.Unmarshal(v, it); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return it, nil
}

// put writes an item, which may be there.
func (d *disk) put(tx *bolt.Tx, it *Item, v []byte) error {
	b, id := tx.Bucket(bucketItems), number(it.ID)
	old := b.Get(id)
	if old == nil {
		d.use.items++
	}
	d.use.bytes += int64(len(v) - len(old))
	return b.Put(id, v)
}

// remove removes an item, with its places in other buckets.
func (d *disk) remove(tx *bolt.Tx, it *Item) error {
	b, id := tx.Bucket(bucketItems), number(it.ID)
	if old := b.Get(id); old != nil {
		d.use.items--
		d.use.bytes -= int64(len(old))
	}
	errs := []error{b.Delete(id), tx.Bucket(bucketKeys).Delete(owner(it.Sink, it.Key))}
	if !it.Dead.IsZero() {
		errs = append(errs, tx.Bucket(bucketDead).Delete(deadKey(it)))
	}
	return errors.Join(errs...)
}

// remember notes that an item was delivered, and forgets the oldest of too many.
func (d *disk) remember(tx *bolt.Tx, it *Item) error {
	done, by := tx.Bucket(bucketDone), tx.Bucket(bucketDoneBy)
	n, err := done.NextSequence()
	if err != nil {
		return err
	}
	o := owner(it.Sink, it.Key)
	if old := by.Get(o); old != nil { // it was replayed
		if err := done.Delete(old); err != nil {
			return err
		}
		d.use.done--
	}
	d.use.done++
	if err := errors.Join(done.Put(number(n), o), by.Put(o, number(n))); err != nil {
		return err
	}
	for d.use.done > maxDone {
		first, o := done.Cursor().First()
		if first == nil {
			break
		}
		if err := errors.Join(by.Delete(o), done.Delete(first)); err != nil {
			return err
		}
		d.use.done--
	}
	return nil
}

// renew has an item tell of its file as it is now that it was received again.
func (d *disk) renew(tx *bolt.Tx, id uint64, f *File) error {
	it, err := get(tx, id)
	if err != nil || it.File.same(f) {
		return err
	}
	it.File = *f
	v, err := json.Marshal(it)
	if err != nil {
		return err
	}
	return d.put(tx, it, v)
}

// settle writes what has come of a try. waits is an item that was superseded by itself, as it was received again
// meanwhile: it goes on waiting. Else it is nil.
func (d *disk) settle(tx *bolt.Tx, it *Item, o Outcome) (waits *Item, err error) {
	stored, err := get(tx, it.ID)
	if errors.Is(err, errNoItem) {
		return nil, nil // it was discarded meanwhile
	}
	if err != nil {
		return nil, err
	}
	switch o {
	case Delivered:
		return nil, errors.Join(d.remove(tx, it), d.remember(tx, it))
	case Superseded: // not remembered: if it is received again it is in its place again
		if !stored.File.same(&it.File) {
			return stored, nil
		}
		return nil, d.remove(tx, it)
	case Retried, Rejected:
		tried := *it
		tried.File = stored.File
		v, err := json.Marshal(&tried)
		if err != nil {
			return nil, err
		}
		if o == Rejected {
			err = tx.Bucket(bucketDead).Put(deadKey(it), nil)
		}
		return nil, errors.Join(err, d.put(tx, it, v))
	case Stopped:
	}
	return nil, nil
}

// idOf returns the ID of a key of bucketDead.
func idOf(k []byte) uint64 { return binary.BigEndian.Uint64(k[8:]) }
