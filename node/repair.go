package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/drop"
)

// What an object lacks an application can get another way than in packets, such as by unicast: Missing tells it, Put
// takes it.

const (
	// maxMissing bounds the ranges that Missing returns: some 16 MB.
	maxMissing = 1_000_000
	// putRanges bounds the ranges that Put returns.
	putRanges = 64
	// putBytes is how many bytes are put at once, if the object does not need more.
	putBytes = 256 << 10
	// putPause is when to try again what there was no memory for.
	putPause = 100 * time.Millisecond
	// sessionPatience is when to look whether a session is still there that does not answer.
	sessionPatience = time.Second
)

// Missing returns how far an object has come that the reception receives in a session, and what it lacks: up to
// 1,000,000 ranges and source blocks, the first ones of the object. So an application can tell what it would have to
// get elsewhere. The error wraps ErrNoObject if there is no such session, or no such object that has not ended, or it
// is that of ctx.
func (r *Reception) Missing(ctx context.Context, key flute.SessionKey, toi flute.TOI) (event.ObjectState, error) {
	found, err := askSessions(ctx, r, key, receiving.Inspect{TOI: toi, Ranges: maxMissing},
		func(st receiving.State) bool { return !toi.IsFDT() && len(st.Objects) == 1 })
	if err != nil {
		return event.ObjectState{}, fmt.Errorf("session %v: TOI %v: %w", key, toi, err)
	}
	return found.Objects[0], nil
}

// Put takes bytes of an object that came another way than in packets, such as from an HTTP server that was asked for a
// range of Missing: what from gives until io.EOF lies at off in the object as it is transferred, before content
// decoding. Put returns how far the object has come then, and the first 64 ranges of what it lacks.
//
// Put may be called at any time, also beside packets, and from several goroutines. Parts of source symbols at both ends
// are not taken, with sub-blocks parts of source blocks; ranges of Missing have none. Of an object that is whole
// nothing is taken: its Phase says so. What was put counts like symbols of packets, but for the counts of packets, and
// outlives crashes like these. Wrong bytes are found by the digest of the object; what is put afterwards goes before
// them. While an object is repaired neither the end of its description nor a flag ends it or its session: 10 seconds
// after the latest Put they do.
//
// Put waits while there is no memory, and while the object rests after a failure. The error wraps ErrNoObject as that
// of Missing does; or it says that no FDT Instance tells the FEC OTI of the object yet, or that it has no such bytes;
// or it is that of from or ctx. A from that hangs is the application's to end.
func (r *Reception) Put(
	ctx context.Context, key flute.SessionKey, toi flute.TOI, off uint64, from io.Reader,
) (event.ObjectState, error) {
	p := putting{r: r, key: key, toi: toi, off: off}
	defer p.release()
	st, err := p.run(ctx, from)
	if err != nil {
		return st, fmt.Errorf("session %v: TOI %v: put at byte %d: %w", key, toi, p.off, err)
	}
	return st, nil
}

// PutSymbols is Put for encoding symbols of one source block: a FEC Payload ID and the symbols behind it, as they
// follow the header of an ALC packet. Repair symbols can be put in no other way.
func (r *Reception) PutSymbols(
	ctx context.Context, key flute.SessionKey, toi flute.TOI, payload []byte,
) (event.ObjectState, error) {
	p := putting{r: r, key: key, toi: toi}
	done, err := p.put(ctx, append([]byte{}, payload...), true) // it may be looked at after the end of ctx
	if err != nil {
		return done.State, fmt.Errorf("session %v: TOI %v: put symbols: %w", key, toi, err)
	}
	return done.State, nil
}

// putting is one call of Put.
type putting struct {
	r   *Reception
	key flute.SessionKey
	toi flute.TOI
	off uint64 // of what is put next

	buf  []byte
	paid uint64 // reserved of the node's budget for buf
}

// run puts all that from gives.
func (p *putting) run(ctx context.Context, from io.Reader) (event.ObjectState, error) {
	if err := p.grow(ctx, putBytes); err != nil {
		return event.ObjectState{}, err
	}
	for ended := false; ; {
		if !ended {
			n, err := io.ReadFull(from, p.buf[len(p.buf):cap(p.buf)])
			p.buf = p.buf[:len(p.buf)+n]
			if ended = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !ended {
				return event.ObjectState{}, err
			}
		}
		done, err := p.put(ctx, p.buf, false)
		if err != nil {
			return done.State, err
		}
		p.off += uint64(done.Taken)
		// A session that did not answer in time may come to the bytes later: nobody changes them.
		p.buf = append(make([]byte, 0, cap(p.buf)), p.buf[done.Taken:]...)
		switch {
		case ended:
			return done.State, nil
		case done.Unit > uint64(cap(p.buf)):
			if err := p.grow(ctx, done.Unit); err != nil {
				return done.State, err
			}
		}
	}
}

// put puts data, as far as it goes, and waits while it goes no further for now.
func (p *putting) put(ctx context.Context, data []byte, symbols bool) (receiving.PutDone, error) {
	taken := 0
	for {
		if err := ctx.Err(); err != nil { // else a quick answer would hide it
			return receiving.PutDone{Taken: taken}, err
		}
		done, err := askSessions(ctx, p.r, p.key, receiving.Put{
			TOI: p.toi, Offset: p.off + uint64(taken), Data: data[taken:], Symbols: symbols, Ranges: putRanges,
		}, func(d receiving.PutDone) bool { return d.Found })
		if err == nil {
			err = done.Err
		}
		if reason := drop.Of(err); err != nil && (reason == drop.Finished || reason == drop.Refused) {
			err = fmt.Errorf("%w: %w", ErrNoObject, err)
		}
		taken += done.Taken
		done.Taken = taken
		if err != nil || !done.Again {
			return done, err
		}
		if err := pause(ctx, putPause); err != nil {
			return done, err
		}
	}
}

// grow makes room for n bytes, which the budget of the node pays for.
func (p *putting) grow(ctx context.Context, n uint64) error {
	if limit := p.r.node.budget.Limit(); n > limit {
		return fmt.Errorf("%d bytes are to be put at once, the budget is %d", n, limit)
	}
	for !p.r.node.budget.TryReserve(n - p.paid) {
		if err := pause(ctx, putPause); err != nil {
			return err
		}
	}
	p.paid = n
	p.buf = append(make([]byte, 0, n), p.buf...)
	return nil
}

func (p *putting) release() { p.r.node.budget.Release(p.paid) }

// pause waits for d. The error is that of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askSessions asks the sessions of the reception with this key, one after the other, for an answer that says what is
// wanted: of two that have the key one is about to end. To handle m twice must do no harm. The error is ErrNoObject if
// none has such an answer, or that of ctx, or ErrStopped.
func askSessions[T any](
	ctx context.Context, r *Reception, key flute.SessionKey, m any, wanted func(T) bool,
) (answer T, err error) {
	for again := true; again; {
		again = false
		running, _ := r.node.ledger.Sessions(math.MaxInt)
		for _, s := range running {
			if s.Reception != r.id || s.Key != key {
				continue
			}
			// It may end meanwhile, which nobody tells.
			patient, cancel := context.WithTimeout(ctx, sessionPatience)
			answer, err = askPID[T](patient, r.node, r.node.address(sessionsName+"/"+s.Name), m, r.closed)
			cancel()
			switch {
			case err == nil && wanted(answer):
				return answer, nil
			case err == nil, errors.Is(err, errEnded):
			case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
				again = true
			default:
				return answer, err
			}
		}
	}
	var none T
	return none, ErrNoObject
}
