package integration

import (
	"fmt"
	"strings"
	"testing"
)

// TestDescriptorsRunOut: whoever has too few descriptors is told in one line what to raise.
func TestDescriptorsRunOut(t *testing.T) {
	t.Parallel()
	group, dir, told := newGroup(t), t.TempDir(), 0
	for n := 8; n <= 12; n++ { // with fewer the runtime of Go does not start; with how many more it is enough varies
		for _, args := range [][]string{
			{"receive", "--group", group.String(), "--interface", "lo", "--timeout", "1ms", dir},
			{"send", "--to", group.String(), "--interface", "lo", write(t, dir, "file", 10)},
		} {
			limited := append([]string{"-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, n), command}, args...)
			p := startProgram(t, nil, nil, "sh", limited...)
			p.wait()
			said := p.stderr.String()
			if strings.Contains(said, "no interface has the name") {
				t.Errorf("%d descriptors: the cause is lost: %s", n, said)
			}
			if strings.Contains(said, "too many open files") {
				told++
				if !strings.Contains(said, "ulimit -n") || strings.Count(said, "\n") != 1 {
					t.Errorf("%d descriptors: %q", n, said)
				}
			}
		}
	}
	if told == 0 {
		t.Error("they never ran out")
	}
}
