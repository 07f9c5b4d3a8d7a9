package panicked

import (
	"errors"
	"runtime/debug"
	"strings"
	"testing"
)

type culprit struct{ list []int }

func (c *culprit) index(i int) int              { return c.list[i] }
func (c *culprit) write(m map[string]int)       { m["x"] = 1 }
func (c *culprit) itself()                      { panic(errors.New("panic(\n\nof mine")) }
func (c *culprit) pointer(p *culprit)           { p.list = nil }
func (c *culprit) divide(n int) int             { return 1 / n }
func (c *culprit) assert(v any)                 { _ = v.(string) }
func (c *culprit) after(f func())               { defer func() { recover(); f() }(); panic("first") }
func (c *culprit) closed(ch chan int)           { close(ch); close(ch) }
func generic[T any](c *culprit, list []T) (t T) { return list[len(c.list)] }

// caught returns what At says of a panic of f.
func caught(f func()) (where string) {
	defer func() {
		if recover() != nil {
			where = At(debug.Stack())
		}
	}()
	f()
	return "nothing"
}

// TestAt: the place is that of the function that panicked, whatever the runtime does to that end.
func TestAt(t *testing.T) {
	c := &culprit{}
	for want, f := range map[string]func(){
		"(*culprit).index":   func() { c.index(7) },
		"(*culprit).write":   func() { c.write(nil) },
		"(*culprit).itself":  c.itself,
		"(*culprit).pointer": func() { c.pointer(nil) },
		"(*culprit).divide":  func() { c.divide(0) },
		"(*culprit).assert":  func() { c.assert(1) },
		"(*culprit).closed":  func() { c.closed(make(chan int)) },
		"generic":            func() { generic(c, []string{}) },
	} {
		got := caught(f)
		if !strings.HasPrefix(got, " at panicked."+want) || !strings.Contains(got, " (panicked/at_test.go:") {
			t.Errorf("%s: %q", want, got)
		}
	}
	if got := caught(func() { c.after(func() { c.index(1) }) }); !strings.Contains(got, "culprit).") {
		t.Errorf("a panic after another: %q", got)
	}
}

// TestAtNowhere: what is no stack of a panic tells no place.
func TestAtNowhere(t *testing.T) {
	for _, text := range []string{
		"", "goroutine 1 [running]:\nmain.f()\n\t/a/b.go:1 +0x1\n", "\npanic(", "\npanic(x)\n", "\npanic(\n\n\n\n",
	} {
		if got := At([]byte(text)); got != "" {
			t.Errorf("%q: %q", text, got)
		}
	}
}
