package config

import (
	"fmt"
	"reflect"
	"strings"
)

// suggest returns a hint to the key that was meant.
func suggest(key string, known map[string]reflect.Value) string {
	best, least := "", 3
	for k := range known {
		if n := distance(key, k); n < least || n == least && best != "" && k < best {
			best, least = k, n
		}
	}
	if flat := strings.ReplaceAll(key, "-", "_"); flat != key {
		if _, ok := known[flat]; ok {
			best = flat
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %s?", best)
}

// distance returns how many letters must be changed, put in or left out to make b of a (Levenshtein); of long words a
// large number.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
