package store

// Keeper is a Store whose staged objects can outlive the process that has staged them: a process that is started again
// goes on with what it wrote. Its Create returns objects that have two more methods:
//
//   - Note(p []byte, anew bool) error makes what was written to the object so far durable, and then notes p: after
//     what was noted before, or instead of it if anew is set. After a crash or a loss of power the notes are as they
//     were before or after this call, or they end within p. Once Publish was called, p may not be noted.
//   - Leave() error closes the object, and keeps it for a later Recover if it has notes; else it discards it.
type Keeper interface {
	Store
	// Recover returns the objects that processes which died, or which have closed their Store, have left behind with
	// notes that want accepts. They are staged in this Store from now on. The others stay for whoever wants them, and
	// are removed at last. The error is that of the search itself.
	Recover(want func(notes []byte) bool) ([]Leftover, error)
	// Deliver notes p of the file that was published under path.
	Deliver(path string, p []byte) error
	// Delivered returns what other processes have noted with Deliver of files that are still as they were then.
	Delivered() ([][]byte, error)
}

// Leftover is an Object that another process has staged.
type Leftover struct {
	Object Object
	Notes  []byte
}
