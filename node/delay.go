package node

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/store"
)

// delayed tells subscribers of a store or a source that does not answer, or that answers again.
func (n *Node) delayed(d lanes.Delay) {
	kind := "source"
	switch d.Lane.(type) {
	case store.Store:
		kind = "store"
	case interface{ Consumes() }:
		kind = "consumer"
	}
	age := d.Age.Round(100 * time.Millisecond)
	text := fmt.Sprintf("%s slow: %s has not answered for %v, works that wait: %d", kind, d.Name, age, d.Works)
	if d.Over {
		text = fmt.Sprintf("%s slow: %s answers again, after %v", kind, d.Name, age)
	}
	n.warn(text)
}
