package iobench

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"hash"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"time"
)

// cold is the size of what is worked on: more than the caches of a processor hold, so that its bytes come from memory,
// as those of a file do.
const cold = 128 << 20

const (
	// piece is how many bytes are worked on at once.
	piece = 64 << 10
	// written is how many are written at once. Smaller calls cost more; larger ones take memory that the host of a
	// virtual machine may have to find first, and then they cost several times as much (docs/adr/0124).
	written = 256 << 10
	// behind is after how many bytes the disk is asked to begin with them.
	behind = 8 << 20
	// writes is how often that is measured. The memory that the first one takes may have to be found by the host of a
	// virtual machine; the others take what that one has given back.
	writes = 3
)

// Part is one part of a transfer.
type Part string

// The parts.
const (
	SHA256  Part = "sha-256"
	MD5     Part = "md5"
	Copy    Part = "copy"
	Send    Part = "send"    // datagrams of Config.Payload, in messages of several where the system takes them
	Receive Part = "receive" // the same
	Read    Part = "read"    // a file that the system has in memory
	Write   Part = "write"   // a new file whose place is reserved, up to fsync; the disk begins as early as it can
)

// Cost is what a part needs.
type Cost struct {
	Part    Part
	Seconds float64 // of a processor, for 10^9 bytes
	Clock   float64 // seconds that pass for 10^9 bytes, with nothing else under way
}

// Config says how to measure.
type Config struct {
	Dir     string // for a file of Bytes; it is removed again
	Bytes   int64  // that each part works on, at least
	Payload int    // bytes of a datagram
}

// Measure measures all parts, one after the other. It ends early with the error of ctx.
func Measure(ctx context.Context, cfg Config) ([]Cost, error) {
	runtime.LockOSThread() // spent is of one thread
	defer runtime.UnlockOSThread()
	data := make([]byte, cold)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	digest := func(h hash.Hash) func() (int64, error) {
		return pieces(ctx, cfg.Bytes, data, piece, func(p []byte) error { _, err := h.Write(p); return err })
	}
	target := make([]byte, cold)
	at := 0
	file, err := os.CreateTemp(cfg.Dir, "flute-node-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // a temporary file
	defer file.Close()           //nolint:errcheck // the same
	all := []Cost{{Write, math.Inf(1), math.Inf(1)}}
	for range writes {
		again, err := writeOut(ctx, file, cfg.Bytes, data)
		if err != nil {
			return nil, err
		}
		all = Least(all, []Cost{again})
	}
	for _, p := range []struct {
		part Part
		run  func() (int64, error)
	}{
		{SHA256, digest(sha256.New())},
		{MD5, digest(md5.New())},
		{Copy, pieces(ctx, cfg.Bytes, data, piece, func(p []byte) error {
			at = (at + copy(target[at:], p)) % cold
			return nil
		})},
		{Read, func() (int64, error) { return readBack(ctx, file) }},
	} {
		start, begin := spent(), time.Now()
		n, err := p.run()
		if err != nil {
			return nil, err
		}
		all = append(all, cost(p.part, spent()-start, time.Since(begin), n))
	}
	sent, received, err := exchange(ctx, cfg)
	return append(all, sent, received), err
}

func cost(p Part, took, clock time.Duration, bytes int64) Cost {
	return Cost{p, took.Seconds() * 1e9 / float64(max(bytes, 1)), clock.Seconds() * 1e9 / float64(max(bytes, 1))}
}

// pieces returns what does something with at least n bytes of data, in pieces of size bytes, over and over, and returns
// their number.
func pieces(ctx context.Context, n int64, data []byte, size int, do func([]byte) error) func() (int64, error) {
	return func() (done int64, err error) {
		for at := 0; done < n && err == nil; at = (at + size) % len(data) {
			if err = ctx.Err(); err == nil {
				err = do(data[at : at+size])
			}
			done += int64(size)
		}
		return done, err
	}
}

// writeOut writes at least n bytes of data to f, which it empties first, up to fsync.
func writeOut(ctx context.Context, f *os.File, n int64, data []byte) (Cost, error) {
	if err := f.Truncate(0); err != nil {
		return Cost{}, err
	}
	start, begin := spent(), time.Now()
	reserve(f, n)
	off := int64(0)
	done, err := pieces(ctx, n, data, written, func(p []byte) error {
		_, err := f.WriteAt(p, off)
		if off += written; off%behind == 0 {
			beginWriting(f, off-behind, behind)
		}
		return err
	})()
	if err == nil {
		err = f.Sync()
	}
	return cost(Write, spent()-start, time.Since(begin), done), err
}

// readBack reads a file once through.
func readBack(ctx context.Context, f *os.File) (done int64, err error) {
	buf := make([]byte, piece)
	for err == nil {
		var n int
		n, err = f.ReadAt(buf, done)
		done += int64(n)
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
	}
	if err == io.EOF {
		err = nil
	}
	return done, err
}

// Least returns the least that each part has cost in two measurements: a machine may be slower than it can be, and not
// faster.
func Least(a, b []Cost) []Cost {
	all := slices.Clone(a)
	for i := range all {
		for _, c := range b {
			if c.Part == all[i].Part {
				all[i].Seconds, all[i].Clock = min(all[i].Seconds, c.Seconds), min(all[i].Clock, c.Clock)
			}
		}
	}
	return all
}

// Limit returns the seconds that 10^9 bytes take at least from a file to a verified file: what the processors take, if
// they do all parts and nothing else, with one digest at either end, or none if it is empty; and what the disk takes,
// by the clock, for the file alone. No transfer is faster than the slower of both.
func Limit(costs []Cost, digest Part, processors int) (shared, disk float64) {
	times := map[Part]float64{Send: 1, Receive: 1, Read: 1, Write: 1, digest: 2}
	for _, c := range costs {
		shared += times[c.Part] * c.Seconds
		if c.Part == Write {
			disk = c.Clock
		}
	}
	return shared / float64(max(processors, 1)), disk
}
