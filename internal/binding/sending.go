package binding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

// Sending is a session of a Node that sends.
type Sending struct {
	loans

	s       *node.Sending
	session *session
	wait    sync.Once
	ended   chan struct{} // closed when Wait has ended
	err     error         // of Wait, once ended is closed
}

// Send begins a session that sends. text has keys of a section send of the file of configuration, without those of
// files; oti, if it is not nil, is in place of those of FEC.
func (o *Node) Send(text string, oti *OTI, patience time.Duration) (*Sending, error) {
	session, err := newSession(text, oti, time.Now(), notOfSending)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if session.cfg.To, err = session.section.To.Resolve(ctx, numeric); err != nil {
		return nil, Wrong("to: %v", err)
	}
	if !session.cfg.To.IsValid() {
		return nil, Wrong("to is missing, such as 239.1.1.1:3400")
	}
	if session.cfg.Session.TOIBits == 0 && !session.cfg.Session.Profile.MBMS() {
		session.cfg.Session.TOIBits = 64 // what calls by TOI can name
	}
	s, err := o.n.Send(ctx, session.cfg)
	if err != nil {
		return nil, late(err)
	}
	return &Sending{s: s, session: session, ended: make(chan struct{})}, nil
}

// Add takes a file: what text says of it, and its content, which is read until Ended returns its TOI, unless it was
// copied.
func (s *Sending) Add(content []byte, borrowed bool, text string, oti *OTI) (toi uint64, err error) {
	return s.lend(content, borrowed, text, oti, s.add)
}

// AddFile takes the file at a path, which is read while it is sent: nobody may write to it.
func (s *Sending) AddFile(path, text string, oti *OTI) (toi uint64, err error) {
	return addFile(path, text, oti, s.add)
}

// add takes f. The time is that of its digests: there is no patience for it.
func (s *Sending) add(w *fileWords, f sender.File, oti *OTI) (uint64, error) {
	if err := w.apply(&f, s.session.how(time.Now()), oti); err != nil {
		return 0, discard(f, err)
	}
	toi, err := s.s.Add(context.Background(), f, nil)
	if err != nil {
		return 0, s.over(err)
	}
	return numberOf(toi), nil
}

// ask calls do with a context that ends after so long: errTimeout says that the session has not done it yet, errEnded
// that it has ended.
func (s *Sending) ask(patience time.Duration, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := do(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", errTimeout, err)
	}
	return s.over(err)
}

// over returns err as one of the session's state, if the session has ended: nobody else is to blame then.
func (s *Sending) over(err error) error {
	select {
	case <-s.s.Done():
		if err != nil {
			return fmt.Errorf("%w: %w", errEnded, err)
		}
	default:
	}
	return err
}

// Publish has the files described that were added since the last call, with fdt_mode manual.
func (s *Sending) Publish(patience time.Duration) error { return s.ask(patience, s.s.Publish) }

// Finish announces that no file will be added.
func (s *Sending) Finish(patience time.Duration) error { return s.ask(patience, s.s.Finish) }

// CloseWithin ends the session now.
func (s *Sending) CloseWithin(patience time.Duration) error { return s.ask(patience, s.s.Close) }

// Close ends the session now, and waits for that until no byte of its files is read.
func (s *Sending) Close() error { return s.CloseWithin(callPatience) }

// Remove ends an object, at once or after its running transfer.
func (s *Sending) Remove(toi uint64, after bool) (was bool, err error) {
	when := sender.AtOnce
	if after {
		when = sender.AfterTransfer
	}
	err = s.ask(callPatience, func(ctx context.Context) error { return s.s.Remove(ctx, toiOf(toi), when) })
	return err == nil, err
}

// Trigger has the next turn of an object begin.
func (s *Sending) Trigger(toi uint64, at time.Time) error {
	return s.ask(callPatience, func(ctx context.Context) error { return s.s.Trigger(ctx, toiOf(toi), at) })
}

// Pause has an object, or with toi 0 the session, wait.
func (s *Sending) Pause(toi uint64, paused bool) error {
	return s.ask(callPatience, func(ctx context.Context) error {
		if toi == 0 {
			return s.s.PauseSession(ctx, paused)
		}
		return s.s.PauseObject(ctx, toiOf(toi), paused)
	})
}

// SetRate changes the bits per second.
func (s *Sending) SetRate(bitsPerSecond uint64) error {
	return s.ask(callPatience, func(ctx context.Context) error { return s.s.SetRate(ctx, bitsPerSecond) })
}

// Stats returns the counters as JSON.
func (s *Sending) Stats() (text []byte, err error) {
	err = s.ask(callPatience, func(ctx context.Context) error {
		stats, err := s.s.Stats(ctx)
		if err != nil {
			return err
		}
		text, err = json.Marshal(stats)
		return err
	})
	return text, err
}

// Wait waits for the end of the session for so long, and returns what failed.
func (s *Sending) Wait(patience time.Duration) error {
	s.wait.Do(func() {
		go func() {
			s.err = s.s.Wait(context.Background())
			close(s.ended)
		}()
	})
	return within(patience, s.ended, func() error { return s.err })
}
