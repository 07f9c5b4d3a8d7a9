package file

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/store"
)

// TestParkHalf: half of the idle files are closed, and one more of an odd number; those used least recently.
func TestParkHalf(t *testing.T) {
	for idle, left := range map[int]int{0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 2} {
		s, _ := limited(t, 10)
		var all []*object
		for range idle {
			all = append(all, written(t, s, "x").(*object))
		}
		others := 0
		s.files.more = func() { others++ }
		if parked := s.files.parkHalf(); parked != (idle > 0) || s.files.open != left || others != 1 {
			t.Errorf("of %d idle files %d are open, %v", idle, s.files.open, parked)
		}
		for i, o := range all {
			if open := o.file != nil; open != (i >= idle-left) {
				t.Errorf("of %d idle files number %d is open: %v", idle, i, open)
			}
		}
	}
}

// TestIdleFolders: of the folders that nobody publishes into so many stay open as may, those used last.
func TestIdleFolders(t *testing.T) {
	root := t.TempDir()
	s, err := Options{}.New(root)
	if err != nil {
		t.Fatal(err)
	}
	f := &s.folders
	f.max = 2
	var entered []*folder
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.enter(s.current(), name, info)
		if err != nil {
			t.Fatal(err)
		}
		entered = append(entered, d)
	}
	for i, d := range entered {
		f.leave(d)
		if want := min(i+1, f.max); len(f.idle) != want || len(f.open) != len(entered)-(i+1-want) {
			t.Errorf("after %d uses %d folders are idle, and %d open", i+1, len(f.idle), len(f.open))
		}
	}
	for i, d := range entered {
		if _, err := d.file.Stat(); errors.Is(err, os.ErrClosed) != (i < 2) {
			t.Errorf("folder %s: %v", d.dir, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(f.idle) != 0 || len(f.open) != 0 {
		t.Errorf("%d idle folders, %d open ones after Close", len(f.idle), len(f.open))
	}
	for _, d := range entered {
		if _, err := d.file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("folder %s is open after Close: %v", d.dir, err)
		}
	}
}

// TestRemovedFileIsCopiedAndClosed: a staged file that a cleaner has removed is copied when its descriptor is wanted
// for another one, and neither the old nor the new one stays open.
func TestRemovedFileIsCopiedAndClosed(t *testing.T) {
	s, _ := limited(t, 10)
	o := written(t, s, "content").(*object)
	old, name := o.file, o.name
	if err := o.ground.stage.files.Remove(name); err != nil {
		t.Fatal(err)
	}
	s.files.mu.Lock()
	s.files.park(o)
	s.files.mu.Unlock()
	if o.err != nil || o.file != nil || s.files.open != 0 || o.name == name {
		t.Errorf("%v, %d files are open", o.err, s.files.open)
	}
	if _, err := old.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the removed file: %v", err)
	}
	if open := descriptorsBelow(t, s.current().root.Name()); len(open) > 0 {
		t.Errorf("%q are open", open)
	}
	p := make([]byte, 7)
	if n, err := o.ReadAt(p, 0); n != 7 || string(p) != "content" {
		t.Errorf("%q, %v", p[:n], err)
	}
}

// descriptorsBelow returns the regular files below dir, but for locks, that this process has open.
func descriptorsBelow(t *testing.T, dir string) (list []string) {
	t.Helper()
	for _, at := range openBelow(t, dir) {
		if strings.HasSuffix(at, lockExt) {
			continue
		}
		if info, err := os.Stat(dir + at); err != nil || info.Mode().IsRegular() {
			list = append(list, at)
		}
	}
	return list
}

