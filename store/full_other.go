//go:build !unix

package store

import "syscall"

// errQuota: Windows reports a quota as a full disk.
const errQuota = syscall.ENOSPC
