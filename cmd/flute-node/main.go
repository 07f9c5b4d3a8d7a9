// Command flute-node sends and receives files by FLUTE (RFC 6726) over UDP multicast.
//
//	flute-node demo                                          the whole of it in one process, over loopback
//	flute-node send --to 239.1.1.1:3400 --rate 100Mbit DIR   send a file or a folder
//	flute-node receive --group 239.1.1.1:3400 DIR            receive what is sent there
//	flute-node bench fec                                     how fast this machine encodes and decodes
//	flute-node version
//
// Exit codes: 0 all went well; 1 something was not delivered; 2 wrong use, or what is needed could not be opened.
//
// # Limitations
//
// It runs in the foreground; there is no daemon and no file of configuration yet.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// errFailed ends the program with exitFailed; what failed has been told already.
var errFailed = errors.New("not everything was delivered")

// failure is an error that ends the program with exitFailed; all others end it with exitUsage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// commands is the command line, as kong reads it.
type commands struct {
	JSON bool `help:"One JSON line per event instead of progress bars; the default when the output is not a terminal."`

	Demo    demoCommand    `cmd:"" help:"Send and receive in one process over loopback multicast, lose datagrams on the way, check every file."`
	Send    sendCommand    `cmd:"" help:"Send files and folders, then exit."`
	Receive receiveCommand `cmd:"" help:"Receive files into a folder."`
	Bench   benchCommand   `cmd:"" help:"Measure this machine."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr *os.File) int {
	var cli commands
	exited := -1
	parser, err := kong.New(&cli, kong.Name("flute-node"), kong.Writers(stdout, stderr),
		kong.Description("File delivery over one-way networks: FLUTE, RFC 6726."),
		kong.UsageOnError(), kong.Vars(fecVars()), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		return fail(stderr, err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited // help was asked for
	}
	if err != nil {
		return fail(stderr, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := newOutput(stdout, cli.JSON)
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(out); err != nil {
		return fail(stderr, err)
	}
	return exitOK
}

// fail prints err in one line and returns the exit code for it.
func fail(stderr *os.File, err error) int {
	if !errors.Is(err, errFailed) {
		_, _ = fmt.Fprintf(stderr, "flute-node: %s\n", oneLine(err.Error()))
	}
	if f := (failure{}); errors.As(err, &f) || errors.Is(err, errFailed) {
		return exitFailed
	}
	return exitUsage
}
