// Package names gives each Content-Location a name of its own in a Store. This package is plumbing of package store:
// embedders do not need it, and its names may change. A Store of one's own may do without: it then has one [Registry]
// for each reception.
//
//	claimed, err := names.Of(st).Claim("", contentLocation, session)
//	path, err := st.Publish(o, claimed.Name)
//
// # Limitations
//
// Names are remembered within a process only. In a later one, a location whose plain name is that of a file takes this
// for its own older version, unless there is a file that bears its mark.
package names
