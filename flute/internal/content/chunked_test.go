package content

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestDechunker(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0\r\n\r\n", ""},
		{"3\r\nabc\r\n0\r\n\r\n", "abc"},
		{"3;x=y\nabc\nA\n0123456789\n0\nTrailer: x\n\n", "abc0123456789"},
		{"0\n" + strings.Repeat("a: b\n", maxTrailer-1) + "\n", ""},
	} {
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(c.in), "bytes": iotest.OneByteReader(strings.NewReader(c.in)),
		} {
			got, err := io.ReadAll(&dechunker{in: bufio.NewReader(r)})
			if err != nil || string(got) != c.want {
				t.Errorf("%q, %s: %q, %v", c.in, name, got, err)
			}
		}
		for i := range c.in {
			if got, err := io.ReadAll(&dechunker{in: bufio.NewReader(strings.NewReader(c.in[:i]))}); err == nil {
				t.Errorf("%q: %q was taken", c.in[:i], got)
			}
		}
	}
	for _, bad := range []string{
		"x\r\n", "3\r\nabcd\r\n0\r\n\r\n", "0\r\n\r\nmore", "-1\r\n", strings.Repeat("0", maxChunkLine+1) + "\n\n",
		"0\n" + strings.Repeat("a: b\n", maxTrailer) + "\n", "ffffffffffffffff\r\na",
	} {
		if got, err := io.ReadAll(&dechunker{in: bufio.NewReader(strings.NewReader(bad))}); !errors.Is(err, errChunk) {
			t.Errorf("%.30q: %q, %v", bad, got, err)
		}
	}
	longest := strings.NewReader(strings.Repeat("0", maxChunkLine) + "\n\n")
	if got, err := io.ReadAll(&dechunker{in: bufio.NewReader(longest)}); err != nil || len(got) > 0 {
		t.Errorf("a line of %d bytes: %q, %v", maxChunkLine, got, err)
	}
}
