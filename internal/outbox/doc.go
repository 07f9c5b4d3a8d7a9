// Package outbox holds received files until sinks have them: at least once each, over restarts and deaths of the
// process.
//
//	o, err := outbox.Open(outbox.Config{Path: "/var/lib/flute-node/outbox.db", Items: 100_000, Bytes: 256 << 20, …})
//	o.Set("hook", sink, outbox.Terms{…})
//	err = o.Around(file, []string{"hook"}, chosen, publish)
//
//	            intent       publish       entry             try            outcome
//	Around ─────► disk ─────► store ─────► disk ─► lane ─────► Sink ─────► disk
//	                 └─ the process dies: the next one searches the folder ──┘
//
// An [Item] is a file on its way to one sink. It waits, is tried, waits for longer after each failure, and is a dead
// letter once its sink has rejected it or once it was tried for too long. A dead letter stays until it is replayed,
// discarded, or gives way to a file: items and bytes of the outbox are bounded.
//
// Item and lane are the core: they do no I/O and read no clock. [Outbox] has the file, of bbolt, and the goroutines:
// one that writes, one for each sink, one for each try.
//
// # Limitations
//
// The outbox has no copy of the file, only where it is. A sink that needs the content does not get a version that was
// replaced before it was delivered (superseded), nor a file that was removed (a dead letter). A file of bbolt does not
// shrink: what was used once is used again. After a loss of power a disk that lies about syncing may lose entries.
// A file that was damaged is put aside as NAME.damaged, and a new one begun; so is one that the disk does not give back
// for some seconds. NAME.lock is locked meanwhile, so that no other process does the same. Damage is found out before
// the library reads the file, by a look at each page that is in use; that of what a file tells of an item is met later.
package outbox
