//go:build !kafka

package sink

import (
	"errors"

	"github.com/flute-node/flute-node/internal/outbox"
)

// NewKafka fails: this program was built without Kafka (ADR 0101).
func NewKafka(KafkaConfig) (outbox.Sink, error) {
	return nil, errors.New("this program was built without Kafka: go build -tags kafka ./cmd/flute-node")
}
