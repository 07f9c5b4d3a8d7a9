package config

import "strings"

// maxName bounds a name in bytes: it is a label of metrics.
const maxName = 64

// name checks the name of a section, and returns what errors call it.
func (k *checker) name(section, name string, o *origin) string {
	return k.nameOf(k.names, section, name, o)
}

// nameOf is name for one of several kinds of names.
func (k *checker) nameOf(names map[string]place, section, name string, o *origin) string {
	before, twice := names[name]
	switch {
	case name == "":
		k.add(o.place, "%s: name is missing", section)
		return section
	case !isName(name):
		k.add(o.of("name"), "%s: name %.80q: take 1 to %d letters, digits, . _ or -, a letter or digit first",
			section, name, maxName)
		return section
	case twice:
		k.add(o.of("name"), "%s: name %s is that of %v, too", section, name, before)
	default:
		names[name] = o.of("name")
	}
	return section + " " + name
}

func isName(name string) bool { return len(name) <= maxName && isWord(name) }

// isWord is isName for names of any length.
func isWord(name string) bool {
	if len(name) == 0 || strings.ContainsRune("._-", rune(name[0])) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	}) < 0
}
