package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

const (
	// graceTime is how long a program may take to end once it was asked to.
	graceTime = 5 * time.Second
	// drainTime is how long what a program prints is read after its end: what it has started may hold the other end.
	drainTime = time.Second
)

// process is a program that runs.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser // nil: it was given a file
	began  time.Time
	output *lines
	ended  chan struct{} // closed when it has ended
	err    error         // of its end; not to be read before
	cause  error         // why it was ended; nil: it has ended by itself. Likewise
}

// start starts the program for a file, whose bytes are written to the process, if there is no stdin. It is ended when
// ctx ends.
func (r *Runner) start(ctx context.Context, f *File, stdin *os.File) (*process, error) {
	words := r.cfg.Command.arguments(f)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = slices.Concat(os.Environ(), f.environment())
	p := &process{cmd: cmd, ended: make(chan struct{}), began: time.Now()}
	if r.cfg.Show != nil {
		p.output = &lines{show: func(line string) { r.cfg.Show(f, line) }}
		cmd.Stdout, cmd.Stderr = p.output, p.output // the same: one goroutine writes
	}
	cmd.WaitDelay = drainTime
	leadGroup(cmd)
	if stdin != nil {
		cmd.Stdin = stdin
	} else {
		w, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		p.stdin = w
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	go p.watch(ctx, r, exited)
	return p, nil
}

// watch waits for the end of the process, and ends it when its time is over or when all are killed.
func (p *process) watch(ctx context.Context, r *Runner, exited <-chan error) {
	defer close(p.ended)
	limit := time.NewTimer(r.cfg.Timeout)
	defer limit.Stop()
	gone := false
	select {
	case p.err = <-exited:
		if errors.Is(p.err, exec.ErrWaitDelay) { // what it has left behind goes on
			p.err = nil
		}
		p.finish()
		return
	case <-limit.C:
		p.cause = fmt.Errorf("ended after %v, its time limit", r.cfg.Timeout)
		gone = p.askToEnd(r, exited)
	case <-ctx.Done():
		p.cause = fmt.Errorf("ended: %w", ctx.Err())
		gone = p.askToEnd(r, exited)
	case <-r.killed:
		p.cause = errKilled
	}
	killGroup(p.cmd) // what it has started, too
	if !gone {
		p.err = <-exited // also ends a write that waits
	}
	p.finish()
}

// askToEnd asks the process to end, and reports whether it has.
func (p *process) askToEnd(r *Runner, exited <-chan error) (gone bool) {
	endGroup(p.cmd)
	select {
	case p.err = <-exited:
		return true
	case <-time.After(r.grace):
	case <-r.killed:
	}
	return false
}

func (p *process) finish() {
	if p.output != nil {
		p.output.end()
	}
}

// wait returns how the program has ended.
func (p *process) wait() error {
	if p.stdin != nil {
		_ = p.stdin.Close() // it may have ended
	}
	<-p.ended
	if p.cause != nil {
		return p.cause
	}
	return p.err
}
