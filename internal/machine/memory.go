package machine

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Memory returns how many bytes of memory this process may have: those of the machine, or fewer if its control group or
// one above has a limit. files is the root of the file system; 0: it does not tell.
func Memory(files fs.FS) uint64 {
	most := total(files)
	own, err := fs.ReadFile(files, "proc/self/cgroup")
	if err != nil {
		return most
	}
	for line := range strings.Lines(string(own)) {
		group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		if !ok {
			continue // of version 1
		}
		for at := path.Join("sys/fs/cgroup", group); strings.HasPrefix(at, "sys/fs/cgroup"); at = path.Dir(at) {
			if n := limit(files, at); n != 0 && (most == 0 || n < most) {
				most = n
			}
		}
	}
	return most
}

// limit returns the limit of a control group; 0: it has none.
func limit(files fs.FS, group string) uint64 {
	text, err := fs.ReadFile(files, group+"/memory.max")
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64) // else it is the word max
	if err != nil {
		return 0
	}
	return n
}

// total returns the memory of the machine.
func total(files fs.FS) uint64 {
	text, err := fs.ReadFile(files, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil || n > math.MaxUint64>>10 {
			return 0
		}
		return n << 10
	}
	return 0
}
