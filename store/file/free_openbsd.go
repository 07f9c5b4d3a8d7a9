package file

import "golang.org/x/sys/unix"

func freeBlocks(st *unix.Statfs_t) uint64 { return uint64(max(0, st.F_bavail)) * uint64(st.F_bsize) }
