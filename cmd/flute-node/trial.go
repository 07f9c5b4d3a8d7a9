package main

import (
	"context"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
)

// trialSize is the length of the file of a trial at most: enough for a source block of its own.
const trialSize = 1 << 20

// try puts a file into a session that nobody hears: what the session would refuse, as a FEC scheme that its profile
// does not allow, is known before anything is opened.
func try(ctx context.Context, cfg sender.Config, cenc flute.ContentEncoding, largest uint64) error {
	cfg.Registry = schemes.Default()
	s, err := sender.New(cfg)
	if err != nil {
		return err
	}
	f := sender.File{ContentLocation: "file:///trial", Content: noise(1), Size: min(largest, trialSize), CENC: cenc}
	o, err := sender.Prepare(ctx, f, nil)
	if err != nil {
		return err
	}
	_, err = s.Add(o)
	return err
}
