package settings

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Priority is the priority of the files whose names a pattern matches, or of all: news/*=-1, 5. A pattern matches the
// whole name, or its last elements (package path has the syntax). Files of a lower priority are sent first.
type Priority struct {
	Pattern string // empty: every file
	Value   int8
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Priority) UnmarshalText(text []byte) error {
	pattern, number := "", string(text)
	if i := strings.LastIndexByte(number, '='); i >= 0 {
		pattern, number = number[:i], number[i+1:]
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			return fmt.Errorf("%q is no pattern such as *.txt or news/*", pattern)
		}
	}
	n, err := strconv.ParseInt(number, 10, 8)
	if err != nil {
		return fmt.Errorf("%q is no priority from -128 to 127, such as -1 or news/*=-1", text)
	}
	*p = Priority{pattern, int8(n)}
	return nil
}

// PriorityOf returns the priority of a file, by its name with slashes: that of the last of all that match it, or 0.
func PriorityOf(all []Priority, name string) (priority int8) {
	for _, p := range all {
		if p.matches(name) {
			priority = p.Value
		}
	}
	return priority
}

func (p *Priority) matches(name string) bool {
	if p.Pattern == "" {
		return true
	}
	for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
		if ok, _ := path.Match(p.Pattern, rest); ok {
			return true
		}
	}
	return false
}
