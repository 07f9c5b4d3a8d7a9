package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute/receiver"
)

// MaxJobs bounds Config.Jobs: a node hands no more files of one [receiver.Choice.Lane] over at the same time.
const MaxJobs = 32

var (
	errClosed = errors.New("the program was not run: no more are begun")
	errKilled = errors.New("the program was killed")
)

// Config configures a Runner.
type Config struct {
	Command Command
	Dir     string        // the folder that files are published in; empty: programs are given their bytes only
	Timeout time.Duration // that a program may take; above 0
	Jobs    int           // programs that run at the same time, 1 to MaxJobs

	// Show is given each line that a program prints; nil: it is lost. Ended is told how a program has ended; it may be
	// nil. Both are called by several goroutines.
	Show  func(f *File, line string)
	Ended func(e End)
}

// Runner runs a program for each file. It is safe for concurrent use.
type Runner struct {
	cfg    Config
	grace  time.Duration
	places chan struct{} // has one for each program that may run
	paused chan struct{} // closed when none may begin
	closed chan struct{} // closed when those that wait are to fail
	killed chan struct{} // closed when all are to end
	pause  sync.Once
	close  sync.Once
	kill   sync.Once
	wait   sync.Once
}

// New returns a Runner.
func New(cfg Config) *Runner {
	return &Runner{
		cfg: cfg, grace: graceTime, places: make(chan struct{}, cfg.Jobs),
		paused: make(chan struct{}), closed: make(chan struct{}), killed: make(chan struct{}),
	}
}

// String returns the name of the Runner for people.
func (r *Runner) String() string { return "program " + r.cfg.Command.String() }

// Choice has the program run for an object, before it is complete: once it is published, or in place of that.
func (r *Runner) Choice(o receiver.Offer) receiver.Choice {
	f := &File{Offer: o}
	if r.cfg.Dir == "" {
		return receiver.Choice{Consumer: &consumer{r: r, f: f}, Lane: r}
	}
	around := func(publish func() (string, error)) error { return r.publish(f, publish) }
	return receiver.Choice{Publish: around, Lane: r}
}

// Pause has no more programs begin, and returns how many run.
func (r *Runner) Pause() int {
	r.pause.Do(func() { close(r.paused) })
	return len(r.places)
}

// Wait waits for the programs that run. Pause must have been called.
func (r *Runner) Wait() {
	r.wait.Do(func() {
		for range cap(r.places) { // nobody else keeps any
			r.places <- struct{}{}
		}
	})
}

// Close has no more programs begin. The files that wait for that fail.
func (r *Runner) Close() {
	r.Pause()
	r.close.Do(func() { close(r.closed) })
}

// Kill kills all programs, with what they have started, and waits for their end.
func (r *Runner) Kill() {
	r.Close()
	r.kill.Do(func() { close(r.killed) })
	r.Wait()
}

// enter waits for a place.
func (r *Runner) enter() error {
	select {
	case <-r.paused:
	default:
		select {
		case r.places <- struct{}{}:
			select {
			case <-r.paused: // Wait counts on that
				<-r.places
			default:
				return nil
			}
		case <-r.paused:
		}
	}
	<-r.closed
	return errClosed
}

func (r *Runner) leave() { <-r.places }

// publish publishes a file and runs the program for it.
func (r *Runner) publish(f *File, publish func() (string, error)) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	published, err := publish()
	if err != nil || published == "" {
		return err
	}
	f.Path = filepath.Join(r.cfg.Dir, filepath.FromSlash(published))
	began := time.Now()
	p, err := r.open(context.Background(), f)
	return r.end(f, began, p, err)
}

// Run runs the program for a file that is published, and ends it when ctx ends.
func (r *Runner) Run(ctx context.Context, f *File) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	began := time.Now()
	p, err := r.open(ctx, f)
	return r.end(f, began, p, err)
}

// open starts the program for a published file.
func (r *Runner) open(ctx context.Context, f *File) (*process, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // the program has its own
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f.Size = uint64(info.Size())
	return r.start(ctx, f, file)
}

// end waits for the end of the program, if it could be started, and tells of it.
func (r *Runner) end(f *File, began time.Time, p *process, err error) error {
	code := -1
	if p != nil {
		err = p.wait()
		code = p.cmd.ProcessState.ExitCode()
	}
	if r.cfg.Ended != nil {
		r.cfg.Ended(End{f, code, time.Since(began), err})
	}
	return err
}
