// Package doctor looks for what on a machine keeps a FLUTE node from doing well, and says what to do about it.
//
//	findings := doctor.Examine(doctor.Patient{Files: os.DirFS("/"), Interface: "eth1", Dir: "/srv/flute"})
//
// It reads what the kernel tells in /proc and /sys, and writes a file of 8 MiB into Dir, to see how fast the disk is.
//
// # Limitations
//
// Linux only; elsewhere there is one finding, which says so. Whether an IGMP querier is in the network cannot be read
// from /proc: only the version that the kernel speaks is told. IPv6 routes and MLD are not looked at.
package doctor
