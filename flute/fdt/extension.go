package fdt

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// What an application adds to a File entry: "##other" and anyAttribute of the schema (RFC 6726, section 3.4.2). It is
// checked before it is written, since what is wrong with one File would spoil the FDT Instance of all.

// extensions checks the Attributes and the Elements of f.
func (w *writer) extensions(f *File) {
	for _, a := range f.Attributes {
		switch {
		case !isName(a.Local):
			w.fail("TOI %v: attribute name %.40q", f.TOI, a.Local)
		case a.Space == "" || a.Space == w.main || a.Space == nsXMLNS:
			w.fail("TOI %v: attribute %s of namespace %.80q", f.TOI, a.Local, a.Space)
		}
	}
	for _, e := range f.Elements {
		if err := e.check(); err != nil {
			w.fail("TOI %v: element %.40s: %w", f.TOI, e.Local, err)
		} else if e.Space == w.main {
			w.fail("TOI %v: element %s of namespace %.80q", f.TOI, e.Local, e.Space)
		}
	}
}

// isName reports whether s is a name without a prefix: an NCName, but for some exotic characters.
func isName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && r != '_' && (i == 0 || !unicode.IsDigit(r) && r != '-' && r != '.') {
			return false
		}
	}
	return s != ""
}

// check verifies that the XML is the element that e says, well-formed, and declares the prefixes that it uses.
func (e *Element) check() error {
	if e.Space == "" || !isName(e.Local) {
		return errors.New("it has no name or no namespace")
	}
	if err := e.declares(); err != nil {
		return err
	}
	d := xml.NewDecoder(strings.NewReader(e.XML)) // Strict
	depth, roots := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && roots == 1 {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				if roots++; roots > 1 || t.Name.Space != e.Space || t.Name.Local != e.Local {
					return fmt.Errorf("it is %.40s of namespace %.80q", t.Name.Local, t.Name.Space)
				}
			}
			if depth++; depth > defaultDepth-2 {
				return fmt.Errorf("it nests deeper than %d", defaultDepth-2)
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 {
				return errors.New("there is text around it")
			}
		case xml.Directive, xml.ProcInst, xml.Comment:
			return errors.New("it has a declaration, an instruction or a comment")
		}
	}
}

// declares verifies that every prefix in the XML is declared there.
func (e *Element) declares() error {
	d := xml.NewDecoder(strings.NewReader(e.XML))
	var declared []map[string]bool // of the open elements
	known := func(prefix string) bool {
		for _, m := range declared {
			if m[prefix] {
				return true
			}
		}
		return prefix == "" || prefix == "xml" || prefix == "xmlns"
	}
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			m := map[string]bool{}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" {
					m[a.Name.Local] = true
				}
			}
			declared = append(declared, m)
			for _, name := range append([]xml.Name{t.Name}, names(t.Attr)...) {
				if !known(name.Space) {
					return fmt.Errorf("prefix %.40q is not declared", name.Space)
				}
			}
		case xml.EndElement:
			if len(declared) == 0 {
				return errors.New("it ends before it begins")
			}
			declared = declared[:len(declared)-1]
		}
	}
}

// ParseElement returns the element that text is: one element of some namespace, well-formed, which declares what it
// uses.
func ParseElement(text string) (Element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		t, err := d.Token()
		if err != nil {
			return Element{}, fmt.Errorf("fdt: %.80q is no element: %w", text, err)
		}
		if start, ok := t.(xml.StartElement); ok {
			e := Element{Space: start.Name.Space, Local: start.Name.Local, XML: text}
			if err := e.check(); err != nil {
				return Element{}, fmt.Errorf("fdt: element %.80q: %w", text, err)
			}
			return e, nil
		}
	}
}

// names returns the names of attributes.
func names(attrs []xml.Attr) []xml.Name {
	all := make([]xml.Name, len(attrs))
	for i, a := range attrs {
		all[i] = a.Name
	}
	return all
}
