// Package claim finds out whether another process of this machine sends the same transport session: receivers tell
// sessions apart by the address of the sender and the TSI, so that what two processes send under one TSI is one
// session to them, and lost.
//
//	release, ok := claim.Session(to, tsi)
//
// # Limitations
//
// It is known on Linux only, and within a network namespace. Which interface a process sends on is not looked at.
package claim
