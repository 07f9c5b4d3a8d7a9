package sender

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

// passStep is how much Prepare reads at once.
const passStep = 256 << 10

func TestPrepare(t *testing.T) {
	for _, size := range []int{0, 1, 1000, passStep - 1, passStep, 3*passStep + 7} {
		content := pattern(size)
		for _, cenc := range []flute.ContentEncoding{flute.Null, flute.ZLIB, flute.DEFLATE, flute.GZIP} {
			scratches := map[string]Scratch{"memory": nil}
			f, err := os.Create(filepath.Join(t.TempDir(), "scratch"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			scratches["file"] = f
			for name, scratch := range scratches {
				o, err := Prepare(context.Background(), File{
					ContentLocation: "a", Content: bytes.NewReader(content), Size: uint64(size), CENC: cenc,
				}, scratch)
				if err != nil {
					t.Fatalf("%d bytes, %v, %s: %v", size, cenc, name, err)
				}
				wire := make([]byte, o.TransferLength())
				if err := readFull(o.source, wire, 0); err != nil {
					t.Fatalf("%d bytes, %v, %s: %v", size, cenc, name, err)
				}
				if !bytes.Equal(decode(t, wire, cenc), content) {
					t.Errorf("%d bytes, %v, %s: content differs", size, cenc, name)
				}
				sum, sum256, wire256 := md5.Sum(content), sha256.Sum256(content), sha256.Sum256(wire)
				if !bytes.Equal(o.md5, sum[:]) || !bytes.Equal(o.sha256, sum256[:]) ||
					!bytes.Equal(o.transferSHA256, wire256[:]) {
					t.Errorf("%d bytes, %v, %s: digests differ", size, cenc, name)
				}
			}
		}
	}
}

func TestPrepareDigests(t *testing.T) {
	for d, want := range map[Digests][]string{
		0: {"md5", "sha-256"}, DigestMD5: {"md5"}, DigestSHA256: {"sha-256"}, NoDigest: nil, NoDigest | DigestMD5: nil,
	} {
		o, err := Prepare(context.Background(), File{ContentLocation: "a", Digests: d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := o.digests()
		if len(got) != len(want) {
			t.Errorf("digests %d: got %v, want %v", d, got, want)
		}
		for _, name := range want {
			if got[name] == "" {
				t.Errorf("digests %d: no %s", d, name)
			}
		}
	}
	o, _ := Prepare(context.Background(), File{ContentLocation: "a"}, nil)
	want := map[string]string{
		"md5":     "d41d8cd98f00b204e9800998ecf8427e",
		"sha-256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
	if diff := cmp.Diff(want, o.digests()); diff != "" {
		t.Error(diff)
	}
}

func TestPrepareErrors(t *testing.T) {
	content := bytes.NewReader(make([]byte, 100))
	zero := flute.TOI{}
	for name, f := range map[string]File{
		"no name":       {Content: content, Size: 1},
		"no content":    {ContentLocation: "a", Size: 1},
		"huge":          {ContentLocation: "a", Content: content, Size: 1 << 63},
		"TOI 0":         {ContentLocation: "a", Content: content, Size: 1, TOI: &zero},
		"blank in name": {ContentLocation: "a b", Content: content, Size: 1},
		"unknown CENC":  {ContentLocation: "a", Content: content, Size: 1, CENC: 4},
	} {
		if _, err := Prepare(context.Background(), f, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Prepare(context.Background(), File{ContentLocation: "a", Content: content, Size: 101},
		nil); !errors.Is(err, errSource) {
		t.Errorf("short content: %v", err)
	}
	bad := &flaky{r: content, fail: 50}
	_, err := Prepare(context.Background(), File{ContentLocation: "a", Content: bad, Size: 100}, nil)
	if !errors.Is(err, errSource) || !errors.Is(err, errFlaky) {
		t.Errorf("failing content: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Prepare(ctx, File{ContentLocation: "a", Content: content, Size: 100}, nil); !errors.Is(err,
		context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	full, err := os.Open(os.DevNull) // not writable
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if _, err := Prepare(context.Background(),
		File{ContentLocation: "a", Content: content, Size: 100, CENC: flute.GZIP}, full); err == nil {
		t.Error("scratch that cannot be written: no error")
	}
}

func TestConf_E52_ContentLocationIsAURI(t *testing.T) {
	for _, good := range []string{
		"a", "file:///a.txt", "http://example.com/a%20b?c=d&e#f", "urn:x:y", "a/b;c=d", "//host/a", "?q", "*~!$'()",
		strings.Repeat("a", maxURI),
	} {
		if err := checkURI(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", "a b", "a\n", "a\x00", "ä", "a<b", "a>b", `a"b`, "a{b", "a}b", "a|b", `a\b`, "a^b", "a`b", "%", "%4", "%zz", "http://[::1",
		strings.Repeat("a", maxURI+1),
	} {
		if err := checkURI(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestPrepareTakesMD5: Preparer.MD5 has the content of a file of one step as a whole, and what it returns is announced;
// other files do without.
func TestPrepareTakesMD5(t *testing.T) {
	for _, c := range []struct {
		size  int
		cenc  flute.ContentEncoding
		taken bool
	}{
		{0, flute.Null, false},
		{1, flute.Null, true},
		{passStep, flute.Null, true},
		{passStep + 1, flute.Null, false},
		{1, flute.GZIP, false},
	} {
		content, calls := pattern(c.size), 0
		p := Preparer{MD5: func(b []byte) [16]byte {
			calls++
			return md5.Sum(b)
		}}
		o, err := p.Prepare(t.Context(), File{
			ContentLocation: "a", Content: bytes.NewReader(content), Size: uint64(c.size), CENC: c.cenc,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := md5.Sum(content); !bytes.Equal(o.md5, want[:]) || o.sha256 == nil || (calls == 1) != c.taken {
			t.Errorf("%d bytes, %v: MD5 %x, want %x; %d calls", c.size, c.cenc, o.md5, want, calls)
		}
	}
}
