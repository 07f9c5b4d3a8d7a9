package fleet

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Room is how much a fleet may keep in JetStream. Zero fields have the defaults.
type Room struct {
	Replicas int           // servers that have each message. Default: 1
	Bytes    int64         // of each of events and objects. Default: 1 GiB
	Age      time.Duration // of events. Default: 30 days
	Window   time.Duration // within which an event is kept once. Default: an hour
}

const (
	defaultBytes  = 1 << 30
	defaultAge    = 30 * 24 * time.Hour
	defaultWindow = time.Hour
	// maxMessage bounds a message in bytes.
	maxMessage = 64 << 10
	// smallBytes bounds the streams of heartbeats and of leases.
	smallBytes = 256 << 20
)

// Make makes the streams and the bucket of a fleet, or changes how much they keep.
func (n Names) Make(ctx context.Context, conn *nats.Conn, room Room) error {
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	replicas, bytes := cmp.Or(room.Replicas, 1), cmp.Or(room.Bytes, defaultBytes)
	for _, cfg := range []jetstream.StreamConfig{
		{
			Name: n.sites(), Description: "heartbeats of FLUTE nodes, the latest of each",
			Subjects: []string{n.beat("*")}, MaxMsgsPerSubject: 1, MaxBytes: min(bytes, smallBytes),
		},
		{
			Name: n.objects(), Description: "which version of which file each site has",
			Subjects: []string{n.have("*", "*"), n.fail("*", "*")}, MaxMsgsPerSubject: 1, MaxBytes: bytes,
		},
		{
			Name: n.events(), Description: "files that were received",
			Subjects: []string{n.event("*")}, MaxBytes: bytes, MaxAge: cmp.Or(room.Age, defaultAge),
			Duplicates: min(cmp.Or(room.Window, defaultWindow), cmp.Or(room.Age, defaultAge)),
		},
	} {
		cfg.Storage, cfg.Replicas, cfg.MaxMsgSize = jetstream.FileStorage, replicas, maxMessage
		cfg.Discard, cfg.AllowDirect, cfg.DenyDelete = jetstream.DiscardOld, true, true
		_, err := asked(ctx, func(ctx context.Context) (jetstream.Stream, error) {
			return js.CreateOrUpdateStream(ctx, cfg)
		})
		if err != nil {
			return fmt.Errorf("fleet: stream %s: %w", cfg.Name, err)
		}
	}
	_, err = asked(ctx, func(ctx context.Context) (jetstream.KeyValue, error) {
		return js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: n.leases(), Description: "leases of FLUTE sessions", History: 1, Storage: jetstream.FileStorage,
			Replicas: replicas, MaxBytes: min(bytes, smallBytes), MaxValueSize: maxMessage,
		})
	})
	if err != nil {
		return fmt.Errorf("fleet: bucket %s: %w", n.leases(), err)
	}
	return nil
}
