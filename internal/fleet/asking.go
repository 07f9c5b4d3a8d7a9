package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// answerPatience is how long an answer of JetStream is waited for. What it is asked while its servers elect a leader
// is answered by nobody, also not later: that takes up to 10 seconds.
const answerPatience = 4 * time.Second

// errSilent tells that no answer has come for answerPatience.
var errSilent = errors.New("JetStream does not answer")

// asked asks again and again until an answer comes or ctx ends.
func asked[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	for {
		limited, cancel := context.WithTimeoutCause(ctx, answerPatience, errSilent)
		answer, err := ask(limited)
		silent := errors.Is(context.Cause(limited), errSilent)
		cancel()
		leaderless := errors.Is(err, nats.ErrNoResponders)
		if err == nil || !silent && !leaderless || ctx.Err() != nil {
			return answer, err
		}
		if leaderless {
			select {
			case <-time.After(reconnectWait):
			case <-ctx.Done():
			}
		}
	}
}
