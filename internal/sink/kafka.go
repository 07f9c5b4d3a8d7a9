//go:build kafka

package sink

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/flute-node/flute-node/internal/outbox"
)

// maxKafkaRecords bounds the records that wait for a broker. The outbox tries MaxJobs files at once at most; a record
// whose try has ended may wait a little longer.
const maxKafkaRecords = 256

// Kafka produces a record with a [Message] for each file. Its key is that of the file: Kafka keeps a record that is
// delivered again, unless the topic is compacted, and who reads it knows by the key.
type Kafka struct {
	cfg KafkaConfig

	mu     sync.Mutex
	client *kgo.Client
}

// NewKafka returns a Kafka. It connects with the first file.
func NewKafka(cfg KafkaConfig) (outbox.Sink, error) { return &Kafka{cfg: cfg}, nil }

// connect returns the client. Connections that break it makes anew by itself.
func (k *Kafka) connect() (*kgo.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		return k.client, nil
	}
	var seeds []string
	secure := false
	for one := range strings.SplitSeq(k.cfg.URL, ",") {
		scheme, at, _ := strings.Cut(one, "://")
		secure = secure || scheme == "tls"
		seeds = append(seeds, strings.TrimSuffix(at, "/"))
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(seeds...), kgo.ClientID("flute-node"), kgo.DefaultProduceTopic(k.cfg.Topic),
		kgo.MaxBufferedRecords(maxKafkaRecords), kgo.ProducerLinger(0),
		// The outbox tries again, with the same key: a try that has ended need not be kept for the order of sequence
		// numbers. All replicas in sync have a record that is acknowledged.
		kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.UnknownTopicRetries(1), kgo.DialTimeout(5 * time.Second),
	}
	if secure {
		options = append(options, kgo.Dialer((&tls.Dialer{
			NetDialer: &net.Dialer{Timeout: 5 * time.Second},
			Config:    &tls.Config{RootCAs: k.cfg.CA, MinVersion: tls.VersionTLS12},
		}).DialContext))
	}
	if user, password, ok := strings.Cut(k.cfg.Credentials, ":"); ok {
		options = append(options, kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	k.client = client
	return client, nil
}

// Deliver implements [outbox.Sink].
func (k *Kafka) Deliver(ctx context.Context, key string, f *outbox.File) error {
	client, err := k.connect()
	if err != nil {
		return err
	}
	text, err := message(key, f)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	client.TryProduce(ctx, &kgo.Record{Key: []byte(key), Value: text}, func(_ *kgo.Record, err error) { done <- err })
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) {
		return &outbox.RejectedError{Err: err}
	}
	return err
}

// Close implements [outbox.Sink].
func (k *Kafka) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		k.client.Close()
		k.client = nil
	}
}
