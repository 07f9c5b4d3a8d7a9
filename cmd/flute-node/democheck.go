package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/node"
)

// collect waits until every file has ended.
func (d *demo) collect(ctx context.Context, ended *node.Subscription) (failures []string) {
	for left := d.Sessions * d.Objects; left > 0; left-- {
		select {
		case e := <-ended.Events():
			switch e := e.(type) {
			case event.ObjectCompleted:
				if err := d.check(e); err != nil {
					failures = append(failures, fmt.Sprintf("%s: %v", e.Path, err))
				}
			case event.ObjectFailed:
				failures = append(failures, fmt.Sprintf("%s: %s: %s", e.ContentLocation, e.Reason, e.Detail))
			}
		case err := <-d.node.Failed():
			return append(failures, fmt.Sprintf("the node gave up: %v", err))
		case <-ctx.Done():
			return append(failures, fmt.Sprintf("%d files have not ended: %v", left, context.Cause(ctx)))
		}
	}
	return failures
}

// check reads a published file and compares its SHA-256 with that of what was sent.
func (d *demo) check(e event.ObjectCompleted) error {
	s := d.sessions[e.Session.TSI-1]
	s.repaired += e.Repaired
	s.slowest = max(s.slowest, e.Duration)
	got, want := sha256.New(), sha256.New()
	f, err := os.Open(filepath.Join(d.dir, filepath.FromSlash(e.Path)))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if _, err := io.Copy(got, f); err != nil {
		return err
	}
	for j := range d.Objects {
		if demoName(s.tsi, j) == e.Path {
			if _, err := io.Copy(want, io.NewSectionReader(d.content(s.tsi, j), 0, int64(d.Size))); err != nil {
				return err
			}
		}
	}
	if sum := got.Sum(nil); !bytes.Equal(sum, want.Sum(nil)) || e.Digests["sha-256"] != hex.EncodeToString(sum) {
		return errors.New("SHA-256 differs from that of the file that was sent")
	}
	s.verified++
	return nil
}

// isReceived reports whether e ends an object of a receiving session.
func isReceived(e notice.Event) bool {
	switch e := e.(type) {
	case event.ObjectCompleted:
		return !e.Sending
	case event.ObjectFailed:
		return !e.Sending
	}
	return false
}
