package names

import (
	"hash/maphash"
	"path"
	"sync"
	"unique"

	"github.com/flute-node/flute-node/store"
)

// maxNames bounds what a Registry remembers, files and folders: 16 MB. A carousel has fewer files; of names that never
// come again, as those with a time in them, the ones used least recently are forgotten.
const maxNames = 1 << 18

// marks are the lengths, in hexadecimal digits, of the marks that are tried for a name that is taken. The last one is
// for whoever computes locations that have the first ones in common.
var marks = [...]int{6, 12, 32}

// Kind tells what a Store has under a name.
type Kind uint8

// Kinds of what is under a name.
const (
	Absent  Kind = iota // nothing
	File                // something that a file would replace
	Folder              // a folder
	Blocked             // nothing can be there: a part of the path is not a folder, or is not for files
)

// Registry gives each Content-Location a name of its own in one Store: the one that [store.Name] makes of it, or, when
// another location has that already, one with a mark before its extension, as in "x~5f1d3a.bin". The mark is a part of
// the location's SHA-256, so that the location gets the same one at any time. A folder whose name is that of a file is
// marked in the same way, once for all that lies in it.
//
// All who publish in a Store must share one Registry; Of returns it. Its methods are safe for concurrent use.
type Registry struct {
	look func(name string) Kind
	fold func(name string) string
	seed maphash.Seed
	max  int

	mu         sync.Mutex
	marked     bool              // a location was given a name with a mark
	young, old map[uint64]holder // by hash of the folded name; old is forgotten when young is half of max
}

// holder has a name.
type holder struct {
	location  uint64                // hash of folder and Content-Location; 0: the name is that of a folder
	publisher unique.Handle[string] // who published under it last
}

// Claimed is the result of [Registry.Claim].
type Claimed struct {
	Name string // to publish under
	// Wanted is what [store.Name] makes of the location, if that is another name since it is taken. It is set for the
	// first claim of the location only.
	Wanted string
	// Replaced is the publisher before, if it was another: its file will be replaced.
	Replaced string
}

// New returns the registry for a Store in which look finds what is there. fold returns the same string for names
// between which the store makes no difference. Both may be nil: nothing is there yet; all names differ. look must be
// safe for concurrent use. It may take its time: nobody else waits for it.
func New(look func(name string) Kind, fold func(name string) string) *Registry {
	if look == nil {
		look = func(string) Kind { return Absent }
	}
	if fold == nil {
		fold = func(name string) string { return name }
	}
	return &Registry{look: look, fold: fold, seed: maphash.MakeSeed(), max: maxNames, young: map[uint64]holder{}}
}

// Of returns the registry of s, if s has one: a method Names that returns it. Otherwise it returns a new one.
func Of(s store.Store) *Registry {
	if s, ok := s.(interface{ Names() any }); ok {
		if r, ok := s.Names().(*Registry); ok {
			return r
		}
	}
	return New(nil, nil)
}

// Claim returns the name for a Content-Location below folder, a path in the store, or its root when it is empty. The
// same location has the same name again: a newer version replaces the older one. publisher says for whom it is claimed.
//
// A location that is claimed for the first time has the plain name if nothing is there. Else it takes the file that
// bears its mark, if there is one from an earlier process, or may replace a file that nobody has claimed: that is taken
// for its own older version.
//
// The error wraps [store.ErrName].
func (n *Registry) Claim(folder, location, publisher string) (Claimed, error) {
	wanted, err := store.Name(location)
	if err != nil {
		return Claimed{}, err
	}
	return n.claim(folder, path.Join(folder, wanted), location, publisher)
}

// ClaimName is Claim for a location whose file shall have the name wanted, a path in the store. One location may have
// several names: each replaces what it has replaced.
func (n *Registry) ClaimName(wanted, location, publisher string) (Claimed, error) {
	return n.claim("", wanted, location, publisher)
}

func (n *Registry) claim(folder, wanted, location, publisher string) (Claimed, error) {
	c := &claim{Registry: n, folder: folder, location: location, id: n.identify(folder, location)}
	wanted = c.fit(wanted)
	for c.look(wanted); ; c.look(c.unseen) {
		if claimed, err := c.try(wanted, unique.Make(publisher)); c.unseen == "" {
			return claimed, err
		}
	}
}

// identify returns holder.location: never 0, which is that of folders.
func (n *Registry) identify(folder, location string) uint64 {
	return max(1, maphash.Comparable(n.seed, [2]string{folder, location}))
}

func (n *Registry) key(name string) uint64 { return maphash.String(n.seed, n.fold(name)) }

// get returns the holder of a name.
func (n *Registry) get(name string) (holder, bool) {
	key := n.key(name)
	if h, ok := n.young[key]; ok {
		return h, true
	}
	h, ok := n.old[key]
	return h, ok
}

// put remembers the holder of a name that is in use now.
func (n *Registry) put(name string, h holder) {
	if len(n.young) >= n.max/2 {
		n.young, n.old = map[uint64]holder{}, n.young
	}
	n.young[n.key(name)] = h
}
