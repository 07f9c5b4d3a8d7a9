package sender

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxURI bounds a Content-Location; receivers refuse attributes of more than some kilobytes.
const maxURI = 4096

// checkURI checks that s can be a Content-Location, which "MUST be assigned a syntactically valid URI, as defined in
// [RFC3986]" (RFC 6726, section 3.4.2). url.Parse alone lets blanks and non-ASCII characters pass.
func checkURI(s string) error {
	if s == "" {
		return errors.New("is empty")
	}
	if len(s) > maxURI {
		return fmt.Errorf("%d bytes are more than %d", len(s), maxURI)
	}
	for i := range len(s) {
		// RFC 3986, section 2: the characters that are neither reserved, unreserved nor the percent sign.
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return fmt.Errorf("character %q must be percent-encoded", c)
		}
	}
	_, err := url.Parse(s)
	return err
}
