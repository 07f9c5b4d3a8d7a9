package daemon

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/program"
	"github.com/flute-node/flute-node/node"
)

const (
	// closePatience is how long a unit may take to end in order.
	closePatience = 30 * time.Second
	// programDelay is how long files whose program was not begun wait while a reception ends: those of which something
	// was noted are left to the next one.
	programDelay = time.Second
)

// lookup asks the system for the addresses of a host name.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// receive runs a reception until ctx ends. It is what a section has on its stack meanwhile: open has what is large.
func (d *Daemon) receive(ctx context.Context, u *unit, section *config.Receive) (err error) {
	in := &incoming{}
	defer func() { err = errors.Join(err, d.end(u, in)) }()
	if err := d.open(ctx, u, section, in); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// incoming is what a section of receive has begun.
type incoming struct {
	temporary  string // a folder that goes with it
	runner     *program.Runner
	begun      bool // from here on the unit is left in order
	receptions []*node.Reception
}

// end ends what has been begun.
func (d *Daemon) end(u *unit, in *incoming) (err error) {
	if in.begun {
		err = d.leave(u, in.receptions, in.runner)
	}
	if in.temporary != "" {
		err = errors.Join(err, os.RemoveAll(in.temporary))
	}
	return err
}

// open begins the receptions of a section. What it has begun is in in, also after an error.
func (d *Daemon) open(ctx context.Context, u *unit, section *config.Receive, in *incoming) error {
	all, err := section.Settings(ctx, lookup)
	if err != nil {
		return err
	}
	runner, err := d.runner(section)
	if err != nil {
		return err
	}
	in.runner = runner
	u.runs(runner)
	folder := section.Dir
	if folder == "" {
		if section.Stage != "" {
			if err := os.MkdirAll(section.Stage, 0o777); err != nil {
				return err
			}
		}
		if folder, err = os.MkdirTemp(section.Stage, "flute-node-*"); err != nil {
			return err
		}
		in.temporary = folder
	}
	absolute := "" // path of the folder; empty: the files do not stay
	if section.Dir != "" {
		if absolute, err = filepath.Abs(section.Dir); err != nil {
			return err
		}
	}
	d.routes.set(u.name, routesOf(all))
	in.begun = true
	for _, cfg := range all {
		cfg.Dir = folder
		if section.Dir == "" {
			cfg.Session.NoNotes, cfg.Files.Stage = true, ""
		}
		if runner != nil {
			cfg.Session.Choose = runner.Choice
		}
		if absolute != "" {
			cfg.Session.Choose = d.choose(section, absolute, cfg.Session.Choose)
		}
		if d.tracer != nil {
			cfg.Session.Choose = d.traced(section.Name, cfg.Session.Choose)
		}
		r, err := d.node.Receive(ctx, cfg)
		if err != nil {
			return err
		}
		in.receptions = append(in.receptions, r)
	}
	u.attach(in.receptions, nil)
	d.log.Info("receiving", "unit", u.name, "dir", section.Dir)
	return nil
}

// runner returns what runs the program of a reception; nil: there is none.
func (d *Daemon) runner(section *config.Receive) (*program.Runner, error) {
	cfg, err := section.Program()
	if err != nil || cfg == nil {
		return nil, err
	}
	if cfg.Dir != "" {
		if cfg.Dir, err = filepath.Abs(cfg.Dir); err != nil {
			return nil, err
		}
	}
	cfg.Show = d.shows("unit", section.Name)
	cfg.Ended = func(e program.End) { d.journal.add(ended{section.Name, e.Outcome()}) }
	return program.New(*cfg), nil
}

// leave ends receptions in order: no more programs begin, those that run end, what is whole is published.
func (d *Daemon) leave(u *unit, receptions []*node.Reception, runner *program.Runner) error {
	if runner != nil {
		runner.Pause()
		runner.Wait() // each has a time limit
		defer time.AfterFunc(programDelay, runner.Close).Stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	var errs []error
	for _, r := range receptions {
		errs = append(errs, r.Close(ctx))
	}
	d.meter.Left(u.name, outside(receptions), u.detach)
	if runner != nil {
		runner.Close()
	}
	return errors.Join(errs...)
}

// outside returns the datagrams of receptions that belonged to no session.
func outside(receptions []*node.Reception) (sum [drop.NumReasons]uint64) {
	for _, r := range receptions {
		_, dropped := r.Datagrams()
		for i, n := range dropped {
			sum[i] += n
		}
	}
	return sum
}

// ended is how a program that took a file has ended.
type ended struct {
	Unit string `json:"unit"`
	program.Outcome
}

// EventName implements [notice.Event].
func (ended) EventName() string { return "program_ended" }
