package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/session/sending"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/statefile"
)

// Sending is a running session. Its methods are safe for concurrent use.
type Sending struct {
	node *Node
	key  flute.SessionKey
	pid  *actor.PID
	done chan struct{}
	out  *sending.Outcome
	// offload says that the socket takes messages of several datagrams.
	offload bool
	means   string
	target  bool // the session has Within or By

	state *statefile.File // nil: there is none

	asked atomic.Uint64 // ID of the last Add
}

// Add puts f into the session. It reads f before, for its digests and its content encoding, and blocks on that, unless
// the digests come later, as those of large files do: see sender.DigestLater. With a nil scratch, what is encoded goes
// to a file of the node without a name. Errors about f are a *sender.FileError. For files of a file system, which may
// change while they are sent, package source has File.Source. The end of ctx is noticed between two reads: one that
// hangs is the application's to end.
func (s *Sending) Add(ctx context.Context, f sender.File, scratch sender.Scratch) (flute.TOI, error) {
	return s.put(ctx, f, scratch, addition)
}

func addition(id uint64, o *sender.Object) sending.Message { return sending.Add{ID: id, Object: o} }

// put prepares f and sends the session the message with it, which is answered with sending.Added.
func (s *Sending) put(
	ctx context.Context, f sender.File, scratch sender.Scratch,
	message func(id uint64, o *sender.Object) sending.Message,
) (flute.TOI, error) {
	o, err := s.prepare(ctx, f, scratch, nil)
	if err != nil {
		return flute.TOI{}, err
	}
	return s.hand(ctx, o, message)
}

// prepare makes the Object of f.
func (s *Sending) prepare(
	ctx context.Context, f sender.File, scratch sender.Scratch, md5 func(content []byte) [16]byte,
) (*sender.Object, error) {
	var helpers sync.WaitGroup
	defer helpers.Wait()
	p := sender.Preparer{Spawn: helpers.Go, Scratches: &s.node.scratches, MD5: md5}
	return p.Prepare(ctx, f, scratch)
}

// hand sends the session the message with o, which is answered with sending.Added.
func (s *Sending) hand(
	ctx context.Context, o *sender.Object, message func(id uint64, o *sender.Object) sending.Message,
) (flute.TOI, error) {
	m := message(s.asked.Add(1), o)
	toi, err := s.question(ctx, m)
	if err == nil || o.Discard() || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return toi, err
	}
	// The session has the file: it has answered, or it does once it is restarted.
	return s.question(context.WithoutCancel(ctx), m)
}

// Reserve takes a TOI for a file that will be added with it, in sender.File.TOI, so that it is known before. It is
// given to no other file until then, or until Release.
func (s *Sending) Reserve(ctx context.Context) (flute.TOI, error) {
	return s.question(ctx, sending.Reserve{ID: s.asked.Add(1)})
}

// Release gives back a TOI that was reserved. It does nothing to one that a file has.
func (s *Sending) Release(ctx context.Context, toi flute.TOI) error {
	return s.order(ctx, sending.Release{TOI: toi})
}

// question asks the session what is answered with a TOI.
func (s *Sending) question(ctx context.Context, m sending.Message) (flute.TOI, error) {
	added, err := askPID[sending.Added](ctx, s.node, s.pid, m, s.done)
	if errors.Is(err, errEnded) {
		return flute.TOI{}, fmt.Errorf("node: session %v: %w", s.key, sender.ErrClosed)
	} else if err != nil {
		return flute.TOI{}, err
	}
	return added.TOI, added.Err
}

// order tells the session what to do, and returns once it has heard it or has ended. Of the end tells Wait.
func (s *Sending) order(ctx context.Context, m sending.Message) error {
	_, err := askPID[sending.Taken](ctx, s.node, s.pid, m, s.done)
	if errors.Is(err, errEnded) || errors.Is(err, ErrStopped) {
		return nil
	}
	return err
}

// Publish has the files that were added since the last call described and sent, where Session.FDTManual is set. The
// error is that of ctx.
func (s *Sending) Publish(ctx context.Context) error { return s.order(ctx, sending.Publish{}) }

// Finish announces that no file will be added (RFC 6726, section 3.4.2) and lets the session end once every file was
// sent as often as asked, for which Wait waits. The error is that of ctx: the session has not heard it in time. A
// session that has ended is no error.
func (s *Sending) Finish(ctx context.Context) error { return s.order(ctx, sending.Finish{}) }

// SetRate changes SendConfig.Rate; zero: as fast as the socket takes them. The error is that of ctx. A session that has
// ended is no error.
func (s *Sending) SetRate(ctx context.Context, bitsPerSecond uint64) error {
	return s.order(ctx, sending.SetRate{Rate: bitsPerSecond})
}

// Close ends the session now, with the close-session flag, and returns when it has ended, or with the error of ctx when
// that ends before. A session that has ended is no error.
func (s *Sending) Close(ctx context.Context) error {
	if err := s.order(ctx, sending.Close{Reason: "closed"}); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("node: session %v is ending: %w", s.key, ctx.Err())
	}
}

// Done is closed when the session has ended.
func (s *Sending) Done() <-chan struct{} { return s.done }

// Wait waits for the end of the session and returns what failed, joined: what ended the session before its time, and
// the files that were not sent as often as asked, each a *sender.FileError, but for those that Remove has ended. The
// events of the session have reached every Subscription by then.
func (s *Sending) Wait(ctx context.Context) error {
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	// Without an answer the hub is being stopped or restarted, and events may be missed.
	_ = s.node.flush(ctx)
	return s.out.Err()
}

// Means returns by which means of the system the datagrams of the session began to be sent, and why not by better ones,
// in a few words for people; empty: there is nothing to say.
func (s *Sending) Means() string { return s.means }

// Offload reports whether the datagrams of the session began as messages of several to the system (UDP_SEGMENT). A
// Warning tells when the system refuses them: then they are sent one by one.
func (s *Sending) Offload() bool { return s.offload }
