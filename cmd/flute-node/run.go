package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/flute-node/flute-node/internal/daemon"
)

// runCommand is the daemon.
type runCommand struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"File of configuration; config example prints one. conf.d/*.yaml beside it is read, too. SIGHUP has it read anew."`
}

// Run runs until it is interrupted, or the node gives up. What it logs goes to standard error.
func (c *runCommand) Run(ctx context.Context, out *output, stops *interrupts) error {
	collectEarlier()
	reload := make(chan os.Signal, 1) // ten signals at once are one reload, or two
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	d, err := daemon.Start(daemon.Options{
		Path: c.Config, Env: os.LookupEnv, Log: out.printer.stderr.file, Notify: daemon.NewNotifier(os.Getenv),
		Version: thisVersion().Version,
	})
	if err != nil {
		return err
	}
	stops.before(d.Kill)
	if err := d.Run(ctx, reload); err != nil {
		return failure{err}
	}
	return nil
}
