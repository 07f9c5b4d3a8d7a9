package content

import "strings"

// The attribute of a File element by which a sender says which digests a later FDT Instance is going to add: their
// names as those of Digest.Sums, with spaces between them. RFC 6726, section 3.4.2, has room for it: anyAttribute,
// which is skipped by whoever does not know it.
const (
	HintSpace = "https://github.com/flute-node/flute-node/ns/fdt"
	HintLocal = "Later-Digests"
)

// Hint returns the value of the attribute for the algorithms of a.
func (a Algorithms) Hint() string { return strings.Join(a.names(), " ") }

// names returns the names of the algorithms of a.
func (a Algorithms) names() (names []string) {
	for _, d := range [...]struct {
		of   Algorithms
		name string
	}{{MD5, "md5"}, {SHA256, "sha-256"}, {SHA512, "sha-512"}} {
		if a&d.of != 0 {
			names = append(names, d.name)
		}
	}
	return names
}

// ParseHint returns the algorithms that the value of the attribute names. Names that are not known are skipped.
func ParseHint(value string) (all Algorithms) {
	for name := range strings.FieldsSeq(value) {
		a, _ := ParseAlgorithms([]string{name})
		all |= a
	}
	return all
}

// Strongest returns the strongest algorithm of a; see Announced.Strongest.
func (a Algorithms) Strongest() Algorithms {
	for _, d := range [...]Algorithms{SHA512, SHA256} {
		if a&d != 0 {
			return d
		}
	}
	return a & MD5
}
