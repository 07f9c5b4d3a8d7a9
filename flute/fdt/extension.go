package fdt

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
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
		case a.Space == "" && isTaken(a.Local), a.Space != "" && a.Space == w.main, a.Space == nsXMLNS:
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

// isTaken reports whether an attribute without a namespace may not have this name: it is one of the schemas, or XML's.
func isTaken(local string) bool {
	return strings.HasPrefix(strings.ToLower(local), "xml") || strings.HasPrefix(local, "FEC-OTI-") ||
		slices.ContainsFunc(fields[:], func(f struct {
			space, local string
			on           place
		},
		) bool {
			return f.local == local
		})
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

// check verifies that the XML is the element that e says, declares the prefixes that it uses, and is what receivers
// take.
func (e *Element) check() error {
	if e.Space == "" || !isName(e.Local) {
		return errors.New("it has no name or no namespace")
	}
	if err := e.declares(); err != nil {
		return err
	}
	if err := checkEntry("<File>" + e.XML + "</File>"); err != nil {
		return err
	}
	if name, err := rootName(e.XML); err != nil || name.Space != e.Space || name.Local != e.Local {
		return fmt.Errorf("it is %.40s of namespace %.80q", name.Local, name.Space)
	}
	return nil
}

// checkEntry returns the error with which Parse refuses an FDT Instance with this File entry.
func checkEntry(entry string) error {
	_, err := check([]byte("<FDT-Instance>"+entry+"</FDT-Instance>"), Limits{}.withDefaults())
	return err
}

// declares verifies that the XML is one element and nothing else, as far as that is seen without the names, and that
// every prefix in it is declared there.
func (e *Element) declares() error {
	d := xml.NewDecoder(strings.NewReader(e.XML))
	var declared []map[string]bool // of the open elements
	for ended := false; ; {
		start := d.InputOffset()
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) && ended {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if ended {
				return errors.New("there is a second one")
			}
			if !areApart(e.XML[start:d.InputOffset()]) {
				return errors.New("there is no blank between two attributes")
			}
			m, err := declarations(t.Attr)
			if err != nil {
				return err
			}
			declared = append(declared, m)
			if err := areDeclared(t, declared); err != nil {
				return err
			}
		case xml.EndElement:
			if len(declared) == 0 {
				return errors.New("it ends before it begins")
			}
			declared = declared[:len(declared)-1]
			ended = len(declared) == 0
		case xml.CharData:
			if len(declared) == 0 {
				return errors.New("there is text around it")
			}
		case xml.Directive, xml.ProcInst, xml.Comment:
			return errors.New("it has a declaration, an instruction or a comment")
		}
	}
}

// declarations returns the prefixes that attributes declare, or an error for what may not be declared (Namespaces in
// XML 1.0, sections 2.2 and 3).
func declarations(attrs []xml.Attr) (map[string]bool, error) {
	m := map[string]bool{}
	for _, a := range attrs {
		if a.Name.Space != "xmlns" {
			continue
		}
		if a.Value == "" || a.Name.Local == "xml" || a.Name.Local == "xmlns" {
			return nil, fmt.Errorf("prefix %.40q is declared as %.80q", a.Name.Local, a.Value)
		}
		m[a.Name.Local] = true
	}
	return m, nil
}

// areDeclared verifies that the prefixes of a start tag are declared by one of the open elements.
func areDeclared(t xml.StartElement, declared []map[string]bool) error {
	known := func(prefix string) bool {
		return prefix == "" || prefix == "xml" ||
			slices.ContainsFunc(declared, func(m map[string]bool) bool { return m[prefix] })
	}
	if !known(t.Name.Space) {
		return fmt.Errorf("prefix %.40q is not declared", t.Name.Space)
	}
	for _, a := range t.Attr {
		if a.Name.Space != "xmlns" && !known(a.Name.Space) {
			return fmt.Errorf("prefix %.40q is not declared", a.Name.Space)
		}
	}
	return nil
}

// areApart reports whether there is a blank between the attributes of a start tag, which encoding/xml does not look at.
func areApart(tag string) bool {
	quote := byte(0)
	for i := range len(tag) {
		switch c := tag[i]; {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
			if i+1 < len(tag) && !strings.ContainsRune(" \t\r\n/>", rune(tag[i+1])) {
				return false
			}
		}
	}
	return true
}

// ParseElement returns the element that text is: one element of some namespace, well-formed, which declares what it
// uses.
func ParseElement(text string) (Element, error) {
	name, err := rootName(text)
	if err != nil {
		return Element{}, fmt.Errorf("fdt: %.80q is no element: %w", text, err)
	}
	e := Element{Space: name.Space, Local: name.Local, XML: text}
	if err := e.check(); err != nil {
		return Element{}, fmt.Errorf("fdt: element %.80q: %w", text, err)
	}
	return e, nil
}

// rootName returns the name in the start tag with which text begins.
func rootName(text string) (xml.Name, error) {
	t, err := xml.NewDecoder(strings.NewReader(text)).Token()
	if err != nil {
		return xml.Name{}, err
	}
	start, ok := t.(xml.StartElement)
	if !ok {
		return xml.Name{}, errors.New("it does not begin with a start tag")
	}
	return start.Name, nil
}
