//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store/names"
)

// TestDress: published files and new folders have the permissions that were asked for, whatever the umask, and the
// owner.
func TestDress(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for name, stage := range map[string]string{"staged there": "", "staged on another disk": onOtherDisk(t)} {
		t.Run(name, func(t *testing.T) {
			dresses(t, Options{Stage: stage, FileMode: 0o664, DirMode: 0o775 | fs.ModeSetgid})
		})
	}
}

func dresses(t *testing.T, opts Options) {
	t.Helper()
	root := t.TempDir()
	if os.Geteuid() == 0 {
		opts.UID = new(65534)
	}
	s, err := opts.New(root)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Publish(written(t, s, "x"), "d/e/x"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"d": fs.ModeDir | opts.DirMode, "d/e": fs.ModeDir | opts.DirMode, "d/e/x": 0o664,
	} {
		info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info, err, want)
			continue
		}
		st := info.Sys().(*syscall.Stat_t)
		if opts.UID != nil && (st.Uid != 65534 || st.Gid != uint32(os.Getegid())) {
			t.Errorf("%s belongs to %d:%d", name, st.Uid, st.Gid)
		}
	}
}

// TestOwnerRefused: who may not give files away is told so before anything is received.
func TestOwnerRefused(t *testing.T) {
	root := t.TempDir()
	unprivileged(t, root)
	s, err := Options{UID: new(1), GID: new(1)}.New(root)
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "Options.UID") {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := os.Lstat(filepath.Join(root, stageName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}

// TestPublishTime: a file has the time of its last byte, or that of its publication, wherever it was staged.
func TestPublishTime(t *testing.T) {
	for _, opts := range []Options{
		{}, {PublishTime: true}, {Stage: onOtherDisk(t)}, {Stage: onOtherDisk(t), PublishTime: true},
	} {
		root := t.TempDir()
		s := opened(t, opts, root)
		o := written(t, s, "x").(*object)
		past := time.Now().Add(-time.Hour)
		if err := o.ground.stage.files.Chtimes(o.name, past, past); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Publish(o, "x"); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(root, "x"))
		if err != nil || time.Since(info.ModTime()) < time.Minute != opts.PublishTime {
			t.Errorf("%+v: %v, %v", opts, info.ModTime(), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestEntryAt: a file and a folder are told apart from what has to be looked at otherwise.
func TestEntryAt(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	past := time.Unix(1_700_000_000, 123_000)
	if err := errors.Join(
		os.WriteFile(at("file"), []byte("content"), 0o640), os.Chtimes(at("file"), past, past),
		os.Mkdir(at("folder"), 0o750), os.Symlink("file", at("link")), syscall.Mkfifo(at("pipe"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]entry{
		"nothing": {kind: names.Absent}, "file": {kind: names.File, size: 7, changed: past},
		"folder": {kind: names.Folder},
	} {
		got, err := entryAt(folder, name)
		if err != nil || got.kind != want.kind || got.size != want.size || !got.changed.Equal(want.changed) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	for _, name := range []string{"link", "pipe"} {
		if got, err := entryAt(folder, name); !errors.Is(err, errEntry) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := entryAt(folder, "file"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("in a folder that is closed: %v", err)
	}
}

// TestPreallocate: the disk reserves what an object is expected to have, with its first byte, or refuses it.
func TestPreallocate(t *testing.T) {
	if !canAllocate {
		t.Skip("not possible here")
	}
	for _, all := range []bool{false, true} {
		s, err := Options{Preallocate: all}.New(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		const size = 4 << 20
		so, err := s.Create(size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := so.WriteAt([]byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		o := so.(*object)
		info, err := o.ground.stage.files.Stat(o.name)
		if err != nil || info.Size() != 1 || info.Sys().(*syscall.Stat_t).Blocks*512 >= size != all {
			t.Errorf("Preallocate %v: %+v, %v", all, info.Sys(), err)
		}
	}
	s, err := Options{Preallocate: true}.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o, err := s.Create(1 << 60)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // and it does not go on without
		if _, err := o.WriteAt([]byte("x"), 0); err == nil || !strings.Contains(err.Error(), "reserving") {
			t.Errorf("WriteAt: %v", err)
		}
	}
}
