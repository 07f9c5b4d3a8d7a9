package receiver

import (
	"fmt"
	"strings"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
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
	// LayoutSession has a folder for each session below that of its source, as "192.0.2.1/239.1.1.1-3400-7": destination
	// address, port, TSI.
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

// publish gives a verified file its name. A name that became another file's folder, or a folder, since it was claimed is
// refused, and another one is tried, once.
func (w *Work) publish(object store.Object) error {
	for again := true; ; again = false {
		claimed, err := w.names.Claim(w.folder, w.file.ContentLocation, w.publisher)
		if err != nil {
			return err
		}
		w.result.path, err = w.store.Publish(object, claimed.Name)
		if err == nil {
			w.result.claimed = claimed
			return nil
		}
		if !again || failReason(err) != event.FailName {
			return err
		}
	}
}

// warnClaimed tells of a file that has another name than its Content-Location has, or that replaced another sender's.
func (o *Object) warnClaimed(location string, c store.Claimed) {
	if c.Wanted != "" {
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: Content-Location %q is published as %q, since %q is taken",
			o.l.key, o.e.toi, location, c.Name, c.Wanted)})
	}
	if c.Replaced != "" {
		o.emit(event.Warning{Text: fmt.Sprintf("session %v, TOI %v: %q replaces the file that session %s published",
			o.l.key, o.e.toi, c.Name, c.Replaced)})
	}
}
