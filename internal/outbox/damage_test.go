package outbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// FuzzDamage: bytes of the file that are not as they were written end no process, and hang none: the outbox opens, on
// what is there or on a new file, and takes what comes. A change is a place, of which the first bit says that it is in
// the first 256 bytes of a page, where others are described, and what it does to the byte there. An odd number of bytes
// says that checksums are right all the same.
func FuzzDamage(f *testing.F) {
	whole := withLetters(f)
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0, 0x20, 0x10, 1, 0, 0x30, 0x08, 0xff, 0, 0x30, 0x09, 0xff}) // another type, and more keys
	f.Add([]byte{0x80, 0, 0x30, 1, 0})                                        // another free list
	f.Fuzz(func(t *testing.T, changes []byte) {
		b := bytes.Clone(whole)
		forged := len(changes)%2 == 1
		for ; len(changes) >= 4; changes = changes[4:] {
			at := int(binary.BigEndian.Uint32(append([]byte{0}, changes...)))
			if at&(1<<23) != 0 {
				at = at>>8%(len(b)/pageOfTests)*pageOfTests + at&0xff
			}
			b[at%len(b)] ^= changes[3]
		}
		if forged {
			sumUp(b)
		}
		w := newWorld(t)
		if err := os.WriteFile(w.cfg.Path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		useDamaged(t, w)
	})
}

// pageOfTests is the size of a page of withLetters.
const pageOfTests = 4096

// sumUp gives meta pages the checksums of what they tell.
func sumUp(b []byte) {
	for at := pageHeader; at < 2*pageOfTests; at += pageOfTests {
		sum := fnv.New64a()
		sum.Write(b[at : at+56])
		native.PutUint64(b[at+56:], sum.Sum64())
	}
}

// useDamaged opens an outbox and does with it what it is there for.
func useDamaged(t *testing.T, w *world) (o *Outbox) {
	t.Helper()
	o = w.open()
	defer w.end(o)
	o.searching.Wait()
	o.Set("a", &taker{}, terms)
	for _, sink := range []string{"a", "b"} {
		if list, _, err := o.Dead(sink, "", 3); err == nil && len(list) > 3 {
			t.Errorf("%d letters", len(list))
		}
		_, _ = o.Replay(sink, "")
		_, _ = o.Discard(sink, "")
	}
	file := w.file(1000)
	_ = o.Around(file, []string{"a"}, time.Now(), w.publish(file))
	o.States()
	return o
}

