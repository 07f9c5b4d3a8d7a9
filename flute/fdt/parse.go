package fdt

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
	spare int               // bytes that may still be kept beyond what is understood

	plain plainTag          // reused
	last  [numFields]string // values of the plain File before: many have the same Content-Type
}

// What the Instance keeps in memory is bounded by the size of the document, so that a small datagram that inflates to
// it cannot take many times as much.
const (
	// keptFactor is how many bytes may be kept for each byte of the document, and keptLeast for any, of unknown
	// attributes and elements, and of the groups of the FDT-Instance that a File with its own has too. Alone, an empty
	// element of four bytes takes forty times as much, with the declarations that it needs. What is beyond is ignored.
	keptFactor, keptLeast = 4, 64 << 10
	// stringBytes is what a string takes besides its bytes.
	stringBytes = 16
	// leastEntry is the length in bytes of the shortest File entry that can be accepted.
	leastEntry = len(`<File TOI="1" Content-Location="a"/>`)
)

// Parse reads the FDT Instance b. now selects the NTP era of its times, and nothing else: an expired instance is
// parsed like any other. File entries that cannot be used are in Rejected; what else is not as it should be is in
// Warnings. The result does not refer to b. An error wraps errLimit, errMalformed or errInstance.
func Parse(b []byte, now time.Time, lim Limits) (*Instance, error) {
	lim = lim.withDefaults()
	b, err := readable(b, lim.Bytes)
	if err != nil {
		return nil, err
	}
	l, err := check(b, lim)
	if err != nil {
		return nil, err
	}
	files := min(l.files, len(b)/leastEntry)
	p := parser{now: now, index: make(map[flute.TOI]int, files), spare: keptFactor*len(b) + keptLeast}
	if err = p.rootElement(b, &l); err != nil {
		return nil, err
	}
	p.inst.Files = make([]File, 0, files)
	if l.isPlain {
		for _, c := range l.children {
			p.addPlain(l.plain[c.start:c.end])
		}
		l.children, l.plain = nil, ""
	}
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
	if len(p.inst.Files) < files/2 {
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
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
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
		return fmt.Errorf("%w: the root element is %.40q", errInstance, root.Tag)
	}
	p.scope = newScope(root)
	a, in := &p.root, &p.inst
	a.read(root, p.scope, onInstance)
	in.Namespace = p.scope.element(root)
	expires, ok := a.text(fieldExpires)
	if !ok {
		return fmt.Errorf("%w: Expires is missing", errInstance)
	}
	if in.Expires, err = p.expires(expires); err != nil {
		return fmt.Errorf("%w: %w", errInstance, err)
	}
	in.Complete = a.flag(fieldComplete)
	in.FullFDT = a.flag(fieldFullFDT)
	in.ContentType, _ = a.text(fieldContentType)
	in.ContentEncoding, _ = a.text(fieldContentEncoding)
	for _, f := range otiFields {
		*in.OTI.text(f), _ = a.text(f)
	}
	return nil
}

// expires reads an Expires, "the 32 most significant bits of a 64 bit Network Time Protocol (NTP) time value" (RFC
// 6726, section 3.4.2). Some senders write all 64 bits, or seconds that do not wrap around in 2036, or a number for
// "never".
func (p *parser) expires(s string) (time.Time, error) {
	n, err := parseUint(fieldExpires, s, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		n = math.MaxUint64 >> 2
	case err != nil:
		return time.Time{}, err
	case n <= math.MaxUint32:
		return fromNTP(uint32(n), p.now), nil
	}
	p.warn("Expires %.40q has more than 32 bits", s)
	if n > math.MaxUint64>>2 {
		return fromNTP(uint32(n>>32), p.now), nil
	}
	at := time.Unix(int64(n-ntpEpoch), 0).UTC()
	if last := fromNTP(ntp(p.now)+math.MaxInt32, p.now); at.After(last) { // what 32 bits can say
		return last, nil
	}
	return at, nil
}

// warn notes what is not as it should be, and can be taken nevertheless.
func (p *parser) warn(format string, args ...any) {
	if p.inst.WarningCount++; p.inst.WarningCount <= maxWarnings {
		p.inst.Warnings = append(p.inst.Warnings, fmt.Sprintf(format, args...))
	}
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
			var a attributes
			a.read(e, p.scope, onFile)
			p.add(&a, e)
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
	known := make(map[string]bool, len(common))
	for _, g := range common {
		known[g] = true
	}
	for i := range p.inst.Files {
		f := &p.inst.Files[i]
		own := slices.DeleteFunc(f.Groups, func(g string) bool { return known[g] })
		f.Groups = common
		if len(own) > 0 && p.keeps((len(common)+len(own))*stringBytes) {
			f.Groups = slices.Concat(common, own)
		}
	}
}

// keeps takes n bytes from those that may be kept, and reports whether there are as many.
func (p *parser) keeps(n int) bool {
	if p.spare < n {
		return false
	}
	p.spare -= n
	return true
}
