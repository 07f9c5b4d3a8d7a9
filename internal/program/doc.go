// Package program runs a command for each received file: receive --exec.
//
//	object whole and verified ─► Runner: a place among those that run
//	     with a folder:    published ─► program, with its path and its bytes as standard input ─► complete
//	     without a folder: program, with its bytes as standard input ─► complete
//
// A [Command] is split into words without a shell, and what a sender says of a file is filled in afterwards: a name
// cannot become two arguments, or a command. A [Runner] gives the program to a session as a [receiver.Choice], runs so
// many at a time, and ends those that take too long, with their process group.
//
// # Limitations
//
// A file whose program ran when the process died is given to a program again, if it is received again. Where there are
// no process groups, as on Windows, what a program has started goes on when the program is killed.
package program
