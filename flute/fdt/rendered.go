package fdt

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Entry is a File entry that was written once, for many FDT Instances. It is immutable.
type Entry struct {
	toi     flute.TOI
	profile Profile
	text    []byte   // one line
	spaces  []string // namespaces of its prefixes
}

// Entry returns the entry of f in FDT Instances of profile p whose root elements say nothing that f would inherit or
// repeat: no content encoding, OTI, groups or schema version. Errors wrap ErrNotWritable, as those of
// [Instance.AppendXML]; a namespace that is none of 3GPP and DVB is one more.
func (f *File) Entry(p Profile) (*Entry, error) {
	in := &Instance{Expires: time.Unix(0, 0), Files: []File{*f}}
	w := writer{p: p, in: in}
	w.main, w.prefixes = p.Namespace(), map[string]string{}
	w.check()
	w.files()
	e := &Entry{toi: f.TOI, profile: p, text: slices.Clip(w.b)}
	for space, prefix := range w.prefixes {
		if prefixOf(space) != prefix {
			w.fail("TOI %v: namespace %q", f.TOI, space)
		}
		e.spaces = append(e.spaces, space)
	}
	return e, w.err
}

// Len returns the length of e in an FDT Instance, in bytes.
func (e *Entry) Len() int { return len(e.text) }

// plain reports whether the root element says nothing that concerns an Entry.
func (i *Instance) plain() bool {
	return i.ContentEncoding == "" && i.OTI == OTIAttributes{} && len(i.Groups) == 0 && i.SchemaVersion == 0
}

// entries writes the Entries, one a line.
func (w *writer) entries() {
	if len(w.in.Entries) > 0 && !w.in.plain() {
		w.fail("Entries do not stand below other attributes of the FDT-Instance")
	}
	for _, e := range w.in.Entries {
		if e.profile != w.p {
			w.fail("TOI %v: the Entry is one of profile %v", e.toi, e.profile)
		}
		for _, space := range e.spaces {
			w.prefixes[space] = prefixOf(space)
		}
		w.b = append(w.b, e.text...)
	}
}
