// Package fecbench measures FEC schemes on one source block: how fast they encode and decode, and how many encoding
// symbols a receiver needs. It knows schemes only by the interfaces of package fec, so that any scheme can be measured.
//
//	cfg := fecbench.Config{Registry: schemes.Default, Now: time.Now, Budget: 300 * time.Millisecond}
//	b, err := fecbench.New(cfg, block)
//	warm, err := b.Encode()
//	cold, err := b.EncodeCold()
//	five, err := b.Decode(0.05)
//
// What is timed:
//
//   - Encode: an encoder of a warm scheme is given a block and makes its repair symbols.
//   - EncodeCold: the same by a scheme that has never seen such a block: its plan or matrix is made too.
//   - Decode: received source symbols are copied to their places, and the lost ones recovered, each time with another
//     pattern of losses. Making the pattern and comparing the outcome with the source are not timed.
//
// The clock is a parameter: tests have their own.
//
// # Limitations
//
// All work is done on the caller's goroutine; a scheme that splits its work (schemes.New) uses what it was given. One
// run cannot be interrupted.
package fecbench
