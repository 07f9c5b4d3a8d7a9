//go:build unix && (!linux || !(amd64 || arm64))

package udp

import "syscall"

const msgTrunc = syscall.MSG_TRUNC
