package sender

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute"
)

// counted is a Scratch that counts what is written to it, and how often it is closed.
type counted struct {
	memory
	closed int
}

func (c *counted) Close() error { c.closed++; return nil }

// TestEncodingIfSmaller: what an encoding does not make smaller goes without, and a long file that does not look like
// it is not encoded to its end.
func TestEncodingIfSmaller(t *testing.T) {
	noise := make([]byte, 8<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	for _, test := range []struct {
		content  []byte
		smaller  bool
		want     flute.ContentEncoding
		encoding int // bytes that are encoded at most
	}{
		{bytes.Repeat([]byte("a"), 1000), true, flute.GZIP, 100},
		{[]byte("a"), true, flute.Null, 100},
		{[]byte("a"), false, flute.GZIP, 100},
		{noise, true, flute.Null, tryEncoding * 3 / 2},
		{noise, false, flute.GZIP, 9 << 20},
		{append(bytes.Repeat([]byte("a"), len(noise)), noise...), true, flute.GZIP, 9 << 20},
	} {
		scratch := &counted{}
		o, err := Prepare(context.Background(), File{
			ContentLocation: "a", Content: bytes.NewReader(test.content), Size: uint64(len(test.content)),
			CENC: flute.GZIP, CENCIfSmaller: test.smaller,
		}, scratch)
		if err != nil {
			t.Fatal(err)
		}
		if o.file.CENC != test.want || len(scratch.b) > test.encoding {
			t.Errorf("%d bytes, if smaller %v: %v, %d bytes encoded",
				len(test.content), test.smaller, o.file.CENC, len(scratch.b))
		}
		wire := make([]byte, o.TransferLength())
		if err := readFull(o.source, wire, 0); err != nil || !bytes.Equal(decode(t, wire, test.want), test.content) {
			t.Errorf("%d bytes, if smaller %v: other content (%v)", len(test.content), test.smaller, err)
		}
	}
}

// closes is content that counts how often it is closed.
type closes struct {
	io.ReaderAt
	closed int
}

func (c *closes) Close() error { c.closed++; return nil }

// TestOwned: what the session owns is closed once, however the object ends; what it does not own never.
func TestOwned(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *Session, o *Object){
		"sent":   func(t *testing.T, s *Session, o *Object) { add(t, s, o); files(t, s, nil) },
		"works":  func(t *testing.T, s *Session, o *Object) { add(t, s, o); files(t, s, runAll); runAll(s.Works()) },
		"abort":  func(t *testing.T, s *Session, o *Object) { add(t, s, o); s.Abort("") },
		"remove": func(t *testing.T, s *Session, o *Object) { s.Remove(add(t, s, o), AtOnce) },
		"refused": func(t *testing.T, s *Session, o *Object) {
			s.Abort("")
			if _, err := s.Add(o); err == nil {
				t.Error("no error")
			}
		},
		"dropped": func(_ *testing.T, _ *Session, o *Object) { o.Discard() },
	} {
		for _, owned := range []bool{true, false} {
			s, _ := oneFile(t, Config{}, 0)
			c, scratch := &closes{ReaderAt: strings.NewReader("0123456789")}, &counted{}
			f := File{ContentLocation: "owned", Content: c, Size: 10, Owned: owned, CENC: flute.GZIP}
			o, err := Prepare(context.Background(), f, scratch)
			if err != nil {
				t.Fatal(err)
			}
			end(t, s, o)
			want := 0
			if owned {
				want = 1
			}
			if c.closed != want || scratch.closed != want {
				t.Errorf("%s, owned %v: content closed %d times, scratch %d times",
					name, owned, c.closed, scratch.closed)
			}
		}
	}
	c, scratch := &closes{ReaderAt: strings.NewReader("")}, &counted{}
	f := File{ContentLocation: "owned", Content: c, Size: 10, Owned: true}
	if _, err := Prepare(context.Background(), f, scratch); err == nil || c.closed != 1 || scratch.closed != 1 {
		t.Errorf("cannot be prepared (%v): content closed %d times, scratch %d times", err, c.closed, scratch.closed)
	}
}

func runAll(works []*Work) {
	for _, w := range works {
		w.Run(nil)
	}
}