// TestDamagedPages: what would end the process in the library, or have it write over what is there, puts the file
// aside, and says so once.
func TestDamagedPages(t *testing.T) {
	whole := withLetters(t)
	m := metaOf(t, whole)
	page := func(b []byte, number uint64) []byte { return b[number*pageOfTests:][:pageOfTests] }
	branch, leaf := uint64(0), uint64(0) // some that are in use
	p := &pages{file: bytes.NewReader(whole), size: pageOfTests, end: m.end, seen: make([]uint64, 1+m.end/64)}
	if err := p.tree(m.root, keys{}, level{}); err != nil {
		t.Fatal(err)
	}
	for n := uint64(2); n < m.end; n++ {
		switch used := p.seen[n/64]>>(n%64)&1 != 0; {
		case used && native.Uint16(page(whole, n)[8:]) == kindBranch:
			branch = n
		case used && n != m.root:
			leaf = n
		}
	}
	if branch == 0 || leaf == 0 {
		t.Fatal("no branch, or no leaf")
	}
	for name, damage := range map[string]func(b []byte){
		"a circle":         func(b []byte) { native.PutUint64(page(b, branch)[pageHeader+8:], branch) },
		"a longer circle":  func(b []byte) { native.PutUint64(page(b, branch)[pageHeader+8:], m.root) },
		"a page out of it": func(b []byte) { native.PutUint64(page(b, branch)[pageHeader+8:], 1<<60) },
		"an empty branch":  func(b []byte) { native.PutUint16(page(b, branch)[10:], 0) },
		"one page twice": func(b []byte) {
			list := page(b, branch)[pageHeader:]
			copy(list[elementSize+8:], list[8:elementSize])
		},
		"another number":    func(b []byte) { native.PutUint64(page(b, leaf), branch) },
		"another kind":      func(b []byte) { native.PutUint16(page(b, leaf)[8:], kindFreeList) },
		"too many elements": func(b []byte) { native.PutUint16(page(b, leaf)[10:], 0xffff) },
		"many pages":        func(b []byte) { native.PutUint32(page(b, leaf)[12:], 1<<31) },
		"a long value":      func(b []byte) { native.PutUint32(page(b, leaf)[pageHeader+12:], 1<<31) },
		"values in values":  func(b []byte) { native.PutUint32(page(b, leaf)[pageHeader+12:], 1000) },
		"no key":            func(b []byte) { native.PutUint32(page(b, leaf)[pageHeader+8:], 0) },
		"keys in disorder": func(b []byte) {
			list := page(b, leaf)[pageHeader:]
			list[native.Uint32(list[4:])] = 0xff
		},
		"a bucket within":     func(b []byte) { page(b, leaf)[pageHeader] = leafBucket },
		"no bucket":           func(b []byte) { page(b, m.root)[pageHeader] = 0 },
		"free pages":          func(b []byte) { lengthen(page(b, m.freeList), 1<<33) },
		"more free pages":     func(b []byte) { lengthen(page(b, m.freeList), 1<<62) },
		"a long free list":    func(b []byte) { native.PutUint32(page(b, m.freeList)[12:], 1<<31) },
		"no free list":        func(b []byte) { native.PutUint16(page(b, m.freeList)[8:], kindLeaf) },
		"a page that is free": func(b []byte) { native.PutUint64(page(b, m.freeList)[pageHeader:], leaf) },
		"free pages out of it": func(b []byte) {
			native.PutUint64(page(b, m.freeList)[pageHeader:], m.end)
		},
		"no end": func(b []byte) {
			for _, number := range []uint64{0, 1} {
				native.PutUint64(page(b, number)[pageHeader+40:], 1<<50)
			}
			sumUp(b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := bytes.Clone(whole)
			damage(b)
			if err := os.WriteFile(w.cfg.Path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if o := useDamaged(t, w); o.disk.brokenAt == "" {
				t.Error("nobody noticed")
			}
			if len(w.warns) != 1 || !strings.Contains(w.warns[0], "damaged") {
				t.Errorf("%q", w.warns)
			}
			if aside, err := os.ReadFile(w.cfg.Path + ".damaged"); err != nil || !bytes.Equal(aside, b) {
				t.Errorf("what was damaged is not kept: %v", err)
			}
		})
	}
}

// lengthen has a free list tell of so many pages.
func lengthen(page []byte, count uint64) {
	native.PutUint16(page[10:], countAhead)
	native.PutUint64(page[pageHeader:], count)
}

func metaOf(t *testing.T, b []byte) meta {
	t.Helper()
	m, err := latest(bytes.NewReader(b), int64(len(b)))
	if err != nil || m.pageSize != pageOfTests {
		t.Fatalf("%+v, %v", m, err)
	}
	return m
}

// TestCutFile: a file of which little is left is put aside. The library would say that it is too small.
func TestCutFile(t *testing.T) {
	whole := withLetters(t)
	for _, size := range []int{1, 16, 80, 1000, 4095, 4096, 5000, 8191, 8192, 12287} {
		w := newWorld(t)
		if err := os.WriteFile(w.cfg.Path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		if o := useDamaged(t, w); o.disk.brokenAt == "" {
			t.Errorf("%d bytes: nobody noticed", size)
		}
	}
}

// TestFileThatGrows: a file that another process makes longer before it lets go of it is whole.
func TestFileThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	put := func(db *bolt.DB, size int) error {
		return db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(bucketItems)
			if err != nil {
				return err
			}
			return b.Put(number(uint64(size)), make([]byte, size))
		})
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	checked := make(chan error)
	go func() { checked <- new(disk).check(path) }()
	time.Sleep(lockPatience / 5) // it waits for the lock
	if err := errors.Join(put(db, 1<<20), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := <-checked; err != nil && !errors.Is(err, berrors.ErrTimeout) { // a machine may be slow
		t.Error(err)
	}
}

// TestWholePages: what the library writes is never taken for damaged: small and large values, many that come and go,
// and free lists of any length, of both kinds, and none.
func TestWholePages(t *testing.T) {
	for _, pageSize := range []int{1024, 4096} {
		path := filepath.Join(t.TempDir(), "outbox.db")
		random := rand.New(rand.NewPCG(1, uint64(pageSize)))
		for range 30 {
			db, err := bolt.Open(path, 0o600, &bolt.Options{
				PageSize: pageSize, NoSync: true, NoGrowSync: true, NoFreelistSync: random.IntN(4) == 0,
				FreelistType: []bolt.FreelistType{bolt.FreelistArrayType, bolt.FreelistMapType}[random.IntN(2)],
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				if err := db.Update(func(tx *bolt.Tx) error { return scramble(tx, random) }); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if err := new(disk).check(path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// scramble puts and deletes at random.
func scramble(tx *bolt.Tx, random *rand.Rand) error {
	for _, name := range [][]byte{bucketItems, bucketKeys, bucketDone} {
		b, err := tx.CreateBucketIfNotExists(name)
		if err != nil {
			return err
		}
		most := 1 + random.IntN(200)
		deletes := random.IntN(3) > 0
		for range random.IntN(100) {
			key := number(uint64(random.IntN(most)))
			if deletes {
				err = b.Delete(key)
			} else {
				err = b.Put(key, make([]byte, random.IntN(1<<random.IntN(16))))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// TestDamagedRoot: a page from which a bucket is gone that others point to has the file put aside, as any damage.
func TestDamagedRoot(t *testing.T) {
	whole := withLetters(t)
	aside := 0
	for page := range len(whole) / pageOfTests {
		for end := pageHeader + elementSize; end < pageHeader+5*elementSize; end += elementSize {
			b := bytes.Clone(whole)
			b[page*pageOfTests+end-elementSize+7] ^= 0x30 // where the key of a leaf stands
			w := newWorld(t)
			if err := os.WriteFile(w.cfg.Path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			o := w.open()
			if o.disk.brokenAt != "" {
				aside++
			}
			w.receive(o, []string{"a"}, 1)
			w.end(o)
		}
	}
	if aside == 0 {
		t.Error("no damage was noticed")
	}
}

// withLetters returns a file with items that wait, with dead letters, and with what was delivered. It is always the
// same one, so that what chance finds fails again.
func withLetters(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outbox.db")
	d, err := open(path, 1000, 1<<20, func(*bolt.Tx) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	w := world{dir: "/in"}
	now := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	for n := range 40 {
		sink := []string{"a", "b", "c"}[n%3]
		f := w.file(n)
		f.Name, f.Digest, f.Modified = fmt.Sprintf("f%d", n), fmt.Sprintf("md5:%032x", n), now
		var item *Item
		if err := errors.Join(d.update(func(tx *bolt.Tx) error {
			return d.intend(tx, &intent{File: f, Sinks: []string{sink}, Chosen: now})
		}), d.update(func(tx *bolt.Tx) error {
			e, err := d.enter(tx, &f, []string{sink}, now)
			item = e.added[0]
			return err
		})); err != nil {
			t.Fatal(err)
		}
		if sink == "a" {
			continue // it waits
		}
		var answer error
		if sink == "b" {
			answer = &RejectedError{errors.New("no")}
		}
		outcome := item.settle(answer, false, now, terms.Policy, 0)
		if err := d.update(func(tx *bolt.Tx) error {
			_, err := d.settle(tx, item, outcome)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
