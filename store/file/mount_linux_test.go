package file

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/internal/child"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// mountsEnv tells the test that it runs where it may mount.
const mountsEnv = "FLUTE_NODE_TEST_MOUNTS"

// TestMountBelowRoot: a folder below the root that is another file system gets its files, whole, and nothing else.
func TestMountBelowRoot(t *testing.T) {
	if os.Getenv(mountsEnv) == "" {
		inMountNamespace(t)
		return
	}
	for name, opts := range map[string]Options{
		"replace": {}, "refuse": {Existing: refuse}, "version": {Existing: version}, "NoSync": {NoSync: true},
		"staged apart": {Stage: t.TempDir()}, "staged there": {Stage: t.TempDir(), Existing: keep},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			mounted := filepath.Join(root, "m")
			if err := os.Mkdir(mounted, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mount("none", mounted, "tmpfs", 0, "size=1m"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(mounted, 0); err != nil {
					t.Error(err)
				}
			})
			opts.FileMode = 0o640
			s := opened(t, opts, root)
			for _, name := range []string{"m/a", "m/b/c", "d"} {
				if path, err := s.Publish(written(t, s, name), name); err != nil || path != name {
					t.Fatalf("%s: %q, %v", name, path, err)
				}
			}
			large := written(t, s, strings.Repeat("x", 2<<20))
			if _, err := s.Publish(large, "m/large"); err == nil {
				t.Error("a file that is larger than its disk was published")
			}
			if err := large.Discard(); err != nil {
				t.Error(err)
			}
			if got := below(t, root); !slices.Equal(got, []string{"d", "m/a", "m/b/c"}) {
				t.Errorf("%q is in the root", got)
			}
			for _, name := range []string{"m/a", "m/b/c", "d"} {
				file := filepath.Join(root, filepath.FromSlash(name))
				info, err := os.Stat(file)
				if content, _ := os.ReadFile(file); err != nil || string(content) != name || info.Mode() != 0o640 {
					t.Errorf("%s: %q, %v, %v", name, content, info.Mode(), err)
				}
			}
			if opts.Existing == replace {
				if _, err := s.Publish(written(t, s, "new"), "m/a"); err != nil {
					t.Error(err)
				}
				if content, _ := os.ReadFile(filepath.Join(mounted, "a")); string(content) != "new" {
					t.Errorf("%q", content)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			for _, dir := range []string{root, mounted, filepath.Join(mounted, "b")} {
				if _, err := os.Lstat(filepath.Join(dir, stageName)); err == nil {
					t.Errorf("a stage is left in %s", dir)
				}
			}
		})
	}
}

// TestStageByOtherName: the staging folder is no folder of files by whatever name it is found, also where its parent is
// open.
func TestStageByOtherName(t *testing.T) {
	if os.Getenv(mountsEnv) == "" {
		inMountNamespace(t)
		return
	}
	root := t.TempDir()
	other := filepath.Join(root, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	s := opened(t, Options{}, root)
	if _, err := s.Publish(written(t, s, "a"), "a"); err != nil { // opens the root
		t.Fatal(err)
	}
	if err := syscall.Mount(filepath.Join(root, stageName), other, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(other, 0); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"other", "other/a"} {
		if kind := s.look(name); kind != names.Blocked {
			t.Errorf("%s: %v", name, kind)
		}
	}
	if _, err := s.Publish(written(t, s, "b"), "other/b"); !errors.Is(err, store.ErrName) {
		t.Errorf("published there: %v", err)
	}
}

// inMountNamespace runs the test once more where it may mount without being root.
func inMountNamespace(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), mountsEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := child.Bind(cmd).Start(); err != nil {
		t.Skipf("no namespace to mount in: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
