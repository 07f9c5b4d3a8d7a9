package content

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store/storetest"
)

// RFC 6726, section 3.4.3, means RFC 1951 by DEFLATE, RFC 2616, section 3.5, the format of RFC 1950: both are taken.
// Raw content may begin with bytes that look like a part of a zlib header.
func TestDeflateOfBothKinds(t *testing.T) {
	stored := func(first byte, text string, last bool) []byte { // a stored block: RFC 1951, section 3.2.4
		if last {
			first |= 1
		}
		n := len(text)
		return append([]byte{first, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, text...)
	}
	var wrapped bytes.Buffer
	w := zlib.NewWriter(&wrapped)
	_, _ = w.Write([]byte("hello"))
	_ = w.Close()
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"zlib":               {wrapped.Bytes(), "hello"},
		"raw, check agrees":  {stored(0, strings.Repeat("x", 23), true), strings.Repeat("x", 23)}, // 0x0117 = 9 * 31
		"raw, method agrees": {append(stored(8, "x", false), stored(0, "", true)...), "x"},
		"raw, of two bytes":  {[]byte{3, 0}, ""}, // an empty block of fixed codes
	} {
		var out bytes.Buffer
		err := Decode(&out, bufio.NewReader(bytes.NewReader(c.in)), flute.DEFLATE)
		if err != nil || out.String() != c.want {
			t.Errorf("%s: %q, %v", name, out.String(), err)
		}
	}
	for _, c := range []struct {
		head string
		want bool
	}{
		{"\x78\x9c", true},
		{"\x78\x01", true},
		{"\x08\x1d", true},
		{"\x78\x9d", false},
		{"\x79\x9b", false},
		{"\x01\x17", false},
		{"\x88\x1c", true},
		{"\x88\x1d", false},
		{"\x78", false},
		{"", false},
	} {
		if got := isZLIB([]byte(c.head)); got != c.want {
			t.Errorf("%x: zlib %v", c.head, got)
		}
	}
	if EncodingName(flute.Null) != "" || EncodingName(flute.GZIP) != "gzip" {
		t.Errorf("%q, %q", EncodingName(flute.Null), EncodingName(flute.GZIP))
	}
}

// A writer takes what its limit permits, whole writes only, and blames the store for what the store fails with.
func TestHashingWriter(t *testing.T) {
	for name, c := range map[string]struct {
		limit uint64
		store error
		n     int
		err   error
	}{
		"as much as there may be": {10, nil, 6, nil},
		"one more":                {9, nil, 0, ErrTooLong},
		"the store":               {10, errBroken, 0, errBroken},
	} {
		h := &hashingWriter{object: writerAt{}, digest: NewDigest(MD5), limit: c.limit}
		if n, err := h.Write([]byte("1234")); n != 4 || err != nil {
			t.Fatal(n, err)
		}
		h.object = writerAt{c.store}
		n, err := h.Write([]byte("567890"))
		if _, ok := errors.AsType[storeError](err); n != c.n || !errors.Is(err, c.err) || ok != (c.store != nil) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		if h.digest.Done() != uint64(4+c.n) {
			t.Errorf("%s: %d bytes are hashed", name, h.digest.Done())
		}
	}
}

type writerAt struct{ err error }

func (w writerAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), w.err }

// What inflates to more than the least bound, but not beyond what DEFLATE can do, is decoded; a disk that is full
// is no fault of the content.
func TestInflated(t *testing.T) {
	zeros := make([]byte, 2*minDecoded)
	p, _, _ := staged(t, zeros, flute.ZLIB)
	if err := p.Run(nil); err != nil || p.Result().Size != uint64(len(zeros)) {
		t.Errorf("%d bytes, %v", p.Result().Size, err)
	}
	for _, method := range []string{"Create", "WriteAt"} {
		p, files, _ := staged(t, random(3000), flute.ZLIB)
		encoded := storedOf(t, p)
		p.Object.Forget()
		p.Object.Leave()
		fragile(t, p, files, encoded, func(c storetest.Call) error {
			if c.Method == method {
				return errBroken
			}
			return nil
		})
		if err := p.Run(nil); CauseOf(err) != CauseStore || !errors.Is(err, errBroken) || files.Staged() != 1 {
			t.Errorf("%s: %v, %d objects are staged", method, err, files.Staged())
		}
	}
}

