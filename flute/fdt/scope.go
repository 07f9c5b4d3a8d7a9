package fdt

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// scope is the namespace declarations of the root element, by prefix; "" is the default namespace. Trees are built of
// the root's children without the root, so what a tree does not declare is looked up here.
type scope map[string]string

// newScope returns the declarations of root.
func newScope(root *etree.Element) scope {
	s := scope{}
	for i := range root.Attr {
		if prefix, ok := declares(&root.Attr[i]); ok {
			s[prefix] = root.Attr[i].Value
		}
	}
	return s
}

// declares returns the prefix that a declares, if a is a namespace declaration.
func declares(a *etree.Attr) (prefix string, ok bool) {
	switch {
	case a.Space == "xmlns":
		return a.Key, true
	case a.Space == "" && a.Key == "xmlns":
		return "", true
	}
	return "", false
}

// find returns the namespace that prefix stands for at e. A prefix that nothing declares stands for itself: such
// documents exist, and their names have to stay apart from others.
func (s scope) find(e *etree.Element, prefix string) string {
	for ; prefix != "xml" && e != nil; e = e.Parent() {
		for i := range e.Attr {
			if p, ok := declares(&e.Attr[i]); ok && p == prefix {
				return orSelf(e.Attr[i].Value, prefix)
			}
		}
	}
	return s.top(prefix)
}

// top returns the namespace that prefix stands for outside of all trees.
func (s scope) top(prefix string) string {
	if prefix == "xml" {
		return nsXML
	}
	return orSelf(s[prefix], prefix)
}

func orSelf(uri, prefix string) string {
	if uri == "" {
		return prefix
	}
	return uri
}

// element returns the namespace of e.
func (s scope) element(e *etree.Element) string { return s.find(e, e.Space) }

// attribute returns the namespace of an attribute of e; unlike elements, attributes do not take the default one.
func (s scope) attribute(e *etree.Element, a *etree.Attr) string {
	if a.Space == "" {
		return ""
	}
	return s.find(e, a.Space)
}

// unknown returns e as an element to be kept, with the declarations that it needs to stand alone.
func (s scope) unknown(e *etree.Element) Element {
	top := e.Copy() // has no parent: what it does not declare itself is not found in it
	free := map[string]bool{}
	freePrefixes(top, nil, free)
	top.Attr = slices.DeleteFunc(top.Attr, func(a etree.Attr) bool { _, ok := declares(&a); return ok })
	var own []string
	for prefix := range free {
		own = append(own, prefix)
	}
	slices.Sort(own)
	attrs := top.Attr
	top.Attr = nil
	for _, prefix := range own {
		key := "xmlns"
		if prefix != "" {
			key += ":" + prefix
		}
		top.CreateAttr(key, s.find(e, prefix))
	}
	for _, a := range attrs {
		top.CreateAttr(a.FullKey(), a.Value)
	}
	var b strings.Builder
	top.WriteTo(&b, &etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true})
	return Element{Space: s.element(e), Local: e.Tag, XML: b.String()}
}

// freePrefixes collects the prefixes that e and its descendants use and do not declare, where the declarations of the
// topmost element do not count. declared are those of the ancestors in between.
func freePrefixes(e *etree.Element, declared []string, free map[string]bool) {
	if e.Parent() != nil {
		for i := range e.Attr {
			if prefix, ok := declares(&e.Attr[i]); ok {
				declared = append(declared[:len(declared):len(declared)], prefix)
			}
		}
	}
	use := func(prefix string) {
		if prefix != "xml" && !slices.Contains(declared, prefix) {
			free[prefix] = true
		}
	}
	use(e.Space)
	for i := range e.Attr {
		if _, ok := declares(&e.Attr[i]); !ok && e.Attr[i].Space != "" {
			use(e.Attr[i].Space)
		}
	}
	for _, child := range e.ChildElements() {
		freePrefixes(child, declared, free)
	}
}

// text returns the character data directly in e, CDATA sections included, without the white space around it. Comments
// between the parts do not end it.
func text(e *etree.Element) string {
	var one string
	var all strings.Builder
	for _, t := range e.Child {
		if c, ok := t.(*etree.CharData); ok {
			if one == "" && all.Len() == 0 {
				one = c.Data
				continue
			}
			if all.Len() == 0 {
				all.WriteString(one)
			}
			all.WriteString(c.Data)
		}
	}
	if all.Len() > 0 {
		one = all.String()
	}
	return strings.TrimSpace(one)
}
