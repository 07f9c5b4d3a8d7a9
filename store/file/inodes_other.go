//go:build !linux

package file

func withInodes(err error, _ string) error { return err }