// An object of ROUTE in entity mode: a head, and the file behind it, in chunks or not, encoded or not. Nothing is
// nothing, whatever its encoding. What lies in the object beyond its end is not looked at.
func TestHeads(t *testing.T) {
	for name, c := range map[string]struct {
		object string
		end    int // of the object; 0: all
		file   Announced
		want   string
		bad    bool
	}{
		"head":           {"head\n\nfile", 0, Announced{Head: 6}, "file", false},
		"head of a byte": {"\nfile", 0, Announced{Head: 1}, "file", false},
		"head alone":     {"\n", 0, Announced{Head: 1}, "", false},
		"end":            {"head\n\nfilemore", 10, Announced{Head: 6}, "file", false},
		"beyond the end": {"head", 0, Announced{Head: 9}, "", false},
		"chunks":         {"\n4\nfile\n0\n\n", 0, Announced{Head: 1, Chunked: true}, "file", false},
		"no chunks":      {"\nfile", 0, Announced{Head: 1, Chunked: true}, "", true},
		"nothing, gzip":  {"", 0, Announced{Encoding: flute.GZIP}, "", false},
		"byte, gzip":     {"x", 0, Announced{Encoding: flute.GZIP}, "", true},
	} {
		p, files, _ := staged(t, []byte(c.object), flute.Null)
		if c.end > 0 {
			p.End = uint64(c.end)
		}
		c.file.Location = "a"
		p.File = c.file
		err := p.Run(nil)
		if got, _ := files.Get("a"); (err != nil) != c.bad || string(got) != c.want || err != nil &&
			CauseOf(err) != CauseEncoding {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// RFC 9112, section 7.1: sizes are hexadecimal. What a store fails with is no fault of the chunks.
func TestChunkSizes(t *testing.T) {
	for in, want := range map[string]string{
		"1\na\n0\n\n": "a", "10\n0123456789abcdef\n0\n\n": "0123456789abcdef",
		"f\n0123456789abcde\n1\nf\n0\n\n": "0123456789abcdef",
	} {
		got, err := io.ReadAll(&dechunker{in: bufio.NewReader(strings.NewReader(in))})
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "1\n", "1\na\n", "1\na\n0\n"} {
		r := io.MultiReader(strings.NewReader(in), iotest.ErrReader(errBroken))
		if _, err := io.ReadAll(&dechunker{in: bufio.NewReader(r)}); !errors.Is(err, errBroken) && in != "1\na\n" {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// What cannot be read is not hashed, and says why.
func TestExtendFails(t *testing.T) {
	for name, c := range map[string]struct {
		err  error // of a read that brings less
		want error
	}{
		"end":     {err: io.EOF, want: io.ErrUnexpectedEOF},
		"nothing": {err: nil, want: io.ErrUnexpectedEOF},
		"disk":    {err: errBroken, want: errBroken},
	} {
		d := NewDigest(MD5)
		err := d.Extend(nil, readerAt(func(p []byte, _ int64) (int, error) { return min(7, len(p)), c.err }), 10)
		if !errors.Is(err, c.want) || d.Done() != 7 {
			t.Errorf("%s: %v after %d bytes", name, err, d.Done())
		}
	}
	d := NewDigest(0)
	for _, c := range [][2]uint64{{100, 100}, {50, 100}} { // nothing is read, and nothing forgotten
		if err := d.Extend(nil, nil, c[0]); err != nil || d.Done() != c[1] {
			t.Errorf("to %d: %d, %v", c[0], d.Done(), err)
		}
	}
	faulty := staging.New(&storetest.Faulty{Before: func(storetest.Call) error { return errBroken }}, 1)
	if err := (&Hashing{Object: faulty, Digest: NewDigest(MD5), End: 1}).Run(nil); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }
