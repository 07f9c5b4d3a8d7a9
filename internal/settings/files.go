package settings

import "github.com/flute-node/flute-node/source"

// Files are the words that say which files of the paths given are sent, and how they are named.
type Files struct {
	Links string // links: symbolic links are left out (skip), followed (follow), or refused (error); empty: skip
	Names string // names: base is the last element of a path with what is below it, path the whole of it; empty: base
}

// Options returns the options of source.Find. An error is an [*Error].
func (f *Files) Options() (o source.Options, err error) {
	o.Links, err = oneOf(wordLinks, f.Links, []choice[source.Links]{
		{string(source.SkipLinks), source.SkipLinks},
		{string(source.FollowLinks), source.FollowLinks},
		{string(source.RefuseLinks), source.RefuseLinks},
	})
	if err != nil {
		return o, err
	}
	o.FullNames, err = oneOf(wordNames, f.Names, []choice[bool]{{"base", false}, {"path", true}})
	return o, err
}
