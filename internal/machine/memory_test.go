package machine

import (
	"os"
	"runtime"
	"testing"
	"testing/fstest"
)

// TestMemory: the least of the machine's memory and of the limits of the process' control group and those above it.
func TestMemory(t *testing.T) {
	const machine = "MemFree: 1 kB\nMemTotal:       4096 kB\nSwapTotal: 7 kB\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  uint64
	}{
		"nothing is told":    {nil, 0},
		"no limit":           {map[string]string{"proc/meminfo": machine}, 4 << 20},
		"not a number":       {map[string]string{"proc/meminfo": "MemTotal: much kB\n"}, 0},
		"too large a number": {map[string]string{"proc/meminfo": "MemTotal: 18446744073709551615 kB\n"}, 0},
		"a limit": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/system.slice/a.service\n",
			"sys/fs/cgroup/system.slice/a.service/memory.max": "1048576\n",
		}, 1 << 20},
		"a limit above": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/memory.max": "2097152\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
		}, 2 << 20},
		"a limit of a container": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "4096\n",
		}, 4096},
		"a limit above the memory": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "8388608\n",
		}, 4 << 20},
		"a limit only": {map[string]string{
			"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "4096\n",
		}, 4096},
		"version 1": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "3:memory:/a\n", "sys/fs/cgroup/a/memory.max": "4096\n",
		}, 4 << 20},
		"out of the tree": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/../../x\n", "sys/x/memory.max": "4096\n",
		}, 4 << 20},
	} {
		files := fstest.MapFS{}
		for path, text := range c.files {
			files[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := Memory(files); got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, got, c.want)
		}
	}
	if n := Memory(os.DirFS("/")); runtime.GOOS == "linux" && n < 1<<20 {
		t.Errorf("this machine: %d bytes", n)
	}
}
