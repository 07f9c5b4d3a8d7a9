package route

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// Template is a fileTemplate (RFC 9223, section 4.1.1): a Content-Location in which the TOI stands.
type Template struct {
	parts []templatePart
}

// templatePart is text, and the TOI behind it.
type templatePart struct {
	text  string
	toi   bool
	width int
}

const (
	maxTemplate = 4 << 10
	maxTOIs     = 8  // in one template
	maxWidth    = 40 // digits of a TOI of 112 bits, and some more
)

// ParseTemplate reads a fileTemplate. RFC 9223, section 4.1.1: "It SHALL include the "$TOI$" identifier. Each
// identifier MAY be suffixed … within the enclosing '$' characters following this prototype: %0[width]d".
func ParseTemplate(s string) (*Template, error) {
	bad := func(why string) (*Template, error) {
		return nil, fmt.Errorf("%w: fileTemplate %.80q: %s", errDocument, s, why)
	}
	if s = strings.TrimSpace(s); len(s) > maxTemplate {
		return bad("too long")
	}
	t, tois := &Template{}, 0
	for rest := s; rest != ""; {
		text, after, ok := strings.Cut(rest, "$")
		if !ok {
			t.parts = append(t.parts, templatePart{text: text})
			break
		}
		word, after, ok := strings.Cut(after, "$")
		if !ok {
			return bad("a $ has no other")
		}
		rest = after
		if word == "" { // "$$ is an escape sequence"
			t.parts = append(t.parts, templatePart{text: text + "$"})
			continue
		}
		format, ok := strings.CutPrefix(word, "TOI")
		width := 1
		if ok && format != "" {
			var digits string
			digits, ok = strings.CutPrefix(format, "%0")
			digits, isDecimal := strings.CutSuffix(digits, "d")
			n, err := strconv.ParseUint(digits, 10, 64)
			ok, width = ok && isDecimal && err == nil && n <= maxWidth, int(n)
		}
		if !ok {
			return bad("$" + word + "$ is not known")
		}
		if tois++; tois > maxTOIs {
			return bad("too many TOIs")
		}
		t.parts = append(t.parts, templatePart{text, true, width})
	}
	if tois == 0 {
		return bad("it has no $TOI$")
	}
	return t, nil
}

// Location returns the Content-Location of the object toi.
func (t *Template) Location(toi flute.TOI) string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.toi {
			digits := toi.String()
			b.WriteString(strings.Repeat("0", max(0, p.width-len(digits))))
			b.WriteString(digits)
		}
	}
	return b.String()
}
