package binding

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/source"
)

// content is a file in memory. Works of the session read it on other goroutines, and may not have come to their end
// when it is closed.
type content struct {
	loans *loans // nil: the memory is the library's own

	reading sync.RWMutex  // held by ReadAt, and by Close until the memory is the program's again
	bytes   *bytes.Reader // nil: closed

	// Guarded by loans.mu.
	toi   uint64 // 0: not known yet
	ended bool
}

// ReadAt implements [io.ReaderAt].
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	c.reading.RLock()
	defer c.reading.RUnlock()
	if c.bytes == nil {
		return 0, fs.ErrClosed
	}
	return c.bytes.ReadAt(p, off)
}

// InMemory tells the sender that reading is a copy and nothing else.
func (*content) InMemory() bool { return true }

// Close implements [io.Closer] for sender.File.Owned. It waits for each ReadAt: no byte is read afterwards.
func (c *content) Close() error {
	c.reading.Lock()
	c.bytes = nil
	c.reading.Unlock()
	if l := c.loans; l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		c.ended = true
		if c.toi != 0 {
			l.list = append(l.list, c.toi)
		}
	}
	return nil
}

// loans are the objects whose memory belongs to the program. The zero value is ready to use; it is safe for concurrent
// use.
type loans struct {
	mu   sync.Mutex
	list []uint64 // that have ended, until the program has asked for them
}

// content returns a file of bytes, which are copied unless they are borrowed.
func (l *loans) content(b []byte, borrowed bool) *content {
	if !borrowed {
		return &content{bytes: bytes.NewReader(bytes.Clone(b))}
	}
	return &content{bytes: bytes.NewReader(b), loans: l}
}

// name tells the TOI of c.
func (l *loans) name(c *content, toi uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.toi = toi; c.ended && c.loans != nil {
		l.list = append(l.list, toi)
	}
}

// Ended drains the TOIs of objects whose borrowed memory is no longer read.
func (l *loans) Ended(tois []uint64) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = copy(tois, l.list)
	l.list = append(l.list[:0], l.list[n:]...)
	return n
}

// adder prepares a file and takes it, as Sender and Sending do.
type adder func(w *fileWords, f sender.File, oti *OTI) (toi uint64, err error)

// lend adds a file of bytes.
func (l *loans) lend(b []byte, borrowed bool, text string, oti *OTI, add adder) (toi uint64, err error) {
	var w fileWords
	if err := w.read(text); err != nil {
		return 0, err
	}
	c := l.content(b, borrowed)
	toi, err = add(&w, sender.File{Content: c, Size: uint64(len(b)), Owned: true}, oti)
	if err == nil {
		l.name(c, toi)
	}
	return toi, err
}

// addFile adds the file at a path.
func addFile(path, text string, oti *OTI, add adder) (toi uint64, err error) {
	var w fileWords
	if err := w.read(text); err != nil {
		return 0, err
	}
	f := sender.File{ContentType: w.ContentType}
	if err := w.open(&f, path); err != nil {
		return 0, err
	}
	return add(&w, f, oti)
}

// fileWords is what is said of one file.
type fileWords struct {
	ContentLocation string  `json:"content_location"` // a URI; empty: made of Name
	Name            string  `json:"name"`             // with slashes
	TOI             *uint64 `json:"toi"`
	settings.Object
}

// read reads the text of fileWords: a JSON object, or nothing.
func (w *fileWords) read(text string) error {
	if text == "" {
		return nil
	}
	if err := outgoing.ReadObject([]byte(text), w); err != nil {
		return Wrong("%v", err)
	}
	if w.ContentLocation != "" && w.Name != "" {
		return Wrong("content_location and name: take one of them")
	}
	return nil
}

// open puts the open file at a path into f. It stays the same file if its name is removed or given to another one.
func (w *fileWords) open(f *sender.File, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() { // looked at before it is opened: a pipe would wait for somebody who writes to it
		return Wrong("path %s: it is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	if info, err = file.Stat(); err != nil {
		_ = file.Close()
		return err
	}
	if w.Name == "" && w.ContentLocation == "" {
		w.Name = filepath.Base(path)
	}
	if f.ContentType == "" {
		f.ContentType = source.ContentType(path, file)
	}
	f.Content, f.Size, f.Owned = file, uint64(info.Size()), true
	return nil
}

// location returns the Content-Location.
func (w *fileWords) location() (string, error) {
	switch {
	case w.ContentLocation != "":
		return w.ContentLocation, nil
	case w.Name != "":
		return source.Location(w.Name), nil
	}
	return "", Wrong("name is missing, or content_location")
}

// apply puts into f what is said of all files of a session, of this one, and its FEC.
func (w *fileWords) apply(f *sender.File, how *outgoing.How, oti *OTI) (err error) {
	if f.ContentLocation, err = w.location(); err != nil {
		return err
	}
	if w.TOI != nil {
		toi := toiOf(*w.TOI)
		f.TOI = &toi
	}
	item := outgoing.Item{File: *f, Words: &w.Object}
	if err := how.Prepare(&item); err != nil {
		return lineless(err)
	}
	*f = item.File
	if oti != nil {
		if w.FEC != "" {
			return Wrong("fec and an OTI: take one of them")
		}
		if err := oti.valid(); err != nil {
			return err
		}
		f.OTI, f.Variant, f.Redundancy = &oti.OTI, oti.Variant, oti.share()
	}
	return nil
}
