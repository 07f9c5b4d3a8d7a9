package names

import (
	"fmt"
	"path"
	"strings"
	"unique"

	"github.com/flute-node/flute-node/internal/segment"
	"github.com/flute-node/flute-node/store"
)

// claim is one Claim. The Store may take for ever to tell what is under a name, if its folder is on a disk that hangs.
// So nobody looks while the Registry is locked: try decides by what was seen, and names what it lacks.
type claim struct {
	*Registry
	folder, location string
	id               uint64 // holder.location

	seen   []seen
	unseen string // name that try has not seen, and needs; "": there is none
}

// seen is what was under a name when the claim looked.
type seen struct {
	name string
	kind Kind
}

// look looks at a name. The Registry is not locked.
func (c *claim) look(name string) { c.seen = append(c.seen, seen{name, c.Registry.look(name)}) }

// at returns what was under a name. If nobody has looked yet it is the unseen one.
func (c *claim) at(name string) Kind {
	for _, s := range c.seen {
		if s.name == name {
			return s.kind
		}
	}
	if c.unseen == "" {
		c.unseen = name
	}
	return Absent
}

// try claims a name by what was seen. If a name is unseen it has done nothing.
func (c *claim) try(wanted string, publisher unique.Handle[string]) (Claimed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unseen = ""
	base := c.fit(c.clearPath(wanted))
	name, fresh := c.choose(base)
	if c.unseen != "" {
		return Claimed{}, nil
	}
	c.marked = c.marked || name != base
	if name == "" {
		return Claimed{}, fmt.Errorf("%w: %q is taken, with all its marks", store.ErrName, wanted)
	}
	claimed := Claimed{Name: name}
	if h, ok := c.get(name); ok && h.publisher != publisher {
		claimed.Replaced = h.publisher.Value()
	}
	if fresh && name != wanted {
		claimed.Wanted = wanted
	}
	c.put(name, holder{c.id, publisher})
	for i := range name {
		if name[i] == '/' {
			c.put(name[:i], holder{})
		}
	}
	return claimed, nil
}

// fit returns name, or, if its folder or marks have made it too long, one without the folders of the location.
func (c *claim) fit(name string) string {
	if store.CheckName(name) == nil {
		return name
	}
	return path.Join(c.folder, segment.Mark(path.Base(name), c.location, marks[len(marks)-1]))
}

// choose returns the name for a location, base or one with a mark, and whether it had none before; "" when all are
// taken.
func (c *claim) choose(base string) (name string, fresh bool) {
	_, taken := c.get(base)
	if !taken && !c.marked && c.at(base) == Absent {
		return base, true
	}
	dir, leaf := path.Split(base)
	names := [1 + len(marks)]string{base}
	for i, digits := range marks {
		names[1+i] = c.fit(dir + segment.Mark(leaf, c.location, digits))
	}
	for _, name := range names {
		if h, ok := c.get(name); ok && h.location == c.id && c.at(name) <= File {
			return name, false
		}
	}
	taken = taken || c.at(base) > File
	if _, ok := c.get(names[1]); !ok && c.at(names[1]) == File {
		return names[1], true
	}
	if !taken {
		return base, true
	}
	for _, name := range names[1:] {
		if _, ok := c.get(name); !ok && c.at(name) <= File {
			return name, true
		}
	}
	return "", true
}

// clearPath marks the folders of name that are files.
func (c *claim) clearPath(name string) string {
	blocked := c.at(name) == Blocked
	for i := range name {
		if name[i] == '/' {
			h, _ := c.get(name[:i])
			blocked = blocked || h.location != 0
		}
	}
	if !blocked {
		return name
	}
	dir, wanted := "", ""
	segments := strings.Split(name, "/")
	for _, s := range segments[:len(segments)-1] {
		wanted += s + "/"
		dir = path.Join(dir, c.clearFolder(dir, s, wanted))
	}
	return path.Join(dir, segments[len(segments)-1])
}

// clearFolder returns the name for the folder s in dir, marked with a hash of its wanted path if need be.
func (c *claim) clearFolder(dir, s, wanted string) string {
	name := s
	for _, digits := range marks {
		full := path.Join(dir, name)
		h, claimed := c.get(full)
		if kind := c.at(full); (!claimed || h.location == 0) && (kind == Absent || kind == Folder) {
			break
		}
		name = segment.Mark(s, wanted, digits)
	}
	return name
}
