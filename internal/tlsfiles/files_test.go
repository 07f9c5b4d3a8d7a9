package tlsfiles

import (
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/tlsfiles/pemtest"
)

// filesIn returns the files of a server, signed by a.
func filesIn(t *testing.T, a *pemtest.Authority) Files {
	t.Helper()
	dir := t.TempDir()
	f := Files{filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem"), a.File}
	a.Issue(t, "first", f.Cert, f.Key)
	return f
}

// TestWatch: a certificate that is renewed is in use soon after; one that cannot be used is not, and the one before is.
func TestWatch(t *testing.T) {
	a := pemtest.New(t)
	f := filesIn(t, a)
	live, err := Watch(f, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	name := func() string {
		now = now.Add(age)
		c, err := x509.ParseCertificate(live.current(now).Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return c.Subject.CommonName
	}
	changed := now
	change := func(do func()) {
		t.Helper()
		do()
		changed = changed.Add(time.Minute) // some file systems have coarse times
		for _, path := range []string{f.Cert, f.Key} {
			if err := os.Chtimes(path, changed, changed); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	if got := name(); got != "first" {
		t.Error(got)
	}
	change(func() { a.Issue(t, "second", f.Cert, f.Key) })
	if got := name(); got != "second" {
		t.Error(got)
	}
	change(func() { _ = os.WriteFile(f.Cert, []byte("nothing"), 0o600) })
	if got := name(); got != "second" {
		t.Error(got)
	}
	change(func() { _ = os.Remove(f.Cert) })
	if got := name(); got != "second" {
		t.Error(got)
	}
	change(func() { a.Issue(t, "third", f.Cert, f.Key) })
	if got := name(); got != "third" {
		t.Error(got)
	}
}

// TestCheck: what is wrong with the files is told.
func TestCheck(t *testing.T) {
	a := pemtest.New(t)
	for want, spoil := range map[string]func(f *Files){
		"":                 func(*Files) {},
		"no such file":     func(f *Files) { f.Cert += "x" },
		"no certificate":   func(f *Files) { f.ClientCA = f.Key },
		"does not match":   func(f *Files) { a.Issue(t, "other", f.Cert, f.Cert+".key") },
		"others than its":  func(f *Files) { _ = os.Chmod(f.Key, 0o644) },
		"more than 104857": func(f *Files) { _ = os.WriteFile(f.Cert, make([]byte, maxPEM+1), 0o600) },
	} {
		f := filesIn(t, a)
		spoil(&f)
		err := f.Check()
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
