package secret

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestRead: a file that others can read, that is too long or not there is refused, with the reason.
func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for _, c := range []struct {
		mode       os.FileMode
		text, want string
		fault      string
	}{
		{0o600, " abc\n", "abc", ""},
		{0o400, "abc", "abc", ""},
		{0o640, "abc", "", "(0640)"},
		{0o604, "abc", "", "(0604)"},
		{0o600, strings.Repeat("x", 9), "", "more than 8 bytes"},
	} {
		if runtime.GOOS == "windows" && c.mode&0o077 != 0 {
			continue
		}
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, 8)
		if got != c.want || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%04o %q: %q, %v", c.mode, c.text, got, err)
		}
	}
	if _, err := Read(path+"x", 8); !os.IsNotExist(err) {
		t.Error(err)
	}
}
