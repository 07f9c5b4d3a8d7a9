package udp

import "golang.org/x/sys/windows"

const msgTrunc = windows.MSG_TRUNC
