package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// stopLimit is above what a node takes to stop in order. A process that hangs beyond it ends all the same.
const stopLimit = 40 * time.Second

// lastLimit is how long a process that is killed may take to tidy up.
const lastLimit = 3 * time.Second

// echoLimit is for how long after the first signal another one is the same, told twice: coreutils' timeout sends its
// signal to the process and then to its group, and a wrapper hands on a Ctrl-C that the terminal has sent to all.
const echoLimit = 200 * time.Millisecond

// dieLimit is how long a signal may take to end a process that has sent it to itself.
const dieLimit = time.Second

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
	switch i.signal {
	case syscall.SIGTERM:
		return exitTerminated
	case syscall.SIGHUP:
		return exitHungUp
	}
	return exitInterrupted
}

// interrupts are the signals that end a command. It is safe for concurrent use.
type interrupts struct {
	stderr *standardError

	mu   sync.Mutex
	held int    // who may take longer than stopLimit
	last func() // to be called before the process is killed; nil: nothing is
	ends bool   // the process is being killed
}

func newInterrupts(stderr *standardError) *interrupts { return &interrupts{stderr: stderr} }

// before has last called before the process is killed.
func (i *interrupts) before(last func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = last
}

// hold has an interrupted command take as long as it needs, until release is called.
func (i *interrupts) hold() (release func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.held++
	return sync.OnceFunc(func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.held--
	})
}

func (i *interrupts) isHeld() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.held > 0
}

// end calls what is to be called before the process is killed.
func (i *interrupts) end() {
	i.mu.Lock()
	last := i.last
	i.ends = true
	i.mu.Unlock()
	if last == nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		last()
	}()
	select {
	case <-done:
	case <-time.After(lastLimit):
	}
}

// leave lets a process that is being killed die of the signal: what end has ended makes the command return, perhaps
// before that.
func (i *interrupts) leave() {
	i.mu.Lock()
	ends := i.ends
	i.mu.Unlock()
	if ends {
		time.Sleep(lastLimit + dieLimit)
	}
}

// endings returns the signals that end a command. A terminal that hangs up, as when a connection of ssh breaks, is one:
// a command that it kills at once would leave programs of --exec and temporary folders behind. It is not where somebody
// has it ignored (nohup), nor for the service, which takes it for a reload.
func endings(isService bool) []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !isService && !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// wait returns a context that ends with the first of the signals, so that the command can stop in order. A second one,
// after echoLimit, kills the process, as if nobody had asked for it.
func (i *interrupts) wait(endings []os.Signal) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endings...)
	go func() {
		select {
		case s := <-signals:
			cancel(interrupted{s})
			i.kill(signals)
		case <-ctx.Done():
			signal.Stop(signals)
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// kill ends the process with the second signal, or when it does not stop.
func (i *interrupts) kill(signals <-chan os.Signal) {
	s := i.second(signals)
	i.end()
	if s != nil {
		i.stderr.flush(killPatience)
		die(s)
	}
	_, _ = fmt.Fprintf(i.stderr, "flute-node: it has not stopped within %v\n", stopLimit)
	i.stderr.flush(lastLimit)
	os.Exit(exitFailed)
}

// second returns the signal after the first one that kills the process, or nil when that has not stopped within
// stopLimit.
func (i *interrupts) second(signals <-chan os.Signal) os.Signal {
	first, limit := time.Now(), time.After(stopLimit)
	for {
		select {
		case s := <-signals:
			if time.Since(first) > echoLimit {
				return s
			}
		case <-limit:
			if !i.isHeld() {
				return nil
			}
			limit = time.After(stopLimit)
		}
	}
}

// die ends the process by the signal, so that who waits for it sees that. Where a process cannot send itself one, it
// exits with the code that says so.
func die(s os.Signal) {
	signal.Reset(s)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(s) == nil {
		time.Sleep(dieLimit) // the signal may hit another thread
	}
	os.Exit(interrupted{s}.code())
}

// interruption returns the failure of a command that was interrupted before it was done, with what it says of itself.
func interruption(ctx context.Context, text string) error {
	if i := (interrupted{}); errors.As(context.Cause(ctx), &i) {
		return fmt.Errorf("%w %s", i, text)
	}
	return failure{fmt.Errorf("%w %s", context.Cause(ctx), text)}
}
