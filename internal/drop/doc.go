// Package drop names the reasons for which a datagram, or a symbol in it, is dropped. It is the one list of them:
// flute.DropReason is its Reason. Embedders need no name of a single one: they read them by their String, which is what
// events and metrics carry.
//
//	var errNoTSI = drop.NewError(drop.NoTSI, "alc: neither S nor H is set")
//
// # Limitations
//
// The reasons are numbered in the order in which a packet meets them. Numbers may change, names may not.
package drop
