package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
)

// filesPatience is for how long nothing may happen until what is missing is lost.
const filesPatience = time.Minute

// make writes the files, and returns them for the sender. Each has a content of its own, of the length of content,
// which has that of the last one then.
func (c *benchFilesCommand) make(ctx context.Context, dir string, content []byte) (files []sender.File, err error) {
	dir = filepath.Join(dir, "sent")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	for i := 0; i < c.Count && ctx.Err() == nil; i++ {
		name := fmt.Sprintf("f%d", i)
		copy(content, name)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, err
		}
		files = append(files, sender.File{
			ContentLocation: "file:///" + name, Source: source.File(path), Size: uint64(len(content)),
		})
	}
	return files, ctx.Err()
}

// filesRun is one transfer of many files.
type filesRun struct {
	dir     string // for the copies
	files   []sender.File
	size    int           // of each
	took    time.Duration // from the first Add to the last copy
	dropped uint64        // datagrams
}

func (r *filesRun) run(ctx context.Context) (err error) {
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopNode(n)) }()
	group, err := demoGroup()
	if err != nil {
		return err
	}
	lo, err := loopbackName()
	if err != nil {
		return err
	}
	events := n.Subscribe(node.SubscribeOptions{Queue: 4 * len(r.files), Filter: func(e notice.Event) bool {
		switch e := e.(type) {
		case event.ObjectCompleted:
			return !e.Sending
		case event.ObjectFailed, notice.KernelDrops:
			return true
		}
		return false
	}})
	defer events.Close()
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: lo, Dir: r.dir}); err != nil {
		return err
	}
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 1, Interface: lo})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	added := make(chan error, 1)
	defer func() {
		cancel()
		<-added //nolint:errcheck // await has told of it
	}()
	begin := time.Now()
	go func() {
		defer close(added)
		added <- r.add(ctx, s)
	}()
	if err := r.await(ctx, events, added); err != nil {
		return err
	}
	r.took = time.Since(begin)
	snapshot, err := n.Snapshot(ctx)
	if err != nil {
		return err
	}
	for _, reception := range snapshot.Receptions {
		for _, dropped := range reception.Counters.Dropped {
			r.dropped += dropped
		}
	}
	return nil
}

// add puts all files into the session.
func (r *filesRun) add(ctx context.Context, s *node.Sending) error {
	var failed error
	err := s.AddAll(ctx, slices.Values(r.files), func(_ int, _ flute.TOI, err error) {
		failed = errors.Join(failed, err)
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	return s.Finish(ctx)
}

// await waits for all copies.
func (r *filesRun) await(ctx context.Context, events *node.Subscription, added <-chan error) error {
	quiet := time.NewTimer(filesPatience)
	defer quiet.Stop()
	for missing := len(r.files); missing > 0; {
		select {
		case err := <-added:
			if err != nil {
				return err
			}
			added = nil
		case e := <-events.Events():
			quiet.Reset(filesPatience)
			switch e := e.(type) {
			case event.ObjectCompleted:
				if missing--; e.Size != uint64(r.size) || len(e.Verified) == 0 {
					return fmt.Errorf("%s has %d bytes, and was verified by %v", e.Path, e.Size, e.Verified)
				}
			case event.ObjectFailed:
				return fmt.Errorf("%s: %v: %w", e.ContentLocation, e.Reason, errIncomplete)
			case notice.KernelDrops:
				r.dropped += e.New
			}
		case <-quiet.C:
			return fmt.Errorf("%s are missing: %w", count(missing, "file"), errIncomplete)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
