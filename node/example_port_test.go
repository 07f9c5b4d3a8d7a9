package node_test

import (
	"log"

	"github.com/flute-node/flute-node/internal/netns"
)

// freePort returns a port for an example, which another process may run as well.
func freePort() uint16 {
	port, err := netns.FreePort()
	if err != nil {
		log.Fatal(err)
	}
	return port
}
