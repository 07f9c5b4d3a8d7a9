// Package defaults holds defaults of configurations that the command line names too. Each is in the docstring of its
// field.
//
// # Limitations
//
// Defaults that nobody else names are constants of their package.
package defaults

import "time"

// Of sender.Config.
const (
	// Parallel is how many files are sent at once.
	Parallel = 3
	// MaxBlockBytes bounds a source block: one is held in memory for each FEC-coded block in transfer, and known
	// receivers cannot take larger ones.
	MaxBlockBytes = 10 << 20
	// SymbolLength leaves room for all headers in a datagram of 1500 bytes, also over IPv6 and a tunnel.
	SymbolLength = 1400
	// TOIBits is the longest TOI field (RFC 5651, section 5.1: O=3, H=1).
	TOIBits = 112
)

// FDTBytes is that of fdt.Limits.Bytes. It also bounds a document before it is parsed.
const FDTBytes = 4 << 20

// Of package node.
const (
	// MaxDatagram is above what Ethernet carries without fragments.
	MaxDatagram = 2048
	// LeastBudget is the least memory of a node: of an eighth of it, eight reads of one datagram.
	LeastBudget = 8 * 8 * MaxDatagram
	// EventQueue is large enough for the events of some thousand objects that end at once.
	EventQueue = 1 << 14
	// MaxCloseRepeat bounds SendConfig.CloseRepeat: for that long Wait waits.
	MaxCloseRepeat = time.Minute
)

// MaxFeeds is how many feeds a transport session may have.
const MaxFeeds = 8
