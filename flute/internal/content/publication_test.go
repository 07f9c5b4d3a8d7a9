package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/storetest"
)

var errBroken = errors.New("broken")

// fragile has p use a store that asks before each call.
func fragile(t *testing.T, p *Publication, files *mem.Store, content []byte, before func(storetest.Call) error) {
	t.Helper()
	open := false // while its object is made, nobody is asked
	p.Object = wholeIn(t, &storetest.Faulty{Store: files, Before: func(c storetest.Call) error {
		if !open {
			return nil
		}
		return before(c)
	}}, content)
	open = true
}

// Around publishes a file once, with whatever it does before and after; what it fails with is not the store's fault.
func TestAround(t *testing.T) {
	type publish = func() (string, error)
	for name, c := range map[string]struct {
		around    func(publish) error
		err       error // of the store
		published bool
		files     int
		cause     Cause // if it fails
		fails     error
	}{
		"once": {around: func(p publish) error { _, err := p(); return err }, published: true, files: 1},
		"twice": {
			around:    func(p publish) error { _, _ = p(); _, err := p(); return err },
			published: true, files: 1,
		},
		"never":        {around: func(publish) error { return nil }, cause: CauseConsumer, fails: errUnpublished},
		"fails before": {around: func(publish) error { return errBroken }, cause: CauseConsumer, fails: errBroken},
		"fails after": {
			around:    func(p publish) error { _, _ = p(); return errBroken },
			published: true, files: 1, cause: CauseConsumer, fails: errBroken,
		},
		"the store fails, unheard": {
			around: func(p publish) error { _, _ = p(); return nil },
			err:    errBroken, cause: CauseStore, fails: errBroken,
		},
		"panics after": {
			around:    func(p publish) error { _, _ = p(); panic("ouch") },
			published: true, files: 1, cause: CauseConsumer,
		},
	} {
		p, files, _ := staged(t, random(100), flute.Null)
		fragile(t, p, files, random(100), func(call storetest.Call) error {
			if call.Method == "Publish" {
				return c.err
			}
			return nil
		})
		p.Around = func(publish publish) error {
			return c.around(func() (string, error) {
				path, err := publish()
				if !errors.Is(err, c.err) || (path == "a") != (err == nil) {
					t.Errorf("%s: Around is told %q, %v", name, path, err)
				}
				return path, err
			})
		}
		err := p.Run(nil)
		fails := c.fails != nil || name == "panics after"
		if (err != nil) != fails || fails && (CauseOf(err) != c.cause || c.fails != nil && !errors.Is(err, c.fails)) {
			t.Errorf("%s: %v", name, err)
		}
		if r := p.Result(); r.Published != c.published || len(files.Files()) != c.files {
			t.Errorf("%s: %+v, %d files", name, r, len(files.Files()))
		}
	}
	// A file that is kept has no new path to tell.
	p, files, _ := staged(t, random(100), flute.Null)
	p.Object = wholeIn(t, renaming{files, "a", store.ErrKept}, random(100))
	p.Around = func(publish publish) error {
		if path, err := publish(); path != "" || err != nil {
			t.Errorf("kept: %q, %v", path, err)
		}
		return nil
	}
	if err := p.Run(nil); err != nil || !p.Result().Kept {
		t.Errorf("kept: %+v, %v", p.Result(), err)
	}
}

// Who looks or takes gets the verified file before it is published; who takes it instead leaves nothing behind.
func TestHand(t *testing.T) {
	content := random(3000)
	for name, c := range map[string]struct {
		consume   error
		consumed  bool
		published bool
	}{
		"and published":   {published: true},
		"not published":   {consumed: true},
		"refused":         {consume: failure(CauseConsumer, errBroken)},
		"refused, at all": {consume: failure(CauseConsumer, errBroken), consumed: true},
	} {
		for _, encoding := range []flute.ContentEncoding{flute.Null, flute.GZIP} {
			p, files, _ := staged(t, content, encoding)
			check := func(file io.ReaderAt, size uint64) {
				got, err := io.ReadAll(io.NewSectionReader(file, 0, int64(size)))
				if err != nil || !bytes.Equal(got, content) || len(files.Files()) != 0 {
					t.Errorf("%s: %d bytes, %v, %d files", name, len(got), err, len(files.Files()))
				}
			}
			looked, taken := 0, 0
			p.Look = func(file io.ReaderAt, size uint64) { check(file, size); looked++ }
			p.Consume = func(file io.ReaderAt, size uint64) error { check(file, size); taken++; return c.consume }
			p.Consumed = c.consumed
			err := p.Run(nil)
			r := p.Result()
			if (err == nil) != (c.consume == nil) || err != nil && CauseOf(err) != CauseConsumer || looked != 1 ||
				taken != 1 || r.Taken != (c.consume == nil) || (r.Path == "a") != c.published ||
				(len(files.Files()) == 1) != c.published {
				t.Errorf("%s: %+v, %v, looked %d times, taken %d", name, r, err, looked, taken)
			}
			p.Object.Forget()
			p.Object.Leave()
			if files.Staged() != 0 {
				t.Errorf("%s: %d objects are staged", name, files.Staged())
			}
			if sum := sha256.Sum256(content); r.Digests["sha-256"] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: %v", name, r.Digests)
			}
		}
	}
}

