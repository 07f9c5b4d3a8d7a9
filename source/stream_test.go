package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute/sender"
)

// TestStream: a stream becomes a file under its name; nothing of it is left in the folder for temporary files, also
// when it is too long or cannot be read.
func TestStream(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	f, err := Stream(t.Context(), "a b/c#d.html", strings.NewReader("12345"), 5)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(f.Content, 0, int64(f.Size)))
	if string(got) != "12345" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if f.ContentLocation != "file:///a%20b/c%23d.html" || !strings.HasPrefix(f.ContentType, "text/html") ||
		f.Size != 5 {
		t.Errorf("%+v", f)
	}
	o, err := sender.Prepare(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Discard()
	if _, err := f.Content.ReadAt(got, 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after its end: %v", err)
	}
	if _, err := Stream(t.Context(), "a", strings.NewReader("123456"), 5); !errors.Is(err, errTooLong) {
		t.Errorf("too long: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Stream(ctx, "a", strings.NewReader("1"), 5); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left, err := os.ReadDir(temporary); len(left) > 0 || err != nil {
		t.Errorf("left: %v %v", left, err)
	}
}

// TestLocation: characters that mean something in a URI are percent-encoded.
func TestLocation(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt": "file:///a.txt", "a#b.txt": "file:///a%23b.txt", "a?b": "file:///a%3Fb", "a b": "file:///a%20b",
		"é.txt": "file:///%C3%A9.txt", "100%": "file:///100%25", "a%20b": "file:///a%2520b",
		"d/e;f=g":        "file:///d/e;f=g",
		"http://h/a%20b": "http://h/a%20b", "a://": "file:///a://", "x/y://z": "file:///x/y://z",
	} {
		if got := Location(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
		if !strings.Contains(name, "://") {
			if got := location(name); got != want {
				t.Errorf("%q found: %s, want %s", name, got, want)
			}
		}
	}
}

func TestContentType(t *testing.T) {
	for _, test := range []struct{ name, head, want string }{
		{"a.html", "%PDF-1.4", "text/html; charset=utf-8"},
		{"d.e/a", "%PDF-1.4", "application/pdf"},
		{"a.unknown-to-all", "\x89PNG\x0D\x0A\x1A\x0A", "image/png"},
		{"a", "\x00\x01\x02", ""},
		{"a", "", ""},
	} {
		if got := ContentType(test.name, bytes.NewReader([]byte(test.head))); got != test.want {
			t.Errorf("%q, %q: %s, want %s", test.name, test.head, got, test.want)
		}
	}
	if got := ContentType("a", nil); got != "" {
		t.Errorf("without bytes: %s", got)
	}
}