// TestNotedOfDelivered: the length of what is noted is that of the file, and the bound is reached with the last byte of
// it, and not before.
func TestNotedOfDelivered(t *testing.T) {
	s, root := limited(t, 10)
	home := s.current().home
	deliver := func(name string) (size int64) {
		t.Helper()
		p := filepath.Join(root, name)
		if err := errors.Join(os.WriteFile(p, nil, 0o600), os.Chtimes(p, time.Time{}, time.Unix(1e9, 0))); err != nil {
			t.Fatal(err)
		}
		if err := s.Deliver(name, []byte("note")); err != nil {
			t.Fatal(err)
		}
		info, err := home.files.Lstat(deliveredName)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 && !onWindows {
			t.Errorf("others may read what is noted: %v", info.Mode())
		}
		return info.Size()
	}
	line := deliver("a")
	if home.noted != line || deliver("b") != 2*line || home.noted != 2*line {
		t.Errorf("%d bytes, one line has %d", home.noted, line)
	}
	kept := cap(home.lines)
	long := strings.Repeat("n", maxLines)
	if err := s.Deliver("a", []byte(long)); err != nil || kept < int(line) || cap(home.lines) != kept {
		t.Errorf("memory of %d bytes is kept for lines, of %d after a long one, %v", kept, cap(home.lines), err)
	}
	if err := home.files.Remove(deliveredName); err != nil {
		t.Fatal(err)
	}
	home.closeDelivered()
	if deliver("a") != line || deliver("b") != 2*line {
		t.Error("it is not begun anew")
	}
	home.noted = maxDelivered - line
	if size := deliver("c"); home.noted != maxDelivered || size != 3*line {
		t.Errorf("the last line: %d bytes are noted, and %d there", home.noted, size)
	}
	if size := deliver("d"); home.noted != size || size != 4*line {
		t.Errorf("one line more: %d bytes are noted, and %d there, want %d", home.noted, size, 4*line)
	}
	if notes, err := s.Delivered(); err != nil || len(notes) != 4 {
		t.Errorf("%d files are known, %v", len(notes), err)
	}
}

