//go:build kafka

package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flute-node/flute-node/internal/outbox"
	"github.com/flute-node/flute-node/internal/tlsfiles/pemtest"
)

// kafkaOf runs kfake, the fake brokers of the authors of the library: no proof for real ones, whose protocol it speaks.
func kafkaOf(t *testing.T, more ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append(more, kfake.NumBrokers(3), kfake.SeedTopics(4, "files"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A try that has to succeed has the time of a slow machine; one that has to fail may take all that it has.
const patient, brief = time.Minute, 5 * time.Second

// kafkaTo returns what delivers a file to the brokers, with so much time for the try.
func kafkaTo(t *testing.T, c *kfake.Cluster, cfg KafkaConfig) (deliver func(*outbox.File, time.Duration) error) {
	t.Helper()
	scheme := "kafka://"
	if cfg.CA != nil {
		scheme = "tls://"
	}
	cfg.URL = scheme + c.ListenAddrs()[0] + "," + scheme + c.ListenAddrs()[1]
	cfg.Topic = "files"
	k, err := NewKafka(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return func(f *outbox.File, atMost time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), atMost)
		defer cancel()
		return k.Deliver(ctx, f.Key(), f)
	}
}

// TestKafka: a file is a record that whoever reads the topic finds by its key; one that is delivered again has the
// same key, and lies in the same partition.
func TestKafka(t *testing.T) {
	c := kafkaOf(t)
	deliver := kafkaTo(t, c, KafkaConfig{})
	a, b := received(t, "a"), received(t, "b")
	for _, f := range []*outbox.File{a, b, a} {
		if err := deliver(f, patient); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("files"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	partitions, n := map[string]int32{}, 0
	for n < 3 {
		got := reader.PollFetches(ctx)
		if err := got.Err(); err != nil {
			t.Fatal(err)
		}
		got.EachRecord(func(r *kgo.Record) {
			n++
			var m Message
			if err := json.Unmarshal(r.Value, &m); err != nil || m.Key != string(r.Key) || m.Event != "file_received" {
				t.Errorf("%s: %s, %v", r.Key, r.Value, err)
			}
			if p, again := partitions[m.Path]; again && p != r.Partition {
				t.Errorf("%s is in partitions %d and %d", m.Path, p, r.Partition)
			}
			partitions[m.Path] = r.Partition
		})
	}
	if len(partitions) != 2 || n != 3 {
		t.Errorf("%d records of %d files", n, len(partitions))
	}
}

// TestKafkaFails: what brokers answer decides whether a file is tried again; brokers that are away, or hang, cost the
// time of a try.
func TestKafkaFails(t *testing.T) {
	c := kafkaOf(t)
	deliver := kafkaTo(t, c, KafkaConfig{})
	answer := kerr.MessageTooLarge
	c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if answer == nil {
			return nil, nil, false
		}
		in := r.(*kmsg.ProduceRequest)
		out := in.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range in.Topics {
			t := kmsg.NewProduceResponseTopic()
			t.Topic, t.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				one := kmsg.NewProduceResponseTopicPartition()
				one.Partition, one.ErrorCode = p.Partition, answer.Code
				t.Partitions = append(t.Partitions, one)
			}
			out.Topics = append(out.Topics, t)
		}
		return out, nil, true
	})
	f := received(t, "a")
	if _, rejected := errors.AsType[*outbox.RejectedError](deliver(f, patient)); !rejected {
		t.Error("a record that is too large is tried again")
	}
	answer = kerr.TopicAuthorizationFailed
	if err := deliver(f, brief); err == nil {
		t.Error("what the broker forbids is taken")
	} else if _, rejected := errors.AsType[*outbox.RejectedError](err); rejected {
		t.Errorf("what an operator can mend is a dead letter: %v", err)
	}
	answer = nil
	if err := deliver(f, patient); err != nil {
		t.Error(err)
	}
	c.Close()
	start := time.Now()
	if err := deliver(f, brief); err == nil || time.Since(start) > 20*time.Second {
		t.Errorf("brokers that are away: %v after %v", err, time.Since(start))
	}
}

// TestKafkaLogin: brokers that want to know who it is are told, without the password.
func TestKafkaLogin(t *testing.T) {
	c := kafkaOf(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "node", "a-password"))
	if err := kafkaTo(t, c, KafkaConfig{Credentials: "node:a-password"})(received(t, "a"), patient); err != nil {
		t.Error(err)
	}
	if err := kafkaTo(t, c, KafkaConfig{Credentials: "node:wrong"})(received(t, "a"), brief); err == nil {
		t.Error("a wrong password does")
	}
}

// TestKafkaTLS: over TLS brokers show a certificate of the authority that is given.
func TestKafkaTLS(t *testing.T) {
	ours, theirs := pemtest.New(t), pemtest.New(t)
	cert, key := filepath.Join(t.TempDir(), "crt"), filepath.Join(t.TempDir(), "key")
	ours.Issue(t, "broker", cert, key)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	c := kafkaOf(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	poolOf := func(file string) *x509.CertPool {
		text, err := os.ReadFile(file)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(text) {
			t.Fatal(err)
		}
		return pool
	}
	if err := kafkaTo(t, c, KafkaConfig{CA: poolOf(ours.File)})(received(t, "a"), patient); err != nil {
		t.Error(err)
	}
	if err := kafkaTo(t, c, KafkaConfig{CA: poolOf(theirs.File)})(received(t, "a"), brief); err == nil {
		t.Error("a broker of another authority is believed")
	}
	if err := kafkaTo(t, c, KafkaConfig{})(received(t, "a"), brief); err == nil {
		t.Error("a broker that speaks TLS takes a record without")
	}
}
