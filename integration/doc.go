// Package integration holds black-box tests: the command and the node over real multicast on the loopback interface.
//
// # Limitations
//
// The tests are skipped where the system does not let a process join a group on that interface, or send to it.
package integration
