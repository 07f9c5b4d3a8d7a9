package receiver

import (
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// The values of Config.Layout that are no template.
const (
	layoutFlat    = "flat"
	layoutSource  = "source"
	layoutSession = "session"
)

// hasTemplate reports whether Layout is a template.
func (c *Config) hasTemplate() bool { return strings.ContainsAny(c.Layout, "{}/") }

// folderOf returns the folder for the files of a session. The colons of IPv6 are hyphens: Windows has no colons in
// names.
func (c *Config) folderOf(key flute.SessionKey) string {
	if c.Layout != layoutSource && c.Layout != layoutSession {
		return ""
	}
	return folderFor(c.Layout, key)
}

// folderFor returns the folder of a source, or that of a session.
func folderFor(layout string, key flute.SessionKey) string {
	source := "unknown"
	if key.Source.IsValid() {
		source = key.Source.String()
	}
	if layout == layoutSession {
		source = fmt.Sprintf("%s/%s-%d-%d", source, key.Group.Addr(), key.Group.Port(), key.TSI)
	}
	return strings.ReplaceAll(source, ":", "-")
}
