package config

import (
	"fmt"
	"strings"
)

// Lookup returns a variable of the environment, and whether it is set. os.LookupEnv is one.
type Lookup func(name string) (value string, set bool)

// maxValue bounds a value in bytes, with what the environment has put into it.
const maxValue = 64 << 10

// expand replaces ${NAME} and ${NAME:-default} in a value. changed tells that the value had one.
func expand(text string, lookup Lookup) (out string, changed bool, err error) {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			b.WriteString(text)
			break
		}
		if i > 0 && text[i-1] == '$' { // $${ stands for ${
			b.WriteString(text[:i-1] + "${")
			text, changed = text[i+2:], true
			continue
		}
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			return "", true, fmt.Errorf("%.40q has no }: write $${ for ${", text[i:])
		}
		name, standby, hasDefault := strings.Cut(text[i+2:i+end], ":-")
		if !isVariable(name) {
			return "", true, fmt.Errorf("${%.40s} is no variable of the environment: write $${ for ${", name)
		}
		value, set := lookup(name)
		switch {
		case !set && !hasDefault:
			return "", true, fmt.Errorf("${%s}: the environment has no such variable; ${%s:-text} has a default, "+
				"and $${ stands for ${", name, name)
		case !set:
			value = standby
		}
		b.WriteString(text[:i] + value)
		text, changed = text[i+end+1:], true
		if b.Len() > maxValue {
			break
		}
	}
	if b.Len() > maxValue {
		return "", true, fmt.Errorf("the value has more than %d bytes", maxValue)
	}
	return b.String(), changed, nil
}

func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
