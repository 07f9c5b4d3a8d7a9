//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/store/names"
)

// canBeAt: files are moved and looked at by open folders.
const canBeAt = true

// moveAt moves the file from in one open folder to another one. Neither name has a slash, so that none is followed.
func moveAt(old *os.File, from string, folder *os.File, to string) error {
	return control(old, func(oldFD int) error {
		return control(folder, func(fd int) error { return unix.Renameat(oldFD, from, fd, to) })
	})
}

// createAt makes a new file in an open folder. A [os.Root] would ask the kernel whether the file can be polled, with
// five calls.
func createAt(folder *os.File, name string, mode fs.FileMode) (f *os.File, err error) {
	const how = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	err = control(folder, func(fd int) error {
		created, err := unix.Openat(fd, name, how, uint32(mode.Perm()))
		if err == nil {
			f = os.NewFile(uintptr(created), name)
		}
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: err}
	}
	return f, nil
}

// entryAt looks at a name in an open folder. errEntry: it is something that the caller has to look at otherwise.
func entryAt(folder *os.File, name string) (e entry, err error) {
	var st unix.Stat_t
	err = control(folder, func(fd int) error { return unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	switch {
	case errors.Is(err, unix.ENOENT):
		return entry{kind: names.Absent}, nil
	case err != nil:
		return entry{}, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		e = entry{kind: names.File, size: st.Size, changed: time.Unix(st.Mtim.Unix())}
	case unix.S_IFDIR:
		e = entry{kind: names.Folder}
	default:
		err = errEntry
	}
	return e, err
}

// control calls fn with the descriptor of f until no signal interrupts it. f stays open meanwhile.
func control(f *os.File, fn func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var called error
	err = c.Control(func(fd uintptr) {
		for {
			if called = fn(int(fd)); !errors.Is(called, unix.EINTR) {
				return
			}
		}
	})
	if err != nil {
		return os.ErrClosed
	}
	return called
}
