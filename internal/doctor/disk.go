package doctor

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	probeBytes = 8 << 20
	probeSyncs = 9
	// slowSync is a time of fsync above which many small files are slow; slowWrite is bytes a second: 100 Mbit/s.
	slowSync  = 50 * time.Millisecond
	slowWrite = 12.5e6
)

// disk looks at how fast a folder takes bytes.
func disk(dir string) []Finding {
	write, sync, err := probe(dir)
	if err != nil {
		return []Finding{{
			Name: "disk " + dir, Grade: Broken, Found: err.Error(),
			Remedy: "have the user of the node own the folder, and room on its disk",
		}}
	}
	rate := probeBytes / write.Seconds()
	w := Finding{Name: "disk " + dir, Grade: Good, Found: fmt.Sprintf("%.0f MB/s written and synced", rate/1e6)}
	if rate < slowWrite {
		w.Grade, w.Remedy = Mend, "a faster disk, or senders that are slower than it"
	}
	s := Finding{
		Name: "fsync " + dir, Grade: Good,
		Found: fmt.Sprintf("%v, the middle of %d", sync.Round(10*time.Microsecond), probeSyncs),
	}
	if sync > slowSync {
		s.Grade = Mend
		s.Found += ": a file is published after one or two of them"
		s.Remedy = "a disk with a write cache that outlives a power cut"
	}
	return []Finding{w, s}
}

// probe writes a file, which it removes, and returns how long that took, and how long a small fsync takes.
func probe(dir string) (write, sync time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".flute-node-doctor-*")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i * 31)
	}
	start := time.Now()
	for range probeBytes / len(block) {
		if _, err := f.Write(block); err != nil {
			return 0, 0, err
		}
	}
	if err := f.Sync(); err != nil {
		return 0, 0, err
	}
	write = time.Since(start)
	var times []time.Duration
	for range probeSyncs {
		start := time.Now()
		if _, err := f.Write(block[:4096]); err != nil {
			return 0, 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, 0, err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return write, times[len(times)/2], nil
}
