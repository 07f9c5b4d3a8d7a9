package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// bounded returns a Store with bounds, and its root, in which there is a file of 10 bytes.
func bounded(t *testing.T, opts Options) (*Store, string) {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "there"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := opts.New(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, root
}

// recount has s look again at once at what there is.
func recount(s *Store) { s.quota.counted = s.quota.counted.Add(-time.Hour) }

// TestMaxFiles: a file too many is refused, before anything of it is stored; one that takes the place of another is
// not. When others remove a file there is a place again.
func TestMaxFiles(t *testing.T) {
	s, root := bounded(t, Options{MaxFiles: 2})
	late := written(t, s, "late")
	if _, err := s.Publish(written(t, s, "a"), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(1); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	if _, err := s.Publish(late, "b"); !errors.Is(err, store.ErrFull) {
		t.Errorf("Publish: %v", err)
	}
	if _, err := s.Publish(late, "a"); err != nil {
		t.Errorf("a file that replaces another: %v", err)
	}
	if err := os.Remove(filepath.Join(root, "there")); err != nil {
		t.Fatal(err)
	}
	recount(s)
	if _, err := s.Publish(written(t, s, "b"), "b"); err != nil {
		t.Errorf("after a file was removed: %v", err)
	}
}

// TestFullFromTheStart: what is there before the first object counts at once, also where one file, or one byte, is the
// most that there may be.
func TestFullFromTheStart(t *testing.T) {
	for _, opts := range []Options{{MaxFiles: 1}, {MaxBytes: 1}, {MaxBytes: 10}} {
		s, _ := bounded(t, opts)
		if _, err := s.Create(1); !errors.Is(err, store.ErrFull) {
			t.Errorf("%+v: Create: %v", opts, err)
		}
	}
}

// TestMaxBytes: objects that are being received count with what they have grown to, and what is discarded is given
// back.
func TestMaxBytes(t *testing.T) {
	s, _ := bounded(t, Options{MaxBytes: 100})
	if _, err := s.Create(91); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	o := written(t, s, strings.Repeat("x", 60))
	if _, err := o.WriteAt([]byte("again"), 0); err != nil { // it does not grow
		t.Error(err)
	}
	other, err := s.Create(0) // its sender does not say how long it is
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.WriteAt(make([]byte, 31), 0); !errors.Is(err, store.ErrFull) {
		t.Errorf("WriteAt: %v", err)
	}
	if _, err := s.Publish(o, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.WriteAt(make([]byte, 29), 0); err != nil {
		t.Errorf("WriteAt of what there is room for: %v", err)
	}
	if _, err := other.WriteAt(make([]byte, 1), 29); err != nil {
		t.Errorf("WriteAt of the last byte: %v", err)
	}
	if _, err := other.WriteAt(make([]byte, 1), 30); !errors.Is(err, store.ErrFull) {
		t.Errorf("WriteAt of one byte too many: %v", err)
	}
	if err := other.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(written(t, s, strings.Repeat("x", 30)), "b"); err != nil {
		t.Errorf("after one was discarded: %v", err)
	}
	if _, err := s.Create(1); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	if s.quota.staged != 0 || s.quota.bytes != 100 || s.quota.files != 3 {
		t.Errorf("%+v", s.quota)
	}
}

// TestMinFree: no object begins, and none goes on, that would take what stays free on the disk.
func TestMinFree(t *testing.T) {
	if !canTellFree {
		t.Skip("the system does not tell")
	}
	s, _ := bounded(t, Options{MinFree: 1})
	free := uint64(3 * freeStep)
	s.quota.free = func(string) (uint64, error) { return free, nil }
	if _, err := s.Create(3 * freeStep); !errors.Is(err, store.ErrFull) {
		t.Errorf("Create: %v", err)
	}
	if _, err := s.Create(3*freeStep - 1); err != nil {
		t.Errorf("Create of what there is room for: %v", err)
	}
	o := written(t, s, "x")
	free = 0
	if _, err := o.WriteAt(make([]byte, freeStep-2), 1); err != nil {
		t.Errorf("the disk was asked before an object had grown by %d bytes: %v", freeStep, err)
	}
	_, err := o.WriteAt(make([]byte, freeStep), 1)
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "0 bytes free") {
		t.Errorf("WriteAt: %v", err)
	}
	free = 1
	if _, err := o.WriteAt(make([]byte, freeStep), 1); err != nil {
		t.Errorf("WriteAt, with room: %v", err)
	}
	free = 0
	if _, err := o.WriteAt(make([]byte, 1), 1+freeStep); err != nil {
		t.Errorf("the disk was asked again at once: %v", err)
	}
}

// TestQuotaAfterFailure: a file that could not be published takes no place, and gives back none.
func TestQuotaAfterFailure(t *testing.T) {
	s, _ := bounded(t, Options{MaxFiles: 9, MaxBytes: 100, Existing: refuse})
	for _, content := range []string{"", "longer than ten bytes"} {
		if _, err := s.Publish(written(t, s, content), "there"); !errors.Is(err, store.ErrExists) {
			t.Errorf("Publish: %v", err)
		}
		if s.quota.files != 1 || s.quota.bytes != 10 {
			t.Errorf("after %q: %d files, %d bytes", content, s.quota.files, s.quota.bytes)
		}
	}
}

// TestQuotaReplaces: a file that takes the place of another counts by the difference. What others have removed
// meanwhile makes no count negative.
func TestQuotaReplaces(t *testing.T) {
	s, root := bounded(t, Options{MaxBytes: 100})
	for _, n := range []int{30, 4} {
		if _, err := s.Publish(written(t, s, strings.Repeat("x", n)), "there"); err != nil {
			t.Fatal(err)
		}
		if s.quota.files != 1 || s.quota.bytes != uint64(n) || s.quota.staged != 0 {
			t.Errorf("after %d bytes: %d files, %d bytes", n, s.quota.files, s.quota.bytes)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "there"), make([]byte, 50), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(written(t, s, "x"), "there"); err != nil || s.quota.bytes != 0 {
		t.Errorf("%d bytes, %v", s.quota.bytes, err)
	}
}

// TestFreeBytes: the disk says how much it has.
func TestFreeBytes(t *testing.T) {
	if !canTellFree {
		t.Skip("the system does not tell")
	}
	if free, err := freeBytes(t.TempDir()); err != nil || free == 0 {
		t.Errorf("%d, %v", free, err)
	}
}

// TestOptionsRefused: what cannot be is refused by the name of its field.
func TestOptionsRefused(t *testing.T) {
	for _, c := range []struct {
		field string
		opts  Options
	}{
		{"Existing", Options{Existing: "x"}},
		{"FileMode", Options{FileMode: 0o444}},
		{"FileMode", Options{FileMode: 0o644 | os.ModeSetuid}},
		{"DirMode", Options{DirMode: 0o600}},
		{"DirMode", Options{DirMode: 0o755 | os.ModeDir}},
		{"UID", Options{UID: new(-1)}},
		{"GID", Options{GID: new(-1)}},
		{"MaxFiles", Options{MaxFiles: -1}},
		{"KeepFor", Options{KeepFor: -1}},
	} {
		s, err := c.opts.New(t.TempDir())
		if err == nil || !strings.Contains(err.Error(), "Options."+c.field+" ") {
			t.Errorf("%+v: %v, %v", c, s, err)
		}
	}
}

// TestOptionsDefaults: what is not set has its default; zero is a user like others.
func TestOptionsDefaults(t *testing.T) {
	opts, err := Options{UID: new(0), GID: new(0), MaxOpen: -1}.validated()
	if err != nil || opts.Existing != replace || opts.MaxOpen != defaultMaxOpen() || opts.KeepFor != keepFor {
		t.Errorf("%+v, %v", opts, err)
	}
	for given, want := range map[int]int{0: defaultMaxOpen(), 1: 1} {
		if opts, err := (Options{MaxOpen: given}).validated(); err != nil || opts.MaxOpen != want {
			t.Errorf("MaxOpen %d is %d, %v", given, opts.MaxOpen, err)
		}
	}
	if opts.fileMode() != 0o666 || opts.dirMode() != 0o777 {
		t.Errorf("files %v, folders %v", opts.fileMode(), opts.dirMode())
	}
	for _, c := range []struct {
		opts     Options
		uid, gid int
		any      bool
	}{
		{Options{}, -1, -1, false},
		{Options{UID: new(0)}, 0, -1, true},
		{Options{GID: new(0)}, -1, 0, true},
	} {
		if uid, gid, any := c.opts.owner(); uid != c.uid || gid != c.gid || any != c.any {
			t.Errorf("%d, %d, %v; want %+v", uid, gid, any, c)
		}
	}
}
