package simulator

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
)

// files are the files of all sessions, with all their versions.
type files struct {
	mu       sync.Mutex
	rng      *rand.Rand
	versions map[string][][]byte // by Content-Location
	carousel map[string][]byte   // content that is being sent
}

// location returns the Content-Location of a file of a session.
func location(session, file int) string { return fmt.Sprintf("s%d/f%d", session, file) }

func newFiles(p *Plan) *files {
	return &files{
		rng: rand.New(rand.NewPCG(p.Seed, 31)), versions: map[string][][]byte{}, carousel: map[string][]byte{},
	}
}

// next makes another version of a file, and puts it on the carousel.
func (f *files) next(name string, size int) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(f.rng.Uint32())
	}
	if size > 3*len(name) { // some of it compresses
		copy(content[size/2:], bytes.Repeat([]byte(name), size/(3*len(name))))
	}
	f.versions[name] = append(f.versions[name], content)
	f.carousel[name] = content
	return content
}

// again puts the latest version on the carousel; nil: there is none.
func (f *files) again(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := f.versions[name]
	if len(v) == 0 {
		return nil
	}
	f.carousel[name] = v[len(v)-1]
	return v[len(v)-1]
}

// remove takes a file off the carousel.
func (f *files) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.carousel, name)
}

// current returns what is on the carousel.
func (f *files) current() map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.carousel)
}

// version returns which versions of a file have that content, the earliest and the latest. known: it is a file of the
// sender.
func (f *files) version(name string, content []byte) (first, last int, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first, last = -1, -1
	for i, v := range f.versions[name] {
		if bytes.Equal(v, content) {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	return first, last, strings.HasPrefix(name, "s")
}

// layout is that of the receiver. A forger who sends the sender's packets again from an address of his own is another
// sender, whose files would replace those of the sender as the newest: then each source has a folder.
func (w *world) layout() string {
	if w.plan.Hostile > 0 {
		return "source"
	}
	return "flat"
}

// onDisk returns the name on the disk of a file of the sender.
func (w *world) onDisk(name string) string {
	if w.layout() == "source" {
		return source.String() + "/" + name
	}
	return name
}

// ours returns the Content-Location of a name on the disk, and whether the file is of the sender.
func (w *world) ours(name string) (string, bool) {
	prefix := w.onDisk("")
	return strings.TrimPrefix(name, prefix), strings.HasPrefix(name, prefix)
}

// onPublish checks what becomes visible on the disk. The disk is locked.
func (w *world) onPublish(name string, content []byte) {
	name, ours := w.ours(name)
	first, last, known := w.files.version(name, content)
	if !ours || !known {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Figures.Checks[Publication]++
	switch {
	case last < 0:
		w.failLocked(Publication, "%s was published with %d bytes that nobody sent", name, len(content))
	case last < w.published[name]:
		w.failLocked(Publication, "version %d of %s was published over version %d", last, name, w.published[name])
	default:
		w.published[name] = max(w.published[name], first)
	}
}

// verifyDisk checks what is visible on the disk.
func (w *world) verifyDisk(when string) {
	for _, name := range w.disk.Files() {
		content, _ := w.disk.Get(name)
		name, ours := w.ours(name)
		_, last, known := w.files.version(name, content)
		if !ours || !known {
			continue
		}
		w.check(Publication)
		if last < 0 {
			w.fail(Publication, "%s: %s has %d bytes that nobody sent", when, name, len(content))
		}
	}
}
