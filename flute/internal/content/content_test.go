package content

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/names"
)

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

// processor checks who holds it.
type processor struct {
	t     *testing.T
	held  bool
	taken int
}

func (p *processor) Lock()   { p.want(false); p.held = true; p.taken++ }
func (p *processor) Unlock() { p.want(true); p.held = false }

func (p *processor) want(held bool) {
	p.t.Helper()
	if p.held != held {
		p.t.Fatalf("the processor is held: %v, want %v", p.held, held)
	}
}

// waiting is a store of which each call demands that the processor was given back.
type waiting struct {
	store.Store
	cpu *processor
}

func (s waiting) Create(size uint64) (store.Object, error) {
	s.cpu.want(false)
	o, err := s.Store.Create(size)
	return waitingObject{o, s.cpu}, err
}

func (s waiting) Publish(o store.Object, name string) (string, error) {
	s.cpu.want(false)
	return s.Store.Publish(o.(waitingObject).Object, name)
}

type waitingObject struct {
	store.Object
	cpu *processor
}

func (o waitingObject) ReadAt(p []byte, off int64) (int, error) {
	o.cpu.want(false)
	return o.Object.ReadAt(p, off)
}

func (o waitingObject) WriteAt(p []byte, off int64) (int, error) {
	o.cpu.want(false)
	return o.Object.WriteAt(p, off)
}

// staged returns a Publication of content, encoded by c, in a store that demands the processor.
func staged(t *testing.T, content []byte, c flute.ContentEncoding) (*Publication, *mem.Store, *processor) {
	t.Helper()
	cpu, files := &processor{t: t}, mem.New()
	s := waiting{files, cpu}
	var encoded bytes.Buffer
	if c == flute.Null {
		encoded.Write(content)
	} else {
		enc, err := NewEncoder(&encoded, c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := enc.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := enc.Close(); err != nil {
			t.Fatal(err)
		}
	}
	staged := staging.New(s, uint64(encoded.Len()))
	staged.Use()
	o, err := staged.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt(encoded.Bytes(), 0); err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(content)
	p := &Publication{
		Object: staged, Digest: NewDigest(SHA256 | MD5), End: uint64(encoded.Len()), Names: names.Of(files),
		File: Announced{Location: "a", Encoding: c, MD5: sum[:]}, Publisher: "test", MaxSize: 1 << 30,
	}
	return p, files, cpu
}

// A Publication holds the processor while it computes, and never while it waits for the store.
func TestPublication(t *testing.T) {
	content := bytes.Repeat(random(1000), 1000)
	for _, c := range []flute.ContentEncoding{flute.Null, flute.ZLIB, flute.DEFLATE, flute.GZIP} {
		for _, counted := range []bool{true, false} {
			p, files, cpu := staged(t, content, c)
			var err error
			if counted {
				err = p.Run(cpu)
			} else {
				err = p.Run(nil)
			}
			if err != nil {
				t.Fatalf("%v: %v", c, err)
			}
			r := p.Result()
			if got, ok := files.Get("a"); !ok || !bytes.Equal(got, content) {
				t.Errorf("%v: %d bytes were published", c, len(got))
			}
			if !r.Published || r.Size != uint64(len(content)) || !slices.Equal(r.Verified, []string{"md5"}) ||
				r.Path != "a" {
				t.Errorf("%v: %+v", c, r)
			}
			if cpu.want(false); (cpu.taken > 0) != counted {
				t.Errorf("%v: the processor was taken %d times", c, cpu.taken)
			}
			if n := files.Staged(); n != 0 {
				t.Errorf("%v: %d objects are staged", c, n)
			}
		}
	}
}

// renaming is a store that publishes under another path, or keeps the file that is there.
type renaming struct {
	store.Store
	path string
	err  error
}

func (s renaming) Publish(store.Object, string) (string, error) { return s.path, s.err }

// TestReplaced: whose file is replaced is told if it is, and not if the file is kept or the new one has another path.
func TestReplaced(t *testing.T) {
	for _, c := range []struct {
		path     string
		err      error
		replaced string
	}{{"a", nil, "other"}, {"a.1", nil, ""}, {"a", store.ErrKept, ""}} {
		content := random(100)
		p, files, _ := staged(t, content, flute.Null)
		if _, err := p.Names.Claim("", "a", "other"); err != nil {
			t.Fatal(err)
		}
		p.Object = wholeIn(t, renaming{files, c.path, c.err}, content)
		err := p.Run(nil)
		r := p.Result()
		if err != nil || r.Path != c.path || r.Kept != (c.err != nil) || r.Claimed.Replaced != c.replaced {
			t.Errorf("%+v: %+v, %v", c, r, err)
		}
	}
}

// wholeIn returns an object of st that has all of content.
func wholeIn(t *testing.T, st store.Store, content []byte) *staging.Object {
	t.Helper()
	staged := staging.New(st, uint64(len(content)))
	staged.Use()
	o, err := staged.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.WriteAt(content, 0); err != nil {
		t.Fatal(err)
	}
	return staged
}

// storedOf returns the bytes of the object of p.
func storedOf(t *testing.T, p *Publication) []byte {
	t.Helper()
	o, err := p.Object.Open()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, p.End)
	if _, err := o.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// refusing is a store that cannot use the first names.
type refusing struct {
	store.Store
	names int
	asked *[]string
}

func (s refusing) Publish(o store.Object, name string) (string, error) {
	if *s.asked = append(*s.asked, name); len(*s.asked) <= s.names {
		return "", store.ErrName
	}
	return s.Store.Publish(o, name)
}

// TestNameIsTriedAgain: a name that cannot be used any more is followed by one more, and no third.
func TestNameIsTriedAgain(t *testing.T) {
	for refused, want := range []int{1, 2, 2} {
		content := random(100)
		p, files, _ := staged(t, content, flute.Null)
		var asked []string
		p.Object = wholeIn(t, refusing{files, refused, &asked}, content)
		err := p.Run(nil)
		if len(asked) != want || (err == nil) != (refused < 2) || err != nil && !errors.Is(err, store.ErrName) {
			t.Errorf("%d names are refused: asked for %q, %v", refused, asked, err)
		}
	}
}

// TestTemplates: what is named by its bytes alone has one name, wherever it came from; else each location has its own.
func TestTemplates(t *testing.T) {
	for template, same := range map[string]bool{
		"{sha256}": true, "x/{sha256}": true, "{sha256}/{name}": false, "{sha256}/{path}": false, "{name}": false,
	} {
		var got []string
		p, _, _ := staged(t, random(100), flute.Null)
		p.Template, p.result.Digests = template, map[string]string{"sha-256": "0123"}
		for _, location := range []string{"http://a/f", "http://b/f"} {
			p.File.Location = location
			claimed, err := p.claim()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, claimed.Name)
		}
		if (got[0] == got[1]) != same {
			t.Errorf("%s: %q", template, got)
		}
	}
}

