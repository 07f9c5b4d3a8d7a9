// Package lanes runs what takes too long for the goroutine of a session: a [Work]. It knows nothing of FLUTE.
//
//	session ── Run ─► processor lane ──────────────► done
//	        └─ Run ─► lane of a disk ── computes ─┘
//
// A Work waits either for the processor or for one disk: a store that it writes to, a source that it reads from. There
// is one processor lane, with as many Works at a time as there are processors, and a lane for each disk that has
// something to do, with 32 Works at a time. A disk that hangs keeps its own lane, and nobody else waits.
//
// A Work in the lane of a disk that also computes takes a processor for that, and gives it back before it waits for the
// disk again. So no more goroutines compute than there are processors, and none of them waits for a disk.
//
// A part of a disk, such as a folder on which another one is mounted, may hang while the rest answers. What waits for
// it lends its places to others, and what comes for it waits beside the lane, until it answers. So does what comes for
// many parts of one part, a/1, a/2 and so on of a, as long as none of them answers.
//
// Each lane serves the sessions in turn, one Work of each: a hundred Works of one session delay another session's by
// one.
//
// A Work that panics fails, and its lane goes on. A lane has no goroutine while it has nothing to do.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// A disk that never answers keeps at most 32 goroutines until the process ends, or as many as it serves at a time:
// nothing can interrupt them. One with parts that hang may keep four times as many.
package lanes
