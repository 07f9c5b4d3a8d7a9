package fdt

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// span is a part of the document: the bytes from and including start, up to end.
type span struct{ start, end int }

// layout is where the parts of a checked document are.
type layout struct {
	root     span   // start tag of the root element
	rootName string // as written, with its prefix
	children []span // the root's children
	files    int    // children called File, in any namespace
	isPlain  bool   // all children are, see plainTag
	plain    string // then: they and the blanks between them, of which the spans of children are
}

// checker walks over the tokens of a document and counts. Nothing is kept of what it reads but the layout.
type checker struct {
	layout
	lim   Limits
	depth int
	below int // elements below the current child of the root
	other int // children of the root that are no File
	ended bool
}

// check verifies that b, which is readable, is one well-formed document within lim, and returns where its parts are.
// What a tree takes in memory is many times the document; therefore nothing is built before all of b has passed.
func check(b []byte, lim Limits) (layout, error) {
	c := checker{lim: lim}
	d := xml.NewDecoder(bytes.NewReader(b)) // Strict
	for {
		start := int(d.InputOffset())
		t, err := d.Token()
		if errors.Is(err, io.EOF) && c.ended {
			return c.layout, nil
		}
		if err != nil {
			return layout{}, fmt.Errorf("%w: %w", errMalformed, err)
		}
		end := int(d.InputOffset())
		if err = c.token(t, span{start, end}, b); err != nil {
			return layout{}, err
		}
		if _, ok := t.(xml.StartElement); ok && c.depth == 1 && c.plain(b, end) {
			return c.layout, nil
		}
	}
}

func (c *checker) token(t xml.Token, at span, b []byte) error {
	switch t := t.(type) {
	case xml.StartElement:
		return c.start(&t, at, b)
	case xml.EndElement:
		c.depth--
		switch c.depth {
		case 1:
			c.children[len(c.children)-1].end = at.end
		case 0:
			c.ended = true
		}
	case xml.CharData:
		if c.depth == 0 && len(bytes.TrimSpace(t)) > 0 {
			return fmt.Errorf("%w: text outside the root element", errMalformed)
		}
	case xml.Directive: // a DOCTYPE could define entities, or name files to be read
		return fmt.Errorf("%w: a DOCTYPE or another declaration", errMalformed)
	}
	return nil
}

func (c *checker) start(t *xml.StartElement, at span, b []byte) error {
	if c.ended {
		return fmt.Errorf("%w: more than one root element", errMalformed)
	}
	c.depth++
	switch c.depth {
	case 1:
		c.root, c.rootName = at, tagName(b[at.start:at.end])
	case 2:
		c.children = append(c.children, span{start: at.start})
		c.below = 0
		if t.Name.Local == elementFile {
			c.files++
		} else {
			c.other++
		}
	default:
		c.below++
	}
	switch {
	case c.depth > c.lim.Depth:
		return fmt.Errorf("%w: elements nest deeper than %d", errLimit, c.lim.Depth)
	case c.files > c.lim.Files:
		return fmt.Errorf("%w: more than %d files", errLimit, c.lim.Files)
	case c.below > c.lim.Elements:
		return fmt.Errorf("%w: more than %d elements below one", errLimit, c.lim.Elements)
	case c.other > c.lim.Elements:
		return fmt.Errorf("%w: more than %d elements that are no files", errLimit, c.lim.Elements)
	case len(t.Attr) > c.lim.Attributes:
		return fmt.Errorf("%w: more than %d attributes", errLimit, c.lim.Attributes)
	case strings.Contains(t.Name.Local, ":"):
		return fmt.Errorf("%w: element name %.40q", errMalformed, t.Name.Local)
	}
	for i, a := range t.Attr {
		if len(a.Value) > c.lim.AttributeLen {
			return fmt.Errorf("%w: attribute %.40s has more than %d bytes", errLimit, a.Name.Local, c.lim.AttributeLen)
		}
		if strings.Contains(a.Name.Local, ":") {
			return fmt.Errorf("%w: attribute name %.40q", errMalformed, a.Name.Local)
		}
		for j := range i { // encoding/xml leaves this to us
			if t.Attr[j].Name == a.Name {
				return fmt.Errorf("%w: attribute %.40s twice", errMalformed, a.Name.Local)
			}
		}
	}
	return nil
}

// tagName returns the name in the start tag b, with its prefix.
func tagName(b []byte) string {
	b = b[1:]
	if i := bytes.IndexAny(b, " \t\r\n/>"); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