// What is not as it was announced is not published, and says why.
func TestPublicationFails(t *testing.T) {
	length := uint64(7)
	for name, test := range map[string]struct {
		edit func(p *Publication)
		want Cause
		err  error
	}{
		"digest":          {func(p *Publication) { p.File.MD5 = make([]byte, 16) }, CauseDigest, nil},
		"Content-Length":  {func(p *Publication) { p.File.ContentLength, p.File.Encoding = &length, flute.Null }, CauseDigest, nil},
		"Transfer-Length": {func(p *Publication) { p.File.TransferLength, p.File.MD5 = &length, nil }, CauseDigest, nil},
		"decoded length":  {func(p *Publication) { p.File.ContentLength = &length }, CauseEncoding, ErrTooLong},
		"encoding":        {func(p *Publication) { p.File.Encoding = flute.GZIP }, CauseEncoding, nil},
		"cut":             {func(p *Publication) { p.End-- }, CauseEncoding, io.ErrUnexpectedEOF},
		"missing bytes":   {func(p *Publication) { p.End++ }, CauseStore, io.ErrUnexpectedEOF},
		"name":            {func(p *Publication) { p.File.Location = "" }, CauseStore, store.ErrName},
		"newer":           {func(p *Publication) { p.Turn.GiveUp() }, CauseTurn, ErrNewer},
		"older": {func(p *Publication) {
			older := &Turn{}
			if err := older.take(); err != nil {
				t.Fatal(err)
			}
			p.Turn.Follow([]*Turn{older})
		}, CauseTurn, ErrTurn},
	} {
		p, files, cpu := staged(t, random(2000), flute.ZLIB)
		test.edit(p)
		err := p.Run(cpu)
		cpu.want(false)
		if err == nil || CauseOf(err) != test.want || test.err != nil && !errors.Is(err, test.err) {
			t.Errorf("%s: %v, cause %d", name, err, CauseOf(err))
		}
		p.Object.Forget()
		p.Object.Leave()
		if p.Result().Published || len(files.Files()) != 0 || files.Staged() != 0 {
			t.Errorf("%s: %d files, %d staged", name, len(files.Files()), files.Staged())
		}
	}
}

