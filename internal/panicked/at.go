package panicked

import (
	"path"
	"strings"
)

// At returns where the panic was that a deferred function has recovered, which took the stack: " at main.open
// (main.go:7)", with the last folder of the file; empty if the stack does not tell.
func At(stack []byte) string {
	text := string(stack)
	for { // the latest panic is the one that was recovered; those behind it are of functions that it ended
		_, rest, found := strings.Cut(text, "\npanic(")
		if !found {
			return ""
		}
		if where := first(rest); where != "" {
			return where
		}
		text = rest
	}
}

// first returns the first function below a panic that is not the runtime's.
func first(text string) string {
	lines := strings.Split(text, "\n")
	for i := 2; i+1 < len(lines); i += 2 { // those of the panic itself come first
		name, at := lines[i], strings.TrimSpace(lines[i+1])
		if name == "" || strings.HasPrefix(name, "panic(") {
			return ""
		}
		if strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") {
			continue
		}
		if end := strings.LastIndexByte(name, '('); end > 0 {
			name = name[:end]
		}
		file, _, _ := strings.Cut(at, " ")
		return " at " + path.Base(name) + " (" + path.Base(path.Dir(file)) + "/" + path.Base(file) + ")"
	}
	return ""
}
