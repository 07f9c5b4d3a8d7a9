package sink

import (
	"encoding/json"

	"github.com/flute-node/flute-node/internal/outbox"
)

// Message is what is told of a file.
type Message struct {
	Event string `json:"event"` // file_received
	Key   string `json:"key"`   // the same for each delivery of the same file
	Path  string `json:"path"`  // where it was published, on the machine of the node
	outbox.File
}

// message returns what is told of a file, as JSON.
func message(key string, f *outbox.File) ([]byte, error) {
	return json.Marshal(Message{"file_received", key, f.Path(), *f})
}