// TestVerify: a digest may be that of the file or of the object; a Transfer-Length counts where no digest was compared.
func TestVerify(t *testing.T) {
	digestOf := func(b []byte, a Algorithms) *Digest {
		d := NewDigest(a)
		d.compute(nil, b)
		return d
	}
	const all = MD5 | SHA256 | SHA512
	file, object := digestOf([]byte("file"), all), digestOf([]byte("object"), all)
	one, two := uint64(1), uint64(2)
	wrong := make([]byte, 64)
	for name, c := range map[string]struct {
		told     Announced
		computed Algorithms
		want     []string // nil and !ok: it is refused
		ok       bool
	}{
		"nothing": {Announced{}, all, nil, true},
		"of the file": {
			Announced{MD5: file.Sum(MD5), SHA256: file.Sum(SHA256)}, all, []string{"md5", "sha-256"}, true,
		},
		"of the object":        {Announced{SHA512: object.Sum(SHA512)}, all, []string{"sha-512"}, true},
		"MD5 differs":          {Announced{MD5: wrong[:16]}, all, nil, false},
		"SHA-256 differs":      {Announced{SHA256: wrong[:32]}, all, nil, false},
		"SHA-512 differs":      {Announced{SHA512: wrong}, all, nil, false},
		"not computed":         {Announced{SHA512: wrong}, SHA256, nil, true},
		"length":               {Announced{ContentLength: &one, TransferLength: &two}, all, nil, true},
		"Content-Length":       {Announced{ContentLength: &two}, all, nil, false},
		"Transfer-Length":      {Announced{TransferLength: &one}, all, nil, false},
		"length, not computed": {Announced{TransferLength: &one, MD5: wrong[:16]}, SHA256, nil, false},
		"a digest tells more":  {Announced{TransferLength: &one, MD5: file.Sum(MD5)}, all, []string{"md5"}, true},
	} {
		verified, err := c.told.verify(digestOf([]byte("object"), c.computed), file, 2, 1)
		if (err == nil) != c.ok || c.ok && !slices.Equal(verified, c.want) {
			t.Errorf("%s: %q, %v", name, verified, err)
		}
	}
}

// TestStrongest: of several digests the strongest one is compared.
func TestStrongest(t *testing.T) {
	digest := []byte{1}
	for _, c := range []struct {
		told Announced
		all  Algorithms
		want Algorithms
	}{
		{Announced{}, 0, 0},
		{Announced{MD5: digest}, MD5, MD5},
		{Announced{MD5: digest, SHA256: digest}, MD5 | SHA256, SHA256},
		{Announced{MD5: digest, SHA512: digest}, MD5 | SHA512, SHA512},
		{Announced{SHA256: digest, SHA512: digest}, SHA256 | SHA512, SHA512},
	} {
		if got := c.told.Strongest(); got != c.want {
			t.Errorf("%+v: %b, want %b", c.told, got, c.want)
		}
		if got := c.all.Strongest(); got != c.want {
			t.Errorf("%b: %b, want %b", c.all, got, c.want)
		}
		if got := ParseHint(" unknown  " + c.all.Hint()); got != c.all {
			t.Errorf("%q: %b, want %b", c.all.Hint(), got, c.all)
		}
	}
}

