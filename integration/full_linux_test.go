package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// disk is the folder of a receiver that is a disk of its own, which nobody else sees.
type disk struct {
	size string
	dir  string
	kept string // folder for what is in dir at the end
	lock string // folder below dir that is read-only; empty: none
}

// startOnDisk is start for a receiver whose folder is d.
func startOnDisk(t *testing.T, d disk, args ...string) *process {
	t.Helper()
	const script = `size=$1 dir=$2 kept=$3 lock=$4; shift 4
mount -t tmpfs -o size="$size" tmpfs "$dir" || exit 99
if [ -n "$lock" ]; then
	mkdir -p "$dir/$lock" && mount --bind "$dir/$lock" "$dir/$lock" && mount -o remount,ro,bind "$dir/$lock" || exit 99
fi
"$@"; code=$?
cp -r "$dir"/. "$kept"; exit $code`
	if out, err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", d.dir).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %v: %s", err, out)
	}
	all := append([]string{"-rm", "sh", "-c", script, "sh", d.size, d.dir, d.kept, d.lock, command}, args...)
	return startProgram(t, nil, nil, "unshare", all...)
}

// failedBecause checks that p has told of an object that failed for a reason with these words.
func failedBecause(t *testing.T, p *process, words string) {
	t.Helper()
	if !slices.ContainsFunc(p.named("object_failed", "detail"), func(detail any) bool {
		return strings.Contains(fmt.Sprint(detail), words)
	}) {
		t.Errorf("no failure says %q\n%s", words, tail(p.stdout.String()))
	}
}

// TestDiskIsFull: a file that the disk has no room for fails, and says so; the others arrive, and so does it on another
// disk. What it took is free again.
func TestDiskIsFull(t *testing.T) {
	for name, c := range map[string]struct {
		flags  []string
		reason string
	}{
		"the disk":    {nil, "no space left on device"},
		"--min-free":  {[]string{"--min-free", "1MB"}, "stay free"},
		"--allocate":  {[]string{"--allocate", "full"}, "reserving 9000000 bytes: no space left on device"},
		"--max-bytes": {[]string{"--max-bytes", "5MB"}, "the maximum is 5000000"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "the disk" {
				t.Skip("takes as long as a session's end is waited for")
			}
			t.Parallel()
			group, from, to, other, kept := newGroup(t), t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
			var files []string
			for name, size := range map[string]int{"first": 1_500_000, "large": 9_000_000, "last": 500_000} {
				files = append(files, write(t, from, name, size))
			}
			receive := []string{
				"receive", "--json", "--group", group.String(), "--interface", "lo", "--timeout", "60s", "--once",
				"off",
			}
			full := startOnDisk(t, disk{size: "6m", dir: to, kept: kept},
				slices.Concat(receive, c.flags, []string{to})...)
			r := start(t, slices.Concat(receive, []string{other})...)
			for _, p := range []*process{full, r} {
				p.says(`"event":"ready"`)
			}
			send := []string{"send", "--to", group.String(), "--interface", "lo", "--rate", "50Mbit"}
			start(t, append(send, files...)...).ok()
			if code := full.wait(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			r.ok()
			failedBecause(t, full, c.reason)
			for _, path := range files {
				name := filepath.Base(path)
				same(t, path, filepath.Join(other, name))
				if name != "large" {
					same(t, path, filepath.Join(kept, name))
				}
			}
			if _, err := os.Lstat(filepath.Join(kept, "large")); err == nil {
				t.Error("a part of the large file is there")
			}
		})
	}
}

// TestDiskHasNoInodes: a file that cannot be made though there are bytes left fails, and says where to look.
func TestDiskHasNoInodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a session's end is waited for")
	}
	t.Parallel()
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	var files []string
	for i := range 12 {
		files = append(files, write(t, from, fmt.Sprint(i), 10_000))
	}
	r := startOnDisk(t, disk{size: "6m,nr_inodes=10", dir: to, kept: t.TempDir()}, "receive", "--json",
		"--group", group.String(), "--interface", "lo", "--timeout", "60s", to)
	r.says(`"event":"ready"`)
	send := []string{"send", "--to", group.String(), "--interface", "lo", "--rate", "10Mbit"}
	start(t, append(send, files...)...).ok()
	if code := r.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	failedBecause(t, r, "no space left on device (it has no inodes left, see df -i)")
}

// TestFolderIsReadOnly: a file whose folder may not be changed fails, and says why; the others arrive, and so does it
// elsewhere.
func TestFolderIsReadOnly(t *testing.T) {
	t.Parallel()
	group, from, to, other, kept := newGroup(t), t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	files := []string{"d/first", "d/locked/folder/file", "d/last"}
	for _, name := range files {
		write(t, from, name, 300_000)
	}
	receive := []string{"receive", "--json", "--group", group.String(), "--interface", "lo", "--timeout", "60s"}
	locked := startOnDisk(t, disk{size: "50m", dir: to, kept: kept, lock: "d/locked"}, append(receive, to)...)
	r := start(t, append(receive, other)...)
	for _, p := range []*process{locked, r} {
		p.says(`"event":"ready"`)
	}
	start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "50Mbit", filepath.Join(from, "d")).ok()
	if code := locked.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	r.ok()
	failedBecause(t, locked, "read-only file system")
	for _, name := range files {
		same(t, filepath.Join(from, name), filepath.Join(other, name))
		if !strings.Contains(name, "locked") {
			same(t, filepath.Join(from, name), filepath.Join(kept, name))
		} else if _, err := os.Lstat(filepath.Join(kept, name)); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}
