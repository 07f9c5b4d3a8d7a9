// Package machine tells how much memory and how large disks a process may use.
//
//	most := machine.Memory(os.DirFS("/"))
//	size, err := machine.Disk("/srv/flute/news")
//
// # Limitations
//
// Memory knows Linux only, with the limits of control groups of version 2. Disk knows Linux, macOS, FreeBSD and
// Windows; its size includes what only the administrator may use.
package machine
