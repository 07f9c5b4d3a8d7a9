//go:build darwin || freebsd || linux

package file

import "golang.org/x/sys/unix"

func freeBlocks(st *unix.Statfs_t) uint64 { return uint64(max(0, int64(st.Bavail))) * uint64(st.Bsize) }
