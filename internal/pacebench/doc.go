// Package pacebench measures the pace of a sender by the time at which the kernel takes its datagrams in
// (SO_TIMESTAMPNS). A [Receiver] collects arrivals, [Measure] says how steady they are.
//
// # Limitations
//
// Only Linux stamps datagrams so. On the loopback interface that is when the sender's system call hands them over.
package pacebench
