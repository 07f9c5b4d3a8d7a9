package iobench

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"hash"
	"io"
	"os"
	"runtime"
	"time"
)

// cold is the size of what is worked on: more than the caches of a processor hold, so that its bytes come from memory,
// as those of a file do.
const cold = 128 << 20

// piece is how many bytes are worked on at once.
const piece = 64 << 10

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
	Write   Part = "write"   // a new file, up to fsync
)

// Cost is what a part needs.
type Cost struct {
	Part    Part
	Seconds float64 // of a processor, for 10^9 bytes
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
	var all []Cost
	digest := func(h hash.Hash) func() (int64, error) {
		return pieces(ctx, cfg.Bytes, data, func(p []byte) error { _, err := h.Write(p); return err })
	}
	target := make([]byte, cold)
	at := 0
	file, err := os.CreateTemp(cfg.Dir, "flute-node-bench-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // a temporary file
	defer file.Close()           //nolint:errcheck // the same
	for _, p := range []struct {
		part Part
		run  func() (int64, error)
	}{
		{SHA256, digest(sha256.New())},
		{MD5, digest(md5.New())},
		{Copy, pieces(ctx, cfg.Bytes, data, func(p []byte) error {
			at = (at + copy(target[at:], p)) % cold
			return nil
		})},
		{Write, func() (int64, error) {
			n, err := pieces(ctx, cfg.Bytes, data, func(p []byte) error { _, err := file.Write(p); return err })()
			if err == nil {
				err = file.Sync()
			}
			return n, err
		}},
		{Read, func() (int64, error) { return readBack(ctx, file) }},
	} {
		start := spent()
		n, err := p.run()
		if err != nil {
			return nil, err
		}
		all = append(all, cost(p.part, spent()-start, n))
	}
	sent, received, err := exchange(ctx, cfg)
	return append(all, sent, received), err
}

func cost(p Part, took time.Duration, bytes int64) Cost {
	return Cost{p, took.Seconds() * 1e9 / float64(max(bytes, 1))}
}

// pieces returns what does something with at least n bytes of data, over and over, and returns their number.
func pieces(ctx context.Context, n int64, data []byte, do func([]byte) error) func() (int64, error) {
	return func() (done int64, err error) {
		for at := 0; done < n && err == nil; at = (at + piece) % len(data) {
			if err = ctx.Err(); err == nil {
				err = do(data[at : at+piece])
			}
			done += piece
		}
		return done, err
	}
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

// Limit returns the seconds that 10^9 bytes take at least from a file to a verified file, if processors do all of that
// and nothing else: one digest at either end, or none if it is empty.
func Limit(costs []Cost, digest Part, processors int) float64 {
	times := map[Part]float64{Send: 1, Receive: 1, Read: 1, Write: 1, digest: 2}
	sum := 0.0
	for _, c := range costs {
		sum += times[c.Part] * c.Seconds
	}
	return sum / float64(max(processors, 1))
}
