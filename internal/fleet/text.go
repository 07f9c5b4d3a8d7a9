package fleet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Age writes how long ago something was, for people.
func Age(at, now time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return max(0, now.Sub(at)).Round(time.Second).String()
}

// Phases writes how many units are in which phase, for people.
func Phases(units map[string]int) string {
	var parts []string
	for _, phase := range slices.Sorted(maps.Keys(units)) {
		parts = append(parts, fmt.Sprintf("%d %s", units[phase], phase))
	}
	return strings.Join(parts, ", ")
}

// shortDigits is how many digits of a digest tell versions apart, for people.
const shortDigits = 12

// Short returns a version with the first digits of its digest.
func Short(version string) string {
	name, digits, ok := strings.Cut(version, ":")
	if !ok || len(digits) <= shortDigits {
		return cut(version, 2*shortDigits)
	}
	return cut(name, shortDigits) + ":" + cut(digits, shortDigits)
}
