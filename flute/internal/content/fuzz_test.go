package content

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	deflate "github.com/klauspost/compress/flate"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// capped takes so many bytes.
type capped struct{ left int }

func (c *capped) Write(p []byte) (int, error) {
	if len(p) > c.left {
		return 0, ErrTooLong
	}
	c.left -= len(p)
	return len(p), nil
}

// decoded returns what Decode makes of b, of at most 64 KiB, and whether it is an error.
func decoded(in io.Reader, c flute.ContentEncoding) (string, bool) {
	var out bytes.Buffer
	w := struct{ io.Writer }{io.MultiWriter(&capped{left: 64 << 10}, &out)}
	err := Decode(w, bufio.NewReaderSize(in, 16), c)
	return out.String(), err == nil
}

// members reads the members of a gzip file one by one with Go's own reader, which knows nothing of a rule of RFC 1952,
// section 2.3.1.2: bits of FLG that are reserved are an error.
type members struct {
	in     *bytes.Reader
	member *gzip.Reader
	begin  int // where the compressed bytes of the member begin, counted from the end
}

// next begins the next member. io.EOF is the end of the last one.
func (m *members) next() error {
	var head [4]byte
	if n, _ := m.in.ReadAt(head[:], m.in.Size()-int64(m.in.Len())); n == len(head) && head[3]>>5 != 0 {
		return gzip.ErrHeader
	}
	if err := m.member.Reset(m.in); err != nil {
		return err
	}
	m.member.Multistream(false)
	m.begin = m.in.Len()
	return nil
}

func (m *members) Read(p []byte) (int, error) {
	n, err := m.member.Read(p)
	if errors.Is(err, io.EOF) {
		err = m.next()
	}
	return n, err
}

// standard undoes c with the packages of Go, which are not what Decode uses, if it is not more than 64 KiB. last is b
// from its latest DEFLATE content on.
func standard(b []byte, c flute.ContentEncoding) (text string, ok bool, last []byte) {
	in := bytes.NewReader(b)
	m := &members{in: in, member: new(gzip.Reader), begin: len(b)}
	var r io.Reader = in
	var err error
	switch {
	case c == flute.GZIP:
		r, err = m, m.next()
	case c == flute.ZLIB, c == flute.DEFLATE && len(b) > 1 && b[0]&15 == 8 && (int(b[0])<<8+int(b[1]))%31 == 0:
		r, err = zlib.NewReader(in)
		m.begin = in.Len()
	case c == flute.DEFLATE:
		r = flate.NewReader(in)
	}
	if err != nil {
		return "", false, b[len(b)-m.begin:]
	}
	out, err := io.ReadAll(io.LimitReader(r, 64<<10+1))
	return string(out), err == nil && in.Len() == 0 && len(out) <= 64<<10, b[len(b)-m.begin:]
}

// stale reports whether DEFLATE content that Decode takes has a block that refers to distances without a code for them,
// which is an error (RFC 1951, section 3.2.7). klauspost/compress 1.20.4 then reads with the codes of the block before.
// A decoder that begins with that block refuses it.
func stale(b []byte) bool {
	var blocks []deflate.InflateCheckpoint
	_, err := io.Copy(io.Discard, deflate.NewReaderOpts(bytes.NewReader(b),
		deflate.WithEobCallback(func(c deflate.InflateCheckpoint) {
			c.Window = bytes.Clone(c.Window)
			blocks = append(blocks, c)
		})))
	return err == nil && slices.ContainsFunc(blocks, func(c deflate.InflateCheckpoint) bool {
		_, err := io.Copy(io.Discard,
			deflate.NewReaderOpts(bytes.NewReader(b[c.CompressedOffset:]), deflate.WithResumeFrom(c)))
		return err != nil
	})
}

// FuzzDecode: whatever is called encoded content takes the memory of a decoder, however much it claims to inflate to,
// and not a byte beyond the bound is written. It is decoded to what Go's own packages make of it, however many bytes a
// read brings; what lacks its last byte, or has one more, is an error; and what is encoded here comes back.
func FuzzDecode(f *testing.F) {
	encodings := []flute.ContentEncoding{flute.Null, flute.ZLIB, flute.DEFLATE, flute.GZIP}
	for i, c := range encodings[1:] {
		for _, size := range []int{0, 300, 8 << 20} { // the last one is a bomb
			var b bytes.Buffer
			enc, err := NewEncoder(&b, c)
			if err != nil {
				f.Fatal(err)
			}
			_, _ = enc.Write(make([]byte, size))
			_ = enc.Close()
			f.Add(b.Bytes(), uint8(i+1))
			if c == flute.ZLIB { // what HTTP calls deflate
				f.Add(b.Bytes(), uint8(slices.Index(encodings, flute.DEFLATE)))
			}
			if c == flute.GZIP && size == 0 { // many members of nothing
				f.Add(bytes.Repeat(b.Bytes(), 500), uint8(i+1))
			}
		}
	}
	bound := allocbound.Bound{PerByte: 16, Fixed: 2*ReadSize + 128<<10}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		c := encodings[int(which)%len(encodings)]
		bound.Check(t, len(b), func() {
			_ = Decode(&capped{left: 1 << 20}, bufio.NewReaderSize(bytes.NewReader(b), ReadSize), c)
		})
		got, ok := decoded(bytes.NewReader(b), c)
		want, right, last := standard(b, c)
		if (ok != right || ok && got != want) && (right || !stale(last)) {
			t.Fatalf("%v: %d bytes, %v; want %d bytes, %v", c, len(got), ok, len(want), right)
		}
		if slow, same := decoded(iotest.OneByteReader(bytes.NewReader(b)), c); same != ok || slow != got {
			t.Fatalf("%v: %d bytes, %v; byte by byte %d bytes, %v", c, len(got), ok, len(slow), same)
		}
		if c == flute.Null {
			if ok != (len(b) <= 64<<10) || ok && got != string(b) {
				t.Fatalf("%d bytes of %d, %v", len(got), len(b), ok)
			}
			return
		}
		if ok {
			if _, ok := decoded(bytes.NewReader(b[:len(b)-1]), c); ok {
				t.Fatalf("%v: without its last byte, too", c)
			}
			if _, ok := decoded(bytes.NewReader(append(bytes.Clone(b), 0)), c); ok {
				t.Fatalf("%v: with a byte behind it, too", c)
			}
		}
		b = b[:min(len(b), 64<<10)]
		var encoded bytes.Buffer
		w, err := NewEncoder(&encoded, c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		if got, ok := decoded(&encoded, c); !ok || got != string(b) {
			t.Fatalf("%v: %d bytes come back as %d, %v", c, len(b), len(got), ok)
		}
	})
}
