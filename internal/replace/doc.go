// Package replace replaces files whole: whoever reads one, also after a crash or a loss of power, finds the old content
// or the new one.
//
// # Limitations
//
// Where a folder cannot be synced (elsewhere than on Unix) the old content may come back after a loss of power.
package replace