// TestDamagedDeliveries: a line that is not whole, or not as it was written, tells of nothing; those beside it do.
func TestDamagedDeliveries(t *testing.T) {
	s, root := limited(t, 10)
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(root, "a"))
	if err != nil {
		t.Fatal(err)
	}
	d := delivery{Path: "a", Size: 7, Time: info.ModTime(), Note: []byte("n")}
	whole, err := d.appendLine(nil)
	if err != nil {
		t.Fatal(err)
	}
	longer := d
	longer.Size++
	other, err := longer.appendLine(nil)
	if err != nil {
		t.Fatal(err)
	}
	later := d
	later.Time = later.Time.Add(1)
	touched, err := later.appendLine(nil)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) string {
		line := []byte(string(whole))
		line[at] ^= 1
		return string(line)
	}
	for text, want := range map[string]bool{
		string(whole):                     true,
		"\n" + string(whole):              true,
		"12345678\n" + string(whole):      true,
		"12345678 \n" + string(whole):     true,
		flip(0) + string(whole):           true,
		string(whole[:len(whole)-1]):      false, // nobody knows whether that is all
		flip(0):                           false,
		flip(8):                           false,
		flip(12):                          false,
		string(other):                     false,
		string(touched):                   false,
		string(whole) + string(whole[:9]): true,
		"00000000 \n":                     false, // no JSON, though its CRC is right
	} {
		if err := os.WriteFile(filepath.Join(root, "list"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list := readDelivered(s.current().root, "list")
		if (len(list) == 1) != want || len(list) > 1 || hasDelivered(s.current().root, "list") != want {
			t.Errorf("%q: %d files", text, len(list))
		}
	}
}

// TestQuotaBounds: the last file and byte are taken, and the disk's last one, and none beyond.
func TestQuotaBounds(t *testing.T) {
	s, _ := limited(t, 10)
	root := s.current().root
	counted := time.Now().Add(time.Hour) // it is not looked at again
	fits := func(n uint64) func(*quota) error { return func(q *quota) error { return q.fits(root, n) } }
	grow := func(n uint64) func(*quota) error { return func(q *quota) error { return q.grow(root, n) } }
	for _, c := range []struct {
		name string
		q    *quota
		call func(q *quota) error
		full bool
	}{
		{"the last file", &quota{maxFiles: 3, files: 2}, fits(5), false},
		{"a file more", &quota{maxFiles: 3, files: 3}, fits(5), true},
		{"bytes of a file that is there", &quota{maxFiles: 3, files: 3}, grow(5), false},
		{"the last byte", &quota{maxBytes: 30, bytes: 10, staged: 15}, fits(5), false},
		{"a byte more", &quota{maxBytes: 30, bytes: 10, staged: 15}, fits(6), true},
		{"growing to the last", &quota{maxBytes: 30, bytes: 10, staged: 15}, grow(5), false},
		{"growing beyond", &quota{maxBytes: 30, bytes: 10, staged: 15}, grow(6), true},
		{"growing by nothing", &quota{maxBytes: 30, bytes: 50}, grow(0), false},
		{"all that is free", &quota{minFree: 60}, fits(40), false},
		{"a byte more than is free", &quota{minFree: 60}, fits(41), true},
		{"just what stays free", &quota{minFree: 100}, fits(0), false},
		{"less than that", &quota{minFree: 101}, fits(0), true},
		{"a step less", &quota{minFree: 101}, grow(freeStep - 1), false},
		{"a step", &quota{minFree: 101}, grow(freeStep), true},
		{"steps add up", &quota{minFree: 101, grown: 1}, grow(freeStep - 1), true},
		{"a step with room", &quota{minFree: 100}, grow(freeStep), false},
	} {
		q := c.q
		q.counted, q.free = counted, func(string) (uint64, error) { return 100, nil }
		staged := q.staged
		err := c.call(q)
		if (err != nil) != c.full || err != nil && !errors.Is(err, store.ErrFull) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && q.staged != staged {
			t.Errorf("%s: %d bytes were taken", c.name, q.staged-staged)
		}
	}
	q := &quota{staged: 5, maxBytes: 1}
	q.shrink(3)
	if q.staged != 2 {
		t.Errorf("%d bytes are left of 5-3", q.staged)
	}
	if q.shrink(9); q.staged != 0 {
		t.Errorf("%d bytes are left of 2-9", q.staged)
	}
	if n, err := written(t, s, "").WriteAt([]byte("x"), math.MaxInt64); n != 0 || err == nil {
		t.Errorf("%d bytes beyond the end of all files, %v", n, err)
	}
}

// TestGrownIsAskedAgain: after the disk had room the next step is a whole one; without room it is asked each time.
func TestGrownIsAskedAgain(t *testing.T) {
	asked, free := 0, uint64(100)
	q := &quota{minFree: 100, counted: time.Now(), free: func(string) (uint64, error) { asked++; return free, nil }}
	grow := func(n uint64, ok bool, times int) {
		t.Helper()
		asked = 0
		if err := q.grow(nil, n); (err == nil) != ok || asked != times {
			t.Errorf("%d bytes: %v, asked %d times, want %d", n, err, asked, times)
		}
	}
	grow(freeStep, true, 1)
	grow(freeStep-1, true, 0)
	free = 99
	grow(1, false, 1)
	grow(1, false, 1)
	free = 100
	grow(1, true, 1)
	grow(1, true, 0)
}

// TestQuotaOfAWrite: a write for which there is no room stores nothing, and says so.
func TestQuotaOfAWrite(t *testing.T) {
	s, _ := bounded(t, Options{MaxBytes: 20})
	o, err := s.Create(0)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := o.WriteAt([]byte("0123456789x"), 0); n != 0 || !errors.Is(err, store.ErrFull) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := o.WriteAt([]byte("0123456789"), 0); n != 10 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestErrorsOfLinks: which errors say that a file cannot have two names.
func TestErrorsOfLinks(t *testing.T) {
	for err, want := range map[error]bool{
		errors.ErrUnsupported: true, syscall.EPERM: true, syscall.EMLINK: true, syscall.EXDEV: true,
		syscall.EINVAL: true, syscall.ENOSPC: false, syscall.EIO: false, fs.ErrExist: false,
	} {
		if hasNoLinks(&os.LinkError{Op: "link", Err: err}) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
	for err, want := range map[error]bool{syscall.EMFILE: true, syscall.ENFILE: true, syscall.ENOSPC: false} {
		if isExhausted(&fs.PathError{Err: err}) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
}

// TestStageIsSyncedOnce: the name of the stage is made durable with the first notes, and those of its files each time.
func TestStageIsSyncedOnce(t *testing.T) {
	s, err := Options{}.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.behind.begin == nil {
		t.Error("the system is not asked to write out what comes")
	}
	var synced []string
	s.sync = func(f *os.File) error { synced = append(synced, f.Name()); return nil }
	for i, want := range []int{3, 4, 5} {
		if err := s.syncStage(s.current()); err != nil || len(synced) != want {
			t.Errorf("after %d calls %d folders were synced, %v", i+1, len(synced), err)
		}
	}
	unsynced, err := Options{NoSync: true}.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer unsynced.Close()
	if unsynced.behind.begin != nil {
		t.Error("the system is asked though nothing is to be durable")
	}
}
