package daemon

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// FuzzEvents: no file of events makes a start fail. What is taken of it is numbered without gaps and fits the journal,
// which goes on after it, and keeps it for the next start.
func FuzzEvents(f *testing.F) {
	f.Add([]byte("run 17a 1\nevent 1 ready {}\nevent 2 object_completed {\"a\":1}\nend 2\n"))
	f.Add([]byte("run 17a 1\nevent 1 a {}\nevent 5 a {}\nrun 17b 6\nevent 6 a {}"))
	f.Add([]byte("run 17a 18446744073709551615\nevent 18446744073709551615 a {}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole []byte
		for line := range bytes.SplitSeq(text, []byte("\n")) { // with sums, behind which nobody would get
			whole = appendLine(whole, "%s", line)
		}
		path := filepath.Join(t.TempDir(), "events")
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := readEvents(path)
		if err != nil && len(whole) < maxEntry {
			t.Fatal(err)
		}
		for i, entry := range e.entries {
			if entry.ID != e.entries[0].ID+uint64(i) || entry.ID > e.last || entry.ID == 0 {
				t.Fatalf("entry %d is number %d, the last one %d", i, entry.ID, e.last)
			}
		}
		if len(e.runs) > maxRuns || e.bytes > maxJournal || e.read > int64(len(whole)) || e.end > e.read {
			t.Fatalf("%d runs, %d bytes, %d of %d read, to %d", len(e.runs), e.bytes, e.read, len(whole), e.end)
		}
		j := newJournal(16, time.Now(), e, nil)
		if j.add(completed(1)); j.Last() != e.last+1 {
			t.Fatalf("number %d follows %d", j.Last(), e.last)
		}
		if entries, _, _ := j.After(e.last, 9); len(entries) != 1 {
			t.Fatalf("%d entries after %d", len(entries), e.last)
		}
	})
}