// TestAutoETag: it is that of the digest, which may come later, or of the version; other content has another one.
func TestAutoETag(t *testing.T) {
	etag := func(text string, d Digests) string {
		o, err := Prepare(context.Background(), File{
			ContentLocation: "a", Content: strings.NewReader(text), Size: uint64(len(text)), AutoETag: true, Digests: d,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o.etag()
	}
	seen := map[string]bool{}
	for _, d := range []Digests{0, DigestMD5, NoDigest} {
		for _, text := range []string{"1", "22"} {
			tag := etag(text, d)
			if len(tag) != 34 || seen[tag] || tag != etag(text, d) {
				t.Errorf("digests %d, %s: %s", d, text, tag)
			}
			seen[tag] = true
		}
	}
	if tag := etag("1", DigestLater); tag != "" {
		t.Errorf("before the digest is known: %s", tag)
	}
	r := sendLater(t, Config{}, File{Content: bytes.NewReader(pattern(800)), Size: 800, AutoETag: true})
	r.run(10, 1e9)
	runAll(r.held)
	r.run(1000, 60e9)
	if r.etag == "" {
		t.Error("no ETag is announced with the digests")
	}
}

// TestUpdateOfTheSameVersion: an object whose content is the same version of its Source stays.
func TestUpdateOfTheSameVersion(t *testing.T) {
	d := &disk{}
	d.replace(pattern(2_000))
	s, _ := oneFile(t, Config{}, 0)
	prepared := func() *Object {
		o, err := Prepare(context.Background(), File{ContentLocation: "disk", Source: d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	first := add(t, s, prepared())
	if toi, err := s.Update(prepared(), AtOnce); toi != first || err != nil {
		t.Errorf("the same version: TOI %v, %v; want %v", toi, err, first)
	}
	d.replace(pattern(3_000))
	if toi, err := s.Update(prepared(), AtOnce); toi == first || err != nil {
		t.Errorf("another version: TOI %v, %v", toi, err)
	}
}

// TestAddTakesLittle: what a file that waits takes in memory is bounded.
func TestAddTakesLittle(t *testing.T) {
	const n, most = 2000, 4 << 10
	s, _ := oneFile(t, Config{}, 0)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range n {
		name := fmt.Sprintf("file:///folder/%d.txt", i)
		addTo(t, s, File{ContentLocation: name, Content: strings.NewReader("1"), Size: 1})
	}
	if each := (int64(heap()) - int64(before)) / n; each > most {
		t.Errorf("each of %d files takes %d bytes, want at most %d", n, each, most)
	}
	runtime.KeepAlive(s)
}

// through is an encoder that writes all that it is given but the first few bytes.
type through struct {
	to   io.Writer
	less int
}

func (w *through) Write(p []byte) (int, error) {
	n := min(w.less, len(p))
	w.less -= n
	_, err := w.to.Write(p[n:])
	return len(p), err
}

func (w *through) Close() error { return nil }

// TestEncodingGivenUp: an encoding that has saved not a byte is given up after the first mebibyte, if the file shall be
// encoded only where that makes it smaller; else at the end.
func TestEncodingGivenUp(t *testing.T) {
	for _, c := range []struct {
		name      string
		size      int
		less      int
		ifSmaller bool
		early     bool // before the end
		given     bool
	}{
		{"nothing saved", tryEncoding, 0, true, true, true},
		{"a byte saved", tryEncoding, 1, true, false, false},
		{"a shorter file, nothing saved", tryEncoding - 1, 0, true, false, true},
		{"a shorter file, a byte saved", tryEncoding - 1, 1, true, false, false},
		{"it is wanted anyway", tryEncoding, 0, false, false, false},
	} {
		f := &File{CENC: flute.GZIP, CENCIfSmaller: c.ifSmaller}
		e, err := newEncoding(f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		e.enc = &through{&e.to, c.less}
		if n, err := e.Write(make([]byte, c.size)); n != c.size || err != nil || e.void != c.early {
			t.Errorf("%s: %d bytes, %v, given up: %v", c.name, n, err, e.void)
		}
		o := &Object{file: *f, transferLength: uint64(c.size)}
		if err := e.end(o); err != nil || (o.file.CENC == flute.Null) != c.given {
			t.Errorf("%s: %v, %v", c.name, err, o.file.CENC)
		}
		want := uint64(c.size)
		if !c.given {
			want -= uint64(c.less)
		}
		if o.transferLength != want || (o.source == nil) != c.given {
			t.Errorf("%s: %d bytes are sent, want %d", c.name, o.transferLength, want)
		}
		if n, err := e.Write(make([]byte, 5)); c.given && (n != 5 || err != nil) {
			t.Errorf("%s: %d, %v", c.name, n, err)
		}
	}
}
