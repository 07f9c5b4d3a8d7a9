//go:build darwin || freebsd || linux || netbsd || openbsd

package file

import (
	"errors"

	"golang.org/x/sys/unix"
)

// linkBetween gives the file of that name in one stage the same name in another.
func linkBetween(from, to *stage, name string) error {
	source, err := from.files.Open(".")
	if err != nil {
		return err
	}
	target, err := to.files.Open(".")
	if err != nil {
		return errors.Join(err, source.Close())
	}
	err = unix.Linkat(int(source.Fd()), name, int(target.Fd()), name, 0)
	return errors.Join(err, source.Close(), target.Close())
}
