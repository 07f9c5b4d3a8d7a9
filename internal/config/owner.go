package config

import (
	"os/user"
	"strconv"
)

// LookupOwner asks the system for the number of a user or a group.
func LookupOwner(name string, group bool) (int, error) {
	if group {
		g, err := user.LookupGroup(name)
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(g.Gid)
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(u.Uid)
}
