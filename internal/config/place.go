package config

import "fmt"

// place is where something stands in a file.
type place struct {
	file         string
	line, column int
}

func (p place) String() string { return fmt.Sprintf("%s:%d:%d", p.file, p.line, p.column) }

// origin is where a section stands, and each of its keys.
type origin struct {
	place

	keys map[string]place
}

// of returns where a key stands; where the section begins if it has no such key.
func (o *origin) of(key string) place {
	if p, ok := o.keys[key]; ok {
		return p
	}
	return o.place
}

// located is a section that keeps its origin.
type located interface{ locate(origin) }
