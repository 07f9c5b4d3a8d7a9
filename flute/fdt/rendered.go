package fdt

import (
	"slices"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// commonEntry and commonAttributes are what most entries have room in: bytes, attributes.
const (
	commonEntry      = 512
	commonAttributes = 16
)

// Entry is a File entry that was written once, for many FDT Instances. It is immutable.
type Entry struct {
	toi     flute.TOI
	profile Profile
	text    []byte   // one line
	spaces  []string // namespaces of its prefixes that the root element declares
}

// Entry returns the entry of f in FDT Instances of profile p whose root elements say nothing that f would inherit: no
// content encoding, OTI or schema version. Groups of the FDT Instance are f's too, and need not be repeated. The
// Attributes and Elements of f, which an application may have made, are checked: each is in a namespace that is not
// that of the FDT-Instance, or an attribute in none with a name that no schema has; an Element is one well-formed
// element that declares what it uses and has the Space and Local of its XML. An entry that [Parse] refuses, by its
// default Limits too, is an error. Errors wrap ErrNotWritable, as those of [Instance.AppendXML].
func (f *File) Entry(p Profile) (*Entry, error) {
	d := drafts.Get().(*draft)
	defer d.free()
	d.files[0] = *f
	d.in = Instance{Expires: time.Unix(0, 0), Files: d.files[:]}
	w := &d.writer
	w.p, w.in, w.main, w.local = p, &d.in, p.Namespace(), true
	w.check()
	w.extensions(f)
	w.files()
	if w.others > 0 { // again, now that it is known which prefixes are to be declared
		w.b = w.b[:0]
		w.files()
	}
	if len(f.Attributes)+len(f.Elements)+len(f.Groups) > 0 {
		if err := checkEntry(string(w.b)); err != nil {
			w.fail("TOI %v: %w", f.TOI, err)
		}
	}
	e := &Entry{toi: f.TOI, profile: p, text: slices.Clone(w.b)}
	for space := range w.prefixes {
		if prefixOf(space) != "" {
			e.spaces = append(e.spaces, space)
		}
	}
	return e, w.err
}

// draft is what an Entry is written with. It is used again: a session may have tens of thousands of files.
type draft struct {
	writer
	in    Instance
	files [1]File
}

var drafts = sync.Pool{New: func() any {
	d := new(draft)
	d.b, d.written = make([]byte, 0, commonEntry), make([]Attribute, 0, commonAttributes)
	d.prefixes = map[string]string{}
	return d
}}

// free gives back the memory of d, unless that is more than most entries need.
func (d *draft) free() {
	const most = 16
	if cap(d.b) > most*commonEntry || cap(d.written) > most*commonAttributes || len(d.prefixes) > commonAttributes {
		return
	}
	clear(d.written[:cap(d.written)])
	clear(d.prefixes)
	d.writer = writer{output: output{b: d.b[:0], written: d.written[:0], prefixes: d.prefixes}}
	d.in, d.files = Instance{}, [1]File{}
	drafts.Put(d)
}

// Len returns the length of e in an FDT Instance, in bytes.
func (e *Entry) Len() int { return len(e.text) }

// plain reports whether the root element says nothing that concerns an Entry.
func (i *Instance) plain() bool {
	return i.ContentEncoding == "" && i.OTI == OTIAttributes{} && i.SchemaVersion == 0
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
