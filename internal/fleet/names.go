package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// DefaultFleet is the name of a fleet that is given none.
const DefaultFleet = "flute"

// Names are the names that a fleet has in JetStream. Fleet is required: letters, digits, - and _.
type Names struct{ Fleet string }

// IsToken reports whether a text can be the name of a fleet, a site or a lease: it is part of a subject.
func IsToken(s string) bool {
	return len(s) > 0 && len(s) <= maxToken && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}) < 0
}

// maxToken bounds a name in bytes.
const maxToken = 64

func (n Names) sites() string   { return n.Fleet + "_SITES" }
func (n Names) objects() string { return n.Fleet + "_OBJECTS" }
func (n Names) events() string  { return n.Fleet + "_EVENTS" }
func (n Names) leases() string  { return n.Fleet + "_LEASES" }

func (n Names) beat(site string) string         { return n.Fleet + ".beat." + site }
func (n Names) event(site string) string        { return n.Fleet + ".event." + site }
func (n Names) have(site, object string) string { return n.Fleet + ".have." + site + "." + object }
func (n Names) fail(site, object string) string { return n.Fleet + ".fail." + site + "." + object }

// siteOf returns the site of a subject, and what kind it is; empty: it is none of these.
func (n Names) siteOf(subject string) (kind, site, object string) {
	rest, ok := strings.CutPrefix(subject, n.Fleet+".")
	if !ok {
		return "", "", ""
	}
	parts := strings.Split(rest, ".")
	if len(parts) < 2 || !IsToken(parts[1]) {
		return "", "", ""
	}
	if len(parts) > 2 {
		object = parts[2]
	}
	return parts[0], parts[1], object
}

// objectOf returns what stands for a Content-Location in subjects.
func objectOf(location string) string {
	h := sha256.Sum256([]byte(location))
	return hex.EncodeToString(h[:16])
}
