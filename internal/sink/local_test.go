package sink

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/program"
)

// TestMarker: a marker tells of its file, replaces an older one whole, and leaves nothing else.
func TestMarker(t *testing.T) {
	m := Marker{".done"}
	f := received(t, "a/b.txt")
	marker := filepath.Join(f.Dir, "a", "b.txt.done")
	if err := os.WriteFile(marker, []byte(strings.Repeat("old", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Deliver(t.Context(), "key", f); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(marker)
	var got Message
	if err != nil || json.Unmarshal(text, &got) != nil || got.Key != "key" || got.Path != f.Path() {
		t.Errorf("%s %v", text, err)
	}
	entries, err := os.ReadDir(filepath.Join(f.Dir, "a"))
	if err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
	f.Name = "../b"
	if err := m.Deliver(t.Context(), "key", f); err == nil {
		t.Error("a marker outside of the folder")
	}
	for name, want := range map[string]bool{
		"a.done": true, "A.DONE": true, ".a.done.tmp": true, "a.done.1": false, "done": false, "a": false,
	} {
		if m.Reserves(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// TestExec: a program has the file at its standard input, and what is known of it in its environment. One that fails
// has not taken it; one that takes too long is ended, with what it has started.
func TestExec(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sh")
	}
	var mu sync.Mutex
	var said []string
	run := func(ctx context.Context, script string) error {
		t.Helper()
		c, err := program.Parse("sh -c '" + script + "' {name} {size} {toi}")
		if err != nil {
			t.Fatal(err)
		}
		said = nil
		return NewExec(c, 1, func(_ *program.File, line string) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, line)
		}).Deliver(ctx, "the key", received(t, "a/b"))
	}
	if err := run(t.Context(), `read x; echo $x $FLUTE_KEY $FLUTE_NAME $0 $1 $2`); err != nil {
		t.Error(err)
	}
	if got := strings.Join(said, "|"); got != "content the key b b 7 5" {
		t.Errorf("%q", got)
	}
	if err := run(t.Context(), "exit 3"); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := run(ctx, "sleep 60 & wait")
	if err == nil || !strings.Contains(err.Error(), "deadline") || time.Since(began) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
