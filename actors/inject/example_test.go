package inject_test

import (
	"context"
	"fmt"
	"log"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/node"
)

// The hub of a node panics when it starts, and is started again.
func Example() {
	faults := inject.New(1, inject.Rule{Actor: "hub", Message: "started", Nth: 1, Kind: inject.Panic})
	n, err := node.Start(node.Config{Faults: faults})
	if err != nil {
		log.Fatal(err)
	}
	if err := n.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("faults injected:", faults.Injected())
	// Output: faults injected: 1
}
