package route

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The names in an extended FDT Instance that FLUTE does not have (RFC 9223, section 4.1.1). ATSC has them in a
// namespace of its own, older documents in none; only the local name counts.
const (
	attrVersion     = "efdtVersion"
	attrMaxExpires  = "maxExpiresDelta"
	attrMaxSize     = "maxTransportSize"
	attrTemplate    = "fileTemplate"
	attrOldVersion  = "version"      // of EFDT, before 2017
	elementTemplate = "FileTemplate" // below EFDT, before 2017
	elementEFDT     = "EFDT"
	elementFDT      = "FDT-Instance"
	elementOldFDT   = "FDTParameters" // below EFDT, before 2017: an FDT-Instance without Expires
	elementFile     = "File"
	spaceFDT        = "urn:ietf:params:xml:ns:fdt"
)

// EFDT is an extended FDT Instance.
type EFDT struct {
	// Document is the FDT Instance without what ROUTE adds, as RFC 6726 has it; nil if it describes no file.
	Document    []byte
	Version     string        // efdtVersion; empty: absent
	MaxExpires  time.Duration // maxExpiresDelta; zero: absent
	MaxSize     uint64        // maxTransportSize; zero: absent
	Template    *Template     // fileTemplate; nil: absent
	ContentType string        // of the files that the template names
}

// Len returns how many bytes of text e holds.
func (e *EFDT) Len() int {
	n := len(e.Document) + len(e.Version) + len(e.ContentType)
	if e.Template != nil {
		for _, p := range e.Template.parts {
			n += len(p.text)
		}
	}
	return n
}

// maxExpires bounds maxExpiresDelta.
const maxExpires = 366 * 24 * time.Hour

// ParseEFDT reads an extended FDT Instance: an FDT-Instance, alone or in an EFDT, or the older form
// <EFDT version="1"><FDTParameters><File …/></FDTParameters></EFDT>. expires is the Expires of one that has none.
func ParseEFDT(b []byte, expires uint32) (*EFDT, error) {
	root, err := parseTree(b)
	if err != nil {
		return nil, err
	}
	return efdtOf(root, expires)
}

func efdtOf(root *node, expires uint32) (*EFDT, error) {
	outer, inner := root, root
	switch root.name.Local {
	case elementFDT:
	case elementEFDT:
		if inner = root.child(elementFDT, elementOldFDT); inner == nil {
			inner = &node{name: xml.Name{Space: spaceFDT, Local: elementFDT}}
		}
	default:
		return nil, fmt.Errorf("%w: the root element is %.40q", errDocument, root.name.Local)
	}
	e := &EFDT{}
	if err := e.extensions(outer, inner); err != nil {
		return nil, err
	}
	if inner.child(elementFile) != nil {
		var err error
		if e.Document, err = document(inner, expires); err != nil {
			return nil, err
		}
	} else if e.Template == nil {
		return nil, fmt.Errorf("%w: neither a File nor a fileTemplate", errDocument)
	}
	return e, nil
}

// extensions reads what ROUTE adds.
func (e *EFDT) extensions(outer, inner *node) error {
	find := func(local string) (string, bool) {
		if s, ok := inner.attr(local); ok {
			return s, ok
		}
		return outer.attr(local)
	}
	var ok bool
	if e.Version, ok = find(attrVersion); !ok {
		e.Version, _ = outer.attr(attrOldVersion)
	}
	e.ContentType, _ = inner.attr("Content-Type")
	if s, ok := find(attrMaxExpires); ok {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return fmt.Errorf("%w: maxExpiresDelta is %.40q", errDocument, s)
		}
		e.MaxExpires = min(time.Duration(n)*time.Second, maxExpires)
	}
	if s, ok := find(attrMaxSize); ok {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: maxTransportSize is %.40q", errDocument, s)
		}
		e.MaxSize = n
	}
	text, ok := find(attrTemplate)
	if t := outer.child(elementTemplate); !ok && t != nil {
		text = string(t.text)
	}
	if text == "" {
		return nil
	}
	t, err := ParseTemplate(text)
	if err != nil {
		return err
	}
	e.Template = t
	return nil
}

// document returns n as an FDT Instance of RFC 6726.
func document(n *node, expires uint32) ([]byte, error) {
	out := &node{name: xml.Name{Space: spaceFDT, Local: elementFDT}}
	told, _ := n.attr("Expires")
	if told = strings.TrimLeft(told, "0"); told == "" {
		out.attrs = append(out.attrs, xml.Attr{
			Name: xml.Name{Local: "Expires"}, Value: strconv.FormatUint(uint64(expires), 10),
		})
	}
	for _, a := range n.attrs {
		switch a.Name.Local {
		case attrVersion, attrMaxExpires, attrMaxSize, attrTemplate:
			continue
		case "Expires":
			if told == "" {
				continue
			}
		}
		out.attrs = append(out.attrs, a)
	}
	for _, c := range n.children {
		c := *c
		if c.name.Local == elementFile {
			c.name.Space = spaceFDT
			c.attrs = honest(&c)
		}
		out.children = append(out.children, &c)
	}
	var b bytes.Buffer
	if out.write(&b, ""); b.Len() > maxWritten {
		return nil, fmt.Errorf("%w: as an FDT Instance of FLUTE it has more than %d bytes", errDocument, maxWritten)
	}
	return b.Bytes(), nil
}

// honest returns the attributes of a File without a Content-Length that cannot be true: some broadcasters give the
// Transfer-Length as that of a file with a content encoding, too.
func honest(file *node) []xml.Attr {
	encoding, encoded := file.attr("Content-Encoding")
	content, ok := file.attr("Content-Length")
	transfer, _ := file.attr("Transfer-Length")
	if !encoded || encoding == "" || encoding == "null" || !ok || content != transfer {
		return file.attrs
	}
	return slices.DeleteFunc(slices.Clone(file.attrs), func(a xml.Attr) bool {
		return a.Name.Local == "Content-Length"
	})
}
