// Package spool has lines wait in memory for a file whose reader may stand still: a pipe to a journal that was stopped,
// a terminal behind a connection that hangs. Whoever writes a line goes on at once; a goroutine hands the lines to the
// file, one write a line, in their order.
//
//	log := spool.New(os.Stderr, 1<<20, func(n uint64) []byte { return fmt.Appendf(nil, "%d lines were lost\n", n) })
//	slog.New(slog.NewTextHandler(log.Of(spool.Info), nil))
//	defer log.Flush(ctx) // before the process ends
//
// What waits is bounded in bytes. A line that does not fit is lost and counted; how many were, a line says when what
// waits has become less. Each [Rank] may fill a part of the memory only, so that room for errors is left by lines for
// debugging. The goroutine lives as long as lines wait. See docs/adr/0123.
//
// # Limitations
//
// A process that dies by a panic of another goroutine, or by SIGKILL, takes along what waits: what a reader that is
// there has not been given in the microseconds since it was written. A write that hangs is not ended: its goroutine
// stays until the reader reads or leaves.
package spool
