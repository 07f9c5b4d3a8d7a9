package outbox

import (
	"errors"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"syscall"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The library trusts what it reads: pages in a circle overflow its stack, and counts and lengths that are too large
// take all memory, from which no process recovers. So before it reads a file, all pages are looked at that its latest
// transaction has: each is reached once, and what it says of itself and of its elements lies within it.

const (
	metaSize = 64 // magic, version, size of a page, flags, root bucket, free list, end, transaction, checksum
	magic    = 0xED0CDAED
	version  = 2

	leastPage, mostPage = 1 << 10, 16 << 20 // bytes of a page
	noFreeList          = ^uint64(0)        // it is found by reading the trees

	bucketSize = 16   // page of the root, or 0: that is in the value, too, behind this; sequence
	leafBucket = 0x01 // kind of an element of a leaf whose value is a bucket
	maxNested  = 8    // buckets within each other; an outbox has them at one level
	maxDepth   = 64   // of a tree whose branches have two pages and more
)

// check returns an error that wraps errDamaged or errUnreadable if the library should not read a file. It has the lock
// meanwhile, and looks at nothing without it: another process may be writing. If one opens the file between check and
// that, it has looked at it, too.
func (d *disk) check(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 { // the library begins it
		return nil
	}
	if err != nil {
		return err
	}
	var db *bolt.DB
	lock := guarded(func() (err error) { // which reads no free list, and no tree
		db, err = bolt.Open(path, 0o600, &bolt.Options{
			ReadOnly: true, Timeout: lockPatience, OpenFile: d.openFile,
		})
		return err
	})
	if lock == nil {
		defer db.Close() //nolint:errcheck // it was only read
	} else {
		defer d.bolt.Close() //nolint:errcheck // a library that panicked has not closed it, and has its lock
	}
	if errno := syscall.Errno(0); errors.Is(lock, berrors.ErrTimeout) || errors.As(lock, &errno) {
		return lock // the system has refused: that says nothing of the file
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	if info, err = file.Stat(); err != nil {
		return err
	}
	var reader io.ReaderAt = file
	if d.faulty != nil {
		reader = d.faulty(file)
	}
	if err := checkPages(reader, info.Size()); err != nil {
		return err // it tells more than the library does
	}
	return refused(lock)
}

// checkPages looks at the pages of a file of so many bytes.
func checkPages(file io.ReaderAt, size int64) error {
	m, err := latest(file, size)
	if err != nil {
		return err
	}
	p := &pages{file: file, size: m.pageSize, end: m.end, seen: make([]uint64, m.end/64+1)}
	if err := p.tree(m.root, keys{}, level{}); err != nil || m.freeList == noFreeList {
		return err
	}
	return p.freeList(m.freeList)
}

// meta is what a meta page tells.
type meta struct {
	pageSize                         int64
	root, freeList, end, transaction uint64
}

// latest returns the meta page that the library uses: the later one of those that are whole.
func latest(file io.ReaderAt, size int64) (meta, error) {
	first, found, err := readMeta(file, 0)
	for at := int64(leastPage); err == nil && !found && at <= mostPage && at < size; at *= 2 {
		first, found, err = readMeta(file, at)
	}
	if err != nil {
		return meta{}, err
	}
	if !found {
		return meta{}, damage("it has no meta page")
	}
	second, ok, err := readMeta(file, first.pageSize)
	if err != nil {
		return meta{}, err
	}
	if ok && second.transaction > first.transaction {
		first = second
	}
	if s := first.pageSize; s < leastPage || s > mostPage || s&(s-1) != 0 || first.end > uint64(size/s) {
		return meta{}, damage("%d pages of %d bytes are in %d bytes", first.end, s, size)
	}
	return first, nil
}

// readMeta reads a meta page. What is none is not whole, and neither is one that the end of the file cuts.
func readMeta(file io.ReaderAt, at int64) (m meta, whole bool, err error) {
	var page [pageHeader + metaSize]byte
	if _, err := file.ReadAt(page[:], at); errors.Is(err, io.EOF) {
		return m, false, nil
	} else if err != nil {
		return m, false, unreadable("a meta page", err)
	}
	b := page[pageHeader:]
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56])
	return meta{
		pageSize: int64(native.Uint32(b[8:])), root: native.Uint64(b[16:]), freeList: native.Uint64(b[32:]),
		end: native.Uint64(b[40:]), transaction: native.Uint64(b[48:]),
	}, native.Uint32(b) == magic && native.Uint32(b[4:]) == version && native.Uint64(b[56:]) == sum.Sum64(), nil
}

// level is where in a file a page is.
type level struct {
	nested int // buckets around its own
	depth  int // branches above it in its bucket
}

// tree looks at a page of a tree, and at those below it.
func (p *pages) tree(number uint64, in keys, at level) error {
	if at.depth > maxDepth {
		return damage("a tree has more than %d levels", maxDepth)
	}
	b, err := p.read(number)
	if err != nil {
		return err
	}
	list, err := elements(b, in)
	if err != nil {
		return err
	}
	if native.Uint16(b[8:]) == kindLeaf {
		return p.leaf(list, at)
	}
	if len(list) == 0 {
		return damage("a branch has no pages")
	}
	for i := range list {
		below := keys{list[i].key, in.before}
		if i+1 < len(list) {
			below.before = list[i+1].key
		}
		if err := p.tree(list[i].page, below, level{at.nested, at.depth + 1}); err != nil {
			return err
		}
	}
	return nil
}

// leaf looks at the buckets in a leaf. There is nothing else in the one around all.
func (p *pages) leaf(list []element, at level) error {
	for i := range list {
		e := &list[i]
		var err error
		switch {
		case e.kind == leafBucket:
			err = p.bucket(e.value, at.nested+1)
		case e.kind != 0 || at.nested == 0:
			err = damage("an element of a leaf is of kind %#x", e.kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bucket looks at a bucket. A small one has no page: what would be in that is here.
func (p *pages) bucket(b []byte, nested int) error {
	if nested > maxNested || len(b) < bucketSize {
		return damage("a bucket of %d bytes is in %d others", len(b), nested)
	}
	if root := native.Uint64(b); root != 0 {
		return p.tree(root, keys{}, level{nested: nested})
	}
	if b = b[bucketSize:]; len(b) < pageHeader || native.Uint64(b) != 0 || native.Uint16(b[8:]) != kindLeaf {
		return damage("a bucket has no leaf")
	}
	list, err := elements(b, keys{})
	if err != nil {
		return err
	}
	return p.leaf(list, level{nested: nested})
}
