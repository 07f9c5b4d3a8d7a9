package receiver

import (
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// Layout says into which folders of the Store files are published.
type Layout uint8

// The layouts.
const (
	// LayoutFlat publishes all files in the root: where several senders announce the same Content-Location, the newest
	// file is kept, with a Warning.
	LayoutFlat Layout = iota
	// LayoutSource has a folder for each source, as "192.0.2.1".
	LayoutSource
	// LayoutSession has a folder for each session below that of its source, as "192.0.2.1/239.1.1.1-3400-7":
	// destination address, port, TSI.
	LayoutSession
)

// folder returns the folder for the files of a session. The colons of IPv6 are hyphens: Windows has no colons in names.
func (l Layout) folder(key flute.SessionKey) string {
	if l == LayoutFlat {
		return ""
	}
	source := "unknown"
	if key.Source.IsValid() {
		source = key.Source.String()
	}
	if l == LayoutSession {
		source = fmt.Sprintf("%s/%s-%d-%d", source, key.Group.Addr(), key.Group.Port(), key.TSI)
	}
	return strings.ReplaceAll(source, ":", "-")
}
