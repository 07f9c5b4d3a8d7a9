package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/program"
	"github.com/flute-node/flute-node/node"
)

// execFlags say which program takes the files that are received.
type execFlags struct {
	Exec        string        `sep:"none" placeholder:"COMMAND" help:"Run COMMAND for each file, once it is whole, verified and in DIR; without DIR it gets the bytes only. Its standard input is the file. {path}, {name}, {location}, {type}, {size}, {tsi}, {toi}, {source}, {group} in its arguments are replaced; FLUTE_PATH, … in its environment are the same. COMMAND is split at spaces outside of quotes, without a shell. What it prints goes to standard error, after the name of the file. Unless it ends with 0 the file counts as failed, although it stays in DIR."`
	Shell       bool          `help:"Have /bin/sh run the command of --exec, which finds all in its environment: \"$$FLUTE_PATH\"."`
	ExecTimeout time.Duration `type:"positive" default:"10m" placeholder:"10m" help:"End a command of --exec that takes longer for a file, with all that it has started. An interrupt waits so long for those that run; a second one kills them."`
	ExecJobs    int           `type:"positive" default:"4" placeholder:"N" help:"Commands of --exec that run at the same time, 1 to 32."`
}

// command returns the command of --exec, nil if there is none.
func (f *execFlags) command() (*program.Command, error) {
	switch {
	case f.Exec == "" && f.Shell:
		return nil, errors.New("--shell needs --exec")
	case f.Exec == "":
		return nil, nil
	case f.ExecJobs > program.MaxJobs:
		return nil, fmt.Errorf("--exec-jobs %d: take 1 to %d", f.ExecJobs, program.MaxJobs)
	}
	parse := program.Parse
	if f.Shell {
		parse = program.Shell
	}
	c, err := parse(f.Exec)
	if err != nil {
		return nil, fmt.Errorf("--exec %w", err)
	}
	if _, err := exec.LookPath(c.Program()); err != nil {
		return nil, fmt.Errorf("--exec: %w", err)
	}
	return &c, nil
}

// takers are who takes the files of a receive that do not go to a folder, or not only.
type takers struct {
	name   string          // for people; empty: the files go to a folder only
	runner *program.Runner // nil: there is none
	broken <-chan error    // an error after which nobody takes any file
	temp   string          // the folder in which files wait; empty: there is none
}

// takers returns who takes the files. It changes cfg accordingly.
func (c *receiveCommand) takers(ctx context.Context, out *output, cfg *node.ReceiveConfig) (*takers, error) {
	t := &takers{}
	command, err := c.command()
	switch {
	case err != nil:
		return nil, err
	case command == nil && c.Dir == "":
		return nil, errors.New("where to put the files? Give DIR, - for standard output, or --exec")
	case command != nil && c.Dir == standardInput:
		return nil, errors.New("--exec and - for DIR: take one of them")
	case command != nil && c.Dir == "" && command.NeedsPath():
		return nil, fmt.Errorf("--exec %q: without DIR the file has no path", c.Exec)
	}
	if command != nil {
		if err := t.run(out, *command, c, cfg); err != nil {
			return nil, err
		}
	} else if c.Dir == standardInput {
		s := newStream(ctx, out.giveStdout())
		t.name, t.broken = s.String(), s.broken
		cfg.Session.Choose = func(receiver.Offer) receiver.Choice {
			return receiver.Choice{Consumer: &streamed{stream: s}, Lane: s}
		}
	}
	if c.Dir != "" && c.Dir != standardInput {
		return t, nil
	}
	if c.Stage != "" {
		if err := os.MkdirAll(c.Stage, 0o777); err != nil {
			return nil, err
		}
	}
	if t.temp, err = os.MkdirTemp(c.Stage, "flute-node-*"); err != nil {
		return nil, err
	}
	cfg.Dir, cfg.Session.NoNotes, cfg.Files.Stage = t.temp, true, ""
	return t, nil
}

// run has the command run for each file.
func (t *takers) run(out *output, command program.Command, c *receiveCommand, cfg *node.ReceiveConfig) (err error) {
	dir := c.Dir
	if dir != "" {
		if dir, err = filepath.Abs(dir); err != nil {
			return err
		}
	}
	r := program.New(program.Config{
		Command: command, Dir: dir, Timeout: c.ExecTimeout, Jobs: c.ExecJobs,
		Show: func(f *program.File, line string) {
			out.said(plain(cmp.Or(f.Name(), f.Offer.File.ContentLocation) + ": " + line))
		},
		Ended: func(e program.End) { out.note("program_ended", e.Outcome(), "") },
	})
	t.name, t.runner = r.String(), r
	cfg.Session.Choose = r.Choice
	return nil
}

// end is called before the process is killed.
func (t *takers) end() {
	if t.runner != nil {
		t.runner.Kill()
	}
	_ = t.remove()
}

// pause has no more programs begin, and waits for those that run.
func (t *takers) pause(out *output, stops *interrupts) {
	if t.runner == nil {
		return
	}
	n := t.runner.Pause()
	if n == 0 {
		return
	}
	text := fmt.Sprintf("waits for %s; an interrupt kills what runs", count(n, "program"))
	out.note("waiting", struct {
		Programs int `json:"programs"`
	}{n}, text)
	release := stops.hold()
	defer release()
	t.runner.Wait()
}

// closeDelay is how long files whose program was not begun wait while the node stops: those of which something was
// noted are left to the next process.
const closeDelay = time.Second

// stopping is called before the node stops.
func (t *takers) stopping() {
	if t.runner != nil {
		time.AfterFunc(closeDelay, t.runner.Close)
	}
}

// remove removes what the takers needed, once the node has stopped.
func (t *takers) remove() error {
	if t.temp == "" {
		return nil
	}
	return os.RemoveAll(t.temp)
}
