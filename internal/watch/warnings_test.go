package watch

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestWarnings: a text is told once in an hour, not once in the life of a service, and how many were too many is told.
func TestWarnings(t *testing.T) {
	var w warnings
	var told []string
	at := func(d time.Duration, text string) {
		w.tell(start.Add(d), text, func(s string) { told = append(told, s) })
	}
	at(0, "a")
	at(time.Second, "b")
	at(time.Minute, "a")
	w.forget("b")
	at(2*time.Minute, "b")
	at(time.Hour, "a")
	if want := []string{"a", "b", "b", "a"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	told = nil
	for i := range 2 * maxWarnings {
		at(time.Hour, fmt.Sprint(i))
	}
	at(2*time.Hour, "c")
	more := fmt.Sprintf("%d warnings before this one were not told", maxWarnings+1)
	want := []string{fmt.Sprint(maxWarnings - 2), more, "c"}
	if len(told) != maxWarnings+1 || !slices.Equal(told[maxWarnings-2:], want) {
		t.Errorf("told %d, at last %q", len(told), told[max(0, len(told)-3):])
	}
}
