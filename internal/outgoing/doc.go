// Package outgoing prepares what a sending session is given: files with the words that each has of its own, from paths,
// from a list, and from a watched folder whose changes it carries over to the session.
//
//	all, skipped, err := outgoing.Find([]string{"news"}, nil, options)
//	err = how.Prepare(&all[0])
//	toi, err := session.Add(ctx, all[0].File, nil)
//
// The command send and the daemon share it.
//
// # Limitations
//
// Standard input is the command's.
package outgoing
