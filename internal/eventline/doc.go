// Package eventline writes events as lines of JSON: what `--json` prints, what the journal of a daemon keeps, and what
// the C ABI hands out. The name of the event and its time come first, and a list or a map that is nil is written as an
// empty one, so that a reader need not tell the two apart.
//
//	line := eventline.Append(nil, e.EventName(), now, e)
//
// No RFC has a say in it.
//
// # Limitations
//
// Lists and maps within the fields of a struct are written as encoding/json writes them.
package eventline