// TestDecodedLength: a file may have as many bytes as Content-Length says, or the receiver permits, and no more; one
// that inflates far beyond what came needs a Content-Length.
func TestDecodedLength(t *testing.T) {
	const size = 2000
	for name, c := range map[string]struct {
		content []byte
		edit    func(p *Publication)
		ok      bool
	}{
		"as much as permitted": {random(size), func(p *Publication) { p.MaxSize = size }, true},
		"more than permitted":  {random(size), func(p *Publication) { p.MaxSize = size - 1 }, false},
		"as announced":         {random(size), func(p *Publication) { p.File.ContentLength = new(uint64(size)) }, true},
		"more than announced":  {random(size), func(p *Publication) { p.File.ContentLength = new(uint64(size - 1)) }, false},
		"zeros":                {make([]byte, minDecoded), func(*Publication) {}, true},
		"no encoding, head": {random(size), func(p *Publication) {
			p.File.Encoding, p.File.Head, p.File.MD5 = flute.Null, 10, nil
		}, true},
	} {
		p, _, cpu := staged(t, c.content, flute.ZLIB)
		c.edit(p)
		if err := p.Run(cpu); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A version that is verified first takes the place of an older one that has not begun, and waits for one that has.
func TestTurn(t *testing.T) {
	var older, newer Turn
	newer.Follow([]*Turn{&older})
	if err := newer.take(); err != nil || !newer.IsTaken() || !older.IsOver() {
		t.Errorf("newer first: %v", err)
	}
	if err := older.take(); !errors.Is(err, ErrNewer) {
		t.Errorf("older after that: %v", err)
	}
	var first, second Turn
	second.Follow([]*Turn{&first})
	if err := first.take(); err != nil {
		t.Error(err)
	}
	if err := second.take(); !errors.Is(err, ErrTurn) {
		t.Errorf("second while the first is under way: %v", err)
	}
	if first.IsOver() {
		t.Error("the first is over while it is under way")
	}
	if first.End(); !first.IsOver() {
		t.Error("the first is not over")
	}
	if err := second.take(); err != nil || second.GiveUp() {
		t.Errorf("second after the first: %v", err)
	}
}

// Digests do not depend on how the bytes are cut; Extend goes on where it was.
func TestDigest(t *testing.T) {
	content := random(3*ReadSize + 77)
	a, b, c := md5.Sum(content), sha256.Sum256(content), sha512.Sum512(content)
	for _, wanted := range []Algorithms{0, MD5, SHA256, MD5 | SHA256, SHA512, MD5 | SHA256 | SHA512} {
		d := NewDigest(wanted)
		for _, end := range []uint64{100, 100, ReadSize, uint64(len(content))} {
			if err := d.Extend(nil, bytes.NewReader(content), end); err != nil || d.Done() != end {
				t.Fatalf("Extend to %d: %v, %d", end, err, d.Done())
			}
		}
		for of, want := range map[Algorithms][]byte{MD5: a[:], SHA256: b[:], SHA512: c[:]} {
			if wanted&of == 0 {
				want = nil
			}
			if got := d.Sum(of); !bytes.Equal(got, want) || d.Covers(of) != (want != nil) {
				t.Errorf("wanted %b: digest %b is %x, covered %v", wanted, of, got, d.Covers(of))
			}
		}
		if wanted == 0 {
			continue // nothing is read
		}
		if err := d.Extend(nil, bytes.NewReader(content), uint64(len(content))+1); !errors.Is(err,
			io.ErrUnexpectedEOF) {
			t.Errorf("beyond the end: %v", err)
		}
	}
}

// What follows the encoded content is an error, and so is content that is cut, wherever.
func TestDecode(t *testing.T) {
	content := random(300)
	for _, c := range []flute.ContentEncoding{flute.ZLIB, flute.DEFLATE, flute.GZIP} {
		var b bytes.Buffer
		enc, err := NewEncoder(&b, c)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = enc.Write(content)
		_ = enc.Close()
		decode := func(encoded []byte) ([]byte, error) {
			var out bytes.Buffer
			err := Decode(&out, bufio.NewReader(bytes.NewReader(encoded)), c)
			return out.Bytes(), err
		}
		if got, err := decode(b.Bytes()); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%v: %d bytes, %v", c, len(got), err)
		}
		for n := range b.Len() {
			if _, err := decode(b.Bytes()[:n]); err == nil {
				t.Errorf("%v: cut to %d of %d bytes", c, n, b.Len())
			}
		}
		if _, err := decode(append(b.Bytes(), 0)); err == nil {
			t.Errorf("%v: a byte follows", c)
		}
	}
	if _, err := NewEncoder(io.Discard, flute.Null); err == nil {
		t.Error("an encoder without encoding")
	}
}
