package main

import (
	"context"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// turnsInterval is how often people are told how far a carousel is, turnsPatience how long it may take to answer.
const turnsInterval, turnsPatience = time.Second, time.Second

// tellTurns shows below the bars how many transfers have ended, if files are sent several times: of a file that is sent
// for ever only the first transfer has progress. It ends when end is called.
func (c *sendCommand) tellTurns(out *output, s *node.Sending) (end func()) {
	if c.Repeat == 1 || out.screen == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(turnsInterval)
		defer tick.Stop()
		var before sender.Stats
		for last := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				st, ok := askTurns(ctx, s)
				if !ok {
					continue
				}
				out.status(turnsText(&before, &st, now.Sub(last)))
				before, last = st, now
			}
		}
	}()
	return func() {
		cancel()
		<-done
		out.status("")
	}
}

// turnsText tells people how far a carousel is, by what it has sent some time before and now.
func turnsText(before, now *sender.Stats, d time.Duration) string {
	rate := settings.BitRate(float64(now.Bytes-before.Bytes) * 8 / d.Seconds())
	return fmt.Sprintf("%s of %s so far, %v", count(now.Transfers, "transfer"), count(now.Added, "file"), rate)
}

// countTurns puts what was sent in all into the summary, if files are sent several times and the session still lives.
func (c *sendCommand) countTurns(total *summary, s *node.Sending) {
	if total.again = c.Repeat != 1; !total.again {
		return
	}
	if st, ok := askTurns(context.Background(), s); ok {
		total.Transfers, total.SentBytes = st.Transfers, st.Bytes
	}
}

// askTurns returns what s has sent so far, if it answers.
func askTurns(ctx context.Context, s *node.Sending) (sender.Stats, bool) {
	ctx, cancel := context.WithTimeout(ctx, turnsPatience)
	defer cancel()
	st, err := s.Stats(ctx)
	return st, err == nil
}
