package route

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The limits of a document. What broadcasters send has some kilobytes.
const (
	// MaxDocument is the length of the longest document that is read, in bytes: that takes some milliseconds.
	MaxDocument = 256 << 10
	// maxWritten is the length of what is made of it: namespaces are declared anew at each attribute.
	maxWritten = 2 * MaxDocument
	maxDepth   = 12
	maxNodes   = 16 << 10
	maxAttrs   = 64
)

// errDocument says that a document cannot be used.
var errDocument = errors.New("route: document")

// node is an element.
type node struct {
	name     xml.Name
	attrs    []xml.Attr
	text     []byte
	children []*node
}

// parseTree reads the document b.
func parseTree(b []byte) (*node, error) {
	if len(b) > MaxDocument {
		return nil, fmt.Errorf("%w: more than %d bytes", errDocument, MaxDocument)
	}
	d := xml.NewDecoder(bytes.NewReader(b)) // Strict
	var root *node
	var open []*node
	for count := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && root != nil && len(open) == 0 {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDocument, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if count++; count > maxNodes || len(open) >= maxDepth || len(t.Attr) > maxAttrs {
				return nil, fmt.Errorf("%w: too many elements or attributes", errDocument)
			}
			n := &node{name: t.Name, attrs: t.Copy().Attr}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, n)
			case root != nil:
				return nil, fmt.Errorf("%w: more than one root element", errDocument)
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && len(bytes.TrimSpace(t)) > 0 {
				n := open[len(open)-1]
				n.text = append(n.text, t...)
			}
		case xml.Directive: // a DOCTYPE could define entities, or name files to be read
			return nil, fmt.Errorf("%w: a DOCTYPE or another declaration", errDocument)
		}
	}
}

// attr returns the attribute of n with a local name, in any namespace, and whether there is one.
func (n *node) attr(local string) (string, bool) {
	for _, a := range n.attrs {
		if a.Name.Local == local && a.Name.Space != "xmlns" {
			return strings.TrimSpace(a.Value), true
		}
	}
	return "", false
}

// child returns the first child of n with one of the local names; nil if there is none.
func (n *node) child(locals ...string) *node {
	for _, local := range locals {
		for _, c := range n.children {
			if c.name.Local == local {
				return c
			}
		}
	}
	return nil
}

// write appends n as XML. Elements and attributes declare their namespaces where they stand. It ends beyond maxWritten:
// a long namespace of many attributes would make gigabytes of a document of 256 KiB.
func (n *node) write(b *bytes.Buffer, space string) {
	if b.Len() > maxWritten {
		return
	}
	b.WriteString("<" + n.name.Local)
	if n.name.Space != space {
		writeAttr(b, "xmlns", n.name.Space)
	}
	others := 0
	for _, a := range n.attrs {
		switch {
		case b.Len() > maxWritten:
			return
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
		case a.Name.Space == "":
			writeAttr(b, a.Name.Local, a.Value)
		default:
			others++
			prefix := fmt.Sprintf("n%d", others)
			writeAttr(b, "xmlns:"+prefix, a.Name.Space)
			writeAttr(b, prefix+":"+a.Name.Local, a.Value)
		}
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, n.text)
	for _, c := range n.children {
		c.write(b, n.name.Space)
	}
	b.WriteString("</" + n.name.Local + ">")
}

func writeAttr(b *bytes.Buffer, name, value string) {
	b.WriteString(" " + name + `="`)
	_ = xml.EscapeText(b, []byte(value))
	b.WriteByte('"')
}