// keeper is a store that notes what was delivered.
type keeper struct {
	*mem.Store
	path string // under which it publishes; empty: as asked
	kept error
	told *[]string
}

func (k keeper) Publish(o store.Object, name string) (string, error) {
	if k.kept != nil {
		return name, k.kept
	}
	_, err := k.Store.Publish(o, name)
	return k.path, err
}

func (k keeper) Recover(func([]byte) bool) ([]store.Leftover, error) { return nil, nil }
func (k keeper) Delivered() ([][]byte, error)                        { return nil, nil }
func (k keeper) Deliver(path string, note []byte) error {
	*k.told = append(*k.told, path+" "+string(note))
	return errBroken // which harms nobody
}

// What was published is noted, if there is a note and a path.
func TestNote(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		note []byte
		kept error
		want []string
	}{
		"noted":             {"b", []byte("x"), nil, []string{"b x"}},
		"nothing to note":   {"b", nil, nil, nil},
		"kept by the store": {"b", []byte("x"), store.ErrKept, nil},
		"no path":           {"", []byte("x"), nil, nil},
	} {
		content := random(100)
		p, files, _ := staged(t, content, flute.Null)
		var told []string
		p.Object, p.Note = wholeIn(t, keeper{files, c.path, c.kept, &told}, content), c.note
		if err := p.Run(nil); err != nil || !slices.Equal(told, c.want) {
			t.Errorf("%s: %q, %v", name, told, err)
		}
	}
}

// A file without a location has no name, whatever the template.
func TestTemplateOfNoLocation(t *testing.T) {
	p, _, _ := staged(t, random(100), flute.Null)
	p.Template, p.File.Location = "x/{sha256}", ""
	if err := p.Run(nil); !errors.Is(err, store.ErrName) || CauseOf(err) != CauseStore {
		t.Error(err)
	}
}

// The store is told how long the decoded file may become.
func TestExpectedLength(t *testing.T) {
	content := random(3000)
	for name, c := range map[string]struct {
		edit func(p *Publication)
		want uint64
	}{
		"permitted": {func(p *Publication) { p.MaxSize = 5000 }, 5000},
		"announced": {func(p *Publication) { p.File.ContentLength = new(uint64(3000)) }, 3000},
		"what no head leaves": {func(p *Publication) {
			p.File.Encoding, p.File.Head, p.File.MD5 = flute.Null, 100, nil
		}, 0},
	} {
		p, files, _ := staged(t, content, flute.ZLIB)
		var created []uint64
		fragile(t, p, files, storedOf(t, p), func(call storetest.Call) error {
			if call.Method == "Create" {
				created = append(created, call.Size)
			}
			return nil
		})
		if c.edit(p); c.want == 0 {
			c.want = p.End - 100
		}
		if err := p.Run(nil); err != nil || !slices.Equal(created, []uint64{c.want}) {
			t.Errorf("%s: an object of %d bytes, want %d; %v", name, created, c.want, err)
		}
	}
}

// The digests that are told are those that were asked for.
func TestSums(t *testing.T) {
	for _, wanted := range []Algorithms{0, MD5, SHA512, MD5 | SHA256 | SHA512} {
		d := NewDigest(wanted)
		sums := d.Sums()
		if got := slices.Sorted(maps.Keys(sums)); !slices.Equal(got, slices.Sorted(slices.Values(wanted.names()))) {
			t.Errorf("%b: %q", wanted, got)
		}
		for name, sum := range sums {
			of, err := ParseAlgorithms([]string{name})
			if err != nil || sum != hex.EncodeToString(d.Sum(of)) {
				t.Errorf("%s: %s, %v", name, sum, err)
			}
		}
	}
}

// TestPart: it is the folder of the name that is claimed, as far as that is known before.
func TestPart(t *testing.T) {
	for _, c := range []struct{ location, folder, template, want string }{
		{"http://h/a/b/c", "", "", "a/b"},
		{"http://h/c", "", "", "."},
		{"http://h/a/c", "s", "", "s/a"},
		{"http://h/a/c", "", "day/{path}", "day/a"},
		{"http://h/a/c", "", "day/{name}", "day"},
		{"http://h/a/c", "", "{sha256}/{name}", "{sha256}"},
		{"", "s", "", ""},
	} {
		p := &Publication{File: Announced{Location: c.location}, Folder: c.folder, Template: c.template}
		if got := p.Part(); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
