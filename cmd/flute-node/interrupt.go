package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopLimit is above what a node takes to stop in order. A process that hangs beyond it ends all the same.
const stopLimit = 40 * time.Second

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string {
	if i.signal == os.Interrupt {
		return "interrupted"
	}
	return "interrupted: " + i.signal.String()
}

// code is what shells say of a process that a signal has ended.
func (i interrupted) code() int {
	if s, ok := i.signal.(syscall.Signal); ok && s == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}

// untilSignal returns a context that ends with the first interrupt or SIGTERM, so that the command can stop in order. A
// second one kills the process, as if nobody had asked for it.
func untilSignal(stderr *os.File) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			cancel(interrupted{s})
			signal.Stop(signals) // from now on the system's default: the process ends
			select {
			case s := <-signals:
				os.Exit(interrupted{s}.code())
			case <-time.After(stopLimit):
				_, _ = fmt.Fprintf(stderr, "flute-node: it has not stopped within %v\n", stopLimit)
				os.Exit(exitFailed)
			}
		case <-ctx.Done():
			signal.Stop(signals)
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// interruption returns the failure of a command that was interrupted before it was done, with what it says of itself.
func interruption(ctx context.Context, text string) error {
	if i := (interrupted{}); errors.As(context.Cause(ctx), &i) {
		return fmt.Errorf("%w %s", i, text)
	}
	return failure{fmt.Errorf("%w %s", context.Cause(ctx), text)}
}
