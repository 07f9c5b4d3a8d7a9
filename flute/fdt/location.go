package fdt

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkLocation verifies a Content-Location that was received. It "MUST be assigned a syntactically valid URI, as
// defined in RFC 3986" (RFC 6726, section 3.4.2), but senders put file names there as they are, such as "12:30.ts" or
// "100%.ts". To the receiver it is opaque: it has to name something. Control characters would reach terminals and logs.
func checkLocation(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("Content-Location is empty")
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("Content-Location %.80q contains control characters", s)
	}
	return nil
}

// checkURI verifies a Content-Location that is to be written. Blanks and characters beyond ASCII pass, since xs:anyURI
// permits them; what no parser of URIs can take apart does not.
func checkURI(s string) error {
	if err := checkLocation(s); err != nil {
		return err
	}
	if _, err := url.Parse(s); err != nil {
		var e *url.Error // says the URI again
		if errors.As(err, &e) {
			err = e.Err
		}
		return fmt.Errorf("Content-Location %.80q is not a URI: %.80s", s, err.Error())
	}
	return nil
}

// shorten cuts s to at most n bytes, between characters.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
