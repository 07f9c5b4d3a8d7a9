package fdt

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"

	"github.com/flute-node/flute-node/flute"
)

// batchBytes is how much of the document is made into a tree at a time; a tree takes tens of times as much.
const batchBytes = 64 << 10

// parser builds an Instance.
type parser struct {
	now   time.Time
	scope scope
	root  attributes
	inst  Instance
	index map[flute.TOI]int // of inst.Files
	spare int               // bytes that may still be kept of elements that are not understood
}

// keptFactor is how many bytes may be kept of unknown elements for each byte of the document. Alone, an empty one of
// four bytes takes forty times as much, with the declarations that it needs. What is beyond is ignored.
const keptFactor = 4

// Parse reads the FDT Instance b. now selects the NTP era of its times, and nothing else: an expired instance is
// parsed like any other. File entries that cannot be used are in Rejected. The result does not refer to b. An error
// wraps ErrLimit, ErrMalformed or ErrInstance.
func Parse(b []byte, now time.Time, lim Limits) (*Instance, error) {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	l, err := check(b, lim.withDefaults())
	if err != nil {
		return nil, err
	}
	p := parser{now: now, index: make(map[flute.TOI]int, l.files), spare: keptFactor * len(b)}
	if err = p.rootElement(b, &l); err != nil {
		return nil, err
	}
	p.inst.Files = make([]File, 0, l.files) // they were seen, not claimed
	for rest := l.children; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || size+rest[n].end-rest[n].start <= batchBytes) {
			size += rest[n].end - rest[n].start
			n++
		}
		if err = p.batch(b, rest[:n], size); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	if len(p.inst.Files) < l.files/2 {
		p.inst.Files = slices.Clone(p.inst.Files) // most were rejected: let go of the memory
	}
	p.inst.Attributes = p.root.rest
	p.inherit()
	return &p.inst, nil
}

// tree builds a tree of a part of the document that has passed check.
func tree(b []byte) (*etree.Element, error) {
	d := etree.NewDocument()
	if err := d.ReadFromBytes(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return d.Root(), nil
}

// rootElement reads the start tag of the root element.
func (p *parser) rootElement(b []byte, l *layout) error {
	tag := bytes.Clone(b[l.root.start:l.root.end])
	if !bytes.HasSuffix(tag, []byte("/>")) {
		tag = append(append(append(tag, "</"...), l.rootName...), '>')
	}
	root, err := tree(tag)
	if err != nil {
		return err
	}
	if root.Tag != elementInstance {
		return fmt.Errorf("%w: the root element is %.40q", ErrInstance, root.Tag)
	}
	p.scope = newScope(root)
	a, in := &p.root, &p.inst
	a.read(root, p.scope, onInstance)
	in.Namespace = p.scope.element(root)
	expires, ok := a.text(fieldExpires)
	if !ok {
		return fmt.Errorf("%w: Expires is missing", ErrInstance)
	}
	n, err := parseUint(fieldExpires, expires, 32)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInstance, err)
	}
	in.Expires = FromNTP(uint32(n), p.now)
	in.Complete = a.flag(fieldComplete)
	in.FullFDT = a.flag(fieldFullFDT)
	in.ContentType, _ = a.text(fieldContentType)
	in.ContentEncoding, _ = a.text(fieldContentEncoding)
	for _, f := range otiFields {
		*in.OTI.text(f), _ = a.text(f)
	}
	return nil
}

// flag returns whether f is true. A value that is no boolean stays among the attributes without a meaning: of Complete,
// no more must be concluded than a receiver may do without it.
func (a *attributes) flag(f field) bool {
	s, ok := a.text(f)
	if !ok {
		return false
	}
	v, ok := parseBool(s)
	if !ok {
		a.keep(f)
	}
	return v
}

// batch reads some children of the root.
func (p *parser) batch(b []byte, children []span, size int) error {
	part := make([]byte, 0, size+len("<r></r>"))
	part = append(part, "<r>"...)
	for _, c := range children {
		part = append(part, b[c.start:c.end]...)
	}
	part = append(part, "</r>"...)
	root, err := tree(part)
	if err != nil {
		return err
	}
	for _, t := range root.Child {
		e, ok := t.(*etree.Element)
		if !ok {
			continue
		}
		if e.Tag == elementFile {
			p.add(e)
		} else {
			p.child(e)
		}
	}
	return nil
}

// inherit adds the groups of the FDT-Instance, which come after the Files in the document, to each File.
func (p *parser) inherit() {
	common := slices.Clip(p.inst.Groups)
	if len(common) == 0 {
		return
	}
	for i := range p.inst.Files {
		f := &p.inst.Files[i]
		own := f.Groups
		f.Groups = common
		for _, g := range own {
			if !slices.Contains(common, g) {
				f.Groups = append(f.Groups, g)
			}
		}
	}
}
