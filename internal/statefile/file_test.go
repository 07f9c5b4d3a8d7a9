package statefile

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

var (
	key = flute.SessionKey{TSI: 7, Group: netip.MustParseAddrPort("239.1.2.3:5000")}
	// numbers have a fraction of a second, which is rounded up, and a TOI of 112 bits.
	numbers = sender.Numbers{
		InstanceID: 12, InUse: 3, Until: time.Date(2026, 11, 28, 1, 2, 3, 4, time.UTC),
		TOI: mustTOI("5192296858534827628530496329220000"),
	}
)

func mustTOI(s string) flute.TOI {
	toi, err := flute.ParseTOI(s)
	if err != nil {
		panic(err)
	}
	return toi
}

// kept returns the path of a file with the numbers, and its content.
func kept(t *testing.T) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "state")
	f, old, damage, err := Open(path, key)
	if err != nil || old != nil || damage != "" {
		t.Fatal(old, damage, err)
	}
	if err := f.Keep(sender.Numbers{TOI: flute.NewTOI(1)}); err != nil {
		t.Fatal(err)
	}
	if err := f.Keep(numbers); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := f.Keep(numbers); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Keep after Close: %v", err)
	}
	content, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

func TestWhatIsKeptComesBack(t *testing.T) {
	path, _ := kept(t)
	f, got, damage, err := Open(path, key)
	if err != nil || damage != "" {
		t.Fatal(damage, err)
	}
	defer f.Close()
	want := numbers
	want.Until = time.Date(2026, 11, 28, 1, 2, 4, 0, time.UTC)
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v, want %+v", *got, want)
	}
	names, err := filepath.Glob(path + "*")
	if err != nil || len(names) != 2 { // and the lock
		t.Errorf("left: %v, %v", names, err)
	}
}

// TestDamageIsNotBelieved: a file that was cut anywhere, or in which a byte is another one, gives no numbers, is kept
// aside, and the session begins anew.
func TestDamageIsNotBelieved(t *testing.T) {
	path, content := kept(t)
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		f, got, damage, err := Open(path, key)
		if errors.Is(err, ErrForeign) {
			return // the digits of the version
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		defer f.Close()
		if got != nil && (got.InstanceID != 12 || got.InUse != 3 || got.TOI != numbers.TOI) ||
			(damage == "") != (got != nil) {
			t.Fatalf("%s: %+v, damage %q\n%s", what, got, damage, b)
		}
		if got != nil {
			return
		}
		if bad, err := os.ReadFile(path + ".bad"); err != nil || string(bad) != string(b) {
			t.Fatalf("%s: not kept aside: %v", what, err)
		}
		if err := f.Keep(numbers); err != nil {
			t.Fatal(err)
		}
	}
	for n := range len(content) - 2 {
		try("cut", content[:n])
	}
	for i := range len(content) - 1 {
		for _, bit := range []byte{1, 4, 32} {
			b := append([]byte(nil), content...)
			b[i] ^= bit
			try("changed", b)
		}
	}
	try("another sum", []byte(strings.Replace(string(content), `"fdt_instance_id":12`, `"fdt_instance_id":13`, 1)))
	try("no JSON", []byte("hello"))
	try("JSON of another kind", []byte("[]"))
}

// TestOthersAreRefused: the file of another session, or of a later version, is left alone.
func TestOthersAreRefused(t *testing.T) {
	path, content := kept(t)
	other := key
	other.TSI++
	elsewhere := key
	elsewhere.Group = netip.MustParseAddrPort("239.1.2.3:5001")
	for _, k := range []flute.SessionKey{other, elsewhere} {
		if _, _, _, err := Open(path, k); !errors.Is(err, ErrForeign) {
			t.Errorf("%v: %v", k, err)
		}
	}
	f, _, _, err := Open(path, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := Open(path, key); !errors.Is(err, ErrInUse) {
		t.Errorf("a second time: %v", err)
	}
	f.Close()
	later := strings.Replace(string(content), `"version":1`, `"version":2`, 1)
	if err := os.WriteFile(path, []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := Open(path, key); !errors.Is(err, ErrForeign) {
		t.Errorf("a later version: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != later {
		t.Errorf("it was changed: %s, %v", b, err)
	}
}

func TestUnusablePaths(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "none", "state"), filepath.Join(dir, "folder")} {
		if _, _, _, err := Open(path, key); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}
