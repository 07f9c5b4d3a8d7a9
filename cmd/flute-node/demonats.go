package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/fleet"
	"github.com/flute-node/flute-node/internal/outbox"
	sinks "github.com/flute-node/flute-node/internal/sink"
)

// natsFlags have the received files of a demo told to NATS JetStream.
type natsFlags struct {
	NATS    bool   `name:"nats" help:"Tell NATS JetStream (nats-server) of each file, twice, and count what it kept."`
	NATSURL string `name:"nats-url" placeholder:"URL" help:"The same with this server, which gets a stream meanwhile."`
}

const (
	natsSink = "jetstream" // name of the sink of a demo
	// natsPatience is how long the server may take to begin, and at the end to have all messages.
	natsPatience = 30 * time.Second
)

// demoNATS tells JetStream of the files of a demo, through an outbox as a daemon does.
type demoNATS struct {
	url    string
	stop   func() // of the server; nil: it is not ours
	conn   *nats.Conn
	js     jetstream.JetStream
	stream string
	box    *outbox.Outbox
	dir    string // of the files
	kept   uint64 // messages in the end
}

// twice is a sink that is told everything twice, as after a crash in the middle of a delivery.
type twice struct{ *sinks.NATS }

// Deliver implements [outbox.Sink].
func (t twice) Deliver(ctx context.Context, key string, f *outbox.File) error {
	if err := t.NATS.Deliver(ctx, key, f); err != nil {
		return err
	}
	return t.NATS.Deliver(ctx, key, f)
}

// open makes a stream, and an outbox whose only sink publishes to it; nil if that is not asked for. own is a folder
// for what they keep.
func (c *natsFlags) open(ctx context.Context, own, files string) (n *demoNATS, err error) {
	if !c.NATS && c.NATSURL == "" {
		return nil, nil
	}
	n = &demoNATS{url: c.NATSURL, dir: files, stream: fmt.Sprintf("flute_demo_%d", os.Getpid())}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.url == "" {
		if n.url, n.stop, err = startNATS(ctx, filepath.Join(own, "nats")); err != nil {
			return n, err
		}
	}
	// A server that was started a moment ago may not listen yet.
	at := fleet.DialConfig{URL: n.url, Name: "flute-node demo", Patient: n.stop != nil}
	if n.conn, err = fleet.Dial(at); err != nil {
		return n, fmt.Errorf("NATS at %s: %w", n.url, err)
	}
	if n.js, err = jetstream.New(n.conn); err != nil {
		return n, err
	}
	if err := n.makeStream(ctx); err != nil {
		return n, fmt.Errorf("JetStream at %s: %w", n.url, err)
	}
	n.box, err = outbox.Open(outbox.Config{
		Path: filepath.Join(own, "outbox.db"), Items: 1 << 20, Bytes: 1 << 30, Told: func(outbox.Event) {},
		Warn: func(string) {},
	})
	if err != nil {
		return n, err
	}
	n.box.Set(natsSink, twice{sinks.NewNATS(sinks.NATSConfig{URL: n.url, Subject: n.stream})}, outbox.Terms{
		Policy:  outbox.Policy{First: 100 * time.Millisecond, Most: time.Second, Patience: time.Hour},
		Timeout: 10 * time.Second, Jobs: 8,
	})
	return n, nil
}

// makeStream makes the stream. JetStream takes a moment after its server answers.
func (n *demoNATS) makeStream(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, natsPatience)
	defer cancel()
	for {
		_, err := n.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: n.stream, Subjects: []string{n.stream}, Storage: jetstream.MemoryStorage,
		})
		if err == nil || n.stop == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// choose has a file enter the outbox as it is published.
func (n *demoNATS) choose(o receiver.Offer) (c receiver.Choice) {
	f := outbox.File{
		Unit: "demo", Session: o.Session, TOI: o.File.TOI, ContentLocation: o.File.ContentLocation, Dir: n.dir,
		Size: o.Size,
	}
	chosen := time.Now()
	c.Lane = n // beside what computes
	c.Publish = func(publish func() (string, error)) error {
		return n.box.Around(f, []string{natsSink}, chosen, publish)
	}
	return c
}

// String names the lane for people.
func (*demoNATS) String() string { return "outbox" }

// finish waits until the sink has all files, and counts the messages.
func (n *demoNATS) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, natsPatience)
	defer cancel()
	for {
		states, _ := n.box.States()
		waiting := 0
		for _, s := range states {
			waiting += s.Waiting
		}
		if waiting == 0 {
			break
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("JetStream at %s: %d files wait to be told", n.url, waiting)
		}
	}
	s, err := n.js.Stream(ctx, n.stream)
	if err != nil {
		return fmt.Errorf("JetStream at %s: %w", n.url, err)
	}
	info, err := s.Info(ctx)
	if err != nil {
		return fmt.Errorf("JetStream at %s: %w", n.url, err)
	}
	n.kept = info.State.Msgs
	return nil
}

// close removes the stream, and ends what open has begun.
func (n *demoNATS) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if n.box != nil {
		_ = n.box.Close(ctx) // it lies in a temporary folder
	}
	if n.js != nil && n.stop == nil {
		_ = n.js.DeleteStream(ctx, n.stream) // its memory ends with the server at the latest
	}
	if n.conn != nil {
		n.conn.Close()
	}
	if n.stop != nil {
		n.stop()
	}
}
