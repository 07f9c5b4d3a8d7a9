// Command flute-node sends and receives files by FLUTE (RFC 6726) over UDP multicast, and by uTP (BEP 29) to one host.
//
//	flute-node demo                                          the whole of it in one process, over loopback
//	flute-node send --to 239.1.1.1:3400 --rate 100Mbit DIR   send a file or a folder
//	flute-node receive --group 239.1.1.1:3400 DIR            receive what is sent there
//	flute-node send --watch DIR --to 239.1.1.1:3400          send what comes into a folder, from now on
//	flute-node limits --memory 256MiB                        what a receive with these flags may hold
//	flute-node limits --config FILE                          what a run with this file may hold
//	flute-node run --config FILE                             receive and send by a file of configuration, as a service
//	flute-node ctl state                                     what that service does
//	flute-node top                                           the same, while one looks at it
//	flute-node fleet lacks FILE                              which sites of a fleet have not received a file
//	flute-node config check FILE                             whether a file of configuration can be used
//	flute-node doctor DIR                                    what on this machine costs packets, and what to do
//	flute-node inspect FILE.pcap                             what is in a capture, and what is wrong with it
//	flute-node capture --interface eth0 FILE.pcapng          write what comes into a capture
//	flute-node replay --speed 2 --loss 1% FILE.pcap          send a capture again
//	flute-node lint FILE.xml                                 what is wrong with an FDT Instance, or a datagram in hex
//	flute-node bench fec                                     how fast this machine encodes and decodes
//	flute-node sdp convert FILE                              what a session description says
//	flute-node utp send --to HOST:4000 DIR                   send to one host by uTP, which yields to other traffic
//	flute-node utp receive --listen :4000 DIR                receive what is sent so
//	flute-node simulate --seeds 0-9999                       search for faults of the node itself
//	flute-node version
//
// Exit codes: 0 what was asked for has come, or is sent; 1 something was not delivered; 2 wrong use, or what is needed
// could not be opened; 129, 130 and 143 interrupted (SIGHUP, SIGINT, SIGTERM) before it was done. What only an
// interrupt can end, as send --repeat forever and receive --until forever, ends with 0. A second interrupt, 0.2 s later
// or more, kills at once.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitHungUp      = 129 // 128 + SIGHUP
	exitInterrupted = 130 // 128 + SIGINT
	exitTerminated  = 143 // 128 + SIGTERM
)

const exitCodes = `Exit codes: 0 what was asked for has come, or is sent; 1 something was not delivered; 2 wrong use, or what is needed
could not be opened; 129, 130, 143 interrupted (SIGHUP, SIGINT, SIGTERM) before it was done. A second interrupt, 0.2 s
later or more, kills at once.`

// errFailed ends the program with exitFailed; what failed has been told already.
var errFailed = errors.New("not everything was delivered")

// failure is an error that ends the program with exitFailed; all others but interrupted end it with exitUsage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// commands is the command line, as kong reads it.
type commands struct {
	display

	Demo    demoCommand    `cmd:"" help:"Send and receive in one process over loopback multicast, lose datagrams on the way, check every file."`
	Send    sendCommand    `cmd:"" help:"Send files and folders, then exit."`
	Receive receiveCommand `cmd:"" help:"Receive files into a folder."`
	Limits  limitsCommand  `cmd:"" help:"Print what a receive with the same flags may hold at most, or a run with a file of configuration."`
	Run     runCommand     `cmd:"" help:"Receive and send by a file of configuration, as a service."`
	Ctl     ctlCommand     `cmd:"" help:"Ask a running service, or steer it."`
	Fleet   fleetCommand   `cmd:"" help:"Ask what the nodes of a fleet have told by NATS JetStream: who lacks a file, who is silent, who has which version."`
	Top     topCommand     `cmd:"" help:"Watch a running service: sessions, files, what needs attention."`
	SDP     sdpCommand     `cmd:"" name:"sdp" help:"Convert, announce and hear session descriptions."`
	Doctor  doctorCommand  `cmd:"" help:"Look for what on this machine costs packets, files or speed, and say what to do about it."`
	Config  configCommand  `cmd:"" help:"Check, explain or describe the file of configuration of run."`
	Inspect inspectCommand `cmd:"" help:"Judge a capture: sessions, FDT Instances, objects, loss, rules that are broken."`
	Capture captureCommand `cmd:"" help:"Write what comes into a capture, with notes at the packets that complete an object."`
	Replay  replayCommand  `cmd:"" help:"Send a capture again: faster, slower, with loss, to another group."`
	Lint    lintCommand    `cmd:"" help:"Judge an FDT Instance, or a datagram in hex."`
	Bench   benchCommand   `cmd:"" help:"Measure this machine."`
	UTP     utpCommand     `cmd:"" help:"Move bytes between two hosts by uTP (BEP 29), which yields to other traffic."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Manual   manualCommand   `cmd:"" hidden:"" help:"Write the manual and the completions of shells into a folder."`
	Complete completeCommand `cmd:"" hidden:"" help:"Print what may come next, for the completions of shells."`

	Simulate simulateCommand `cmd:"" help:"Search for a sequence of faults that breaks a promise of the node, on virtual time."`
}

func main() {
	// A reader that leaves is an error of a write, which printer deals with. If the signal were ignored, it would be
	// so in the programs that --exec starts, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr *os.File) int {
	var cli commands
	exited := -1
	told := newStandardError(stderr)
	defer told.flush(readerPatience) // before a panic, too
	p := newPrinter(stdout, told)
	parser, err := kong.New(&cli, kong.Name("flute-node"), kong.Writers(p, told),
		kong.Description("File delivery over one-way networks: FLUTE, RFC 6726.\n\n"+exitCodes),
		helpVars(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: helpWidth(stdout)}),
		kong.NamedMapper(typePositive, numbers(1)), kong.NamedMapper(typeNatural, numbers(0)),
		kong.WithHyphenPrefixedParameters(true), // --repair -5% is a wrong percentage, not an unknown flag
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		return fail(told, nil, err)
	}
	command, err := parser.Parse(helpFlag(args))
	if exited < 0 && err == nil && cli.ShowVersion {
		out := newOutput(p, cli.display)
		exited, err = exitOK, versionCommand{}.Run(out)
		out.close()
	}
	if exited >= 0 && p.lost() > 0 {
		return exitFailed
	}
	if exited >= 0 {
		return exited // help or the version was asked for
	}
	out := newOutput(p, cli.display)
	if err == nil {
		err = cli.check()
	}
	if err != nil {
		return fail(told, out.early(args), err)
	}
	stops := newInterrupts(told)
	ctx, stop := stops.wait(endings(command.Command() == "run"))
	defer stop()
	context.AfterFunc(ctx, out.leave)
	command.BindTo(ctx, (*context.Context)(nil))
	command.Bind(stops)
	err = command.Run(out)
	stops.leave()
	out.close()
	if err != nil {
		return fail(told, out, err)
	}
	if out.product && out.lost() > 0 {
		return exitFailed // nobody has got what was asked for
	}
	return exitOK
}

// helpFlag returns args with --help for the word help in front of a command.
func helpFlag(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// fail tells err in one line, and as an event where events are shown as JSON. It returns the exit code for it.
func fail(stderr io.Writer, out *output, err error) int {
	code := exitUsage
	if i := (interrupted{}); errors.As(err, &i) {
		code = i.code()
	} else if f := (failure{}); errors.As(err, &f) || errors.Is(err, errFailed) {
		code = exitFailed
	}
	if e := exit(0); errors.As(err, &e) {
		return int(e)
	}
	if errors.Is(err, errFailed) {
		return code
	}
	text := plain(oneLine(err.Error() + remedy(err)))
	_, _ = fmt.Fprintf(stderr, "flute-node: %s\n", text)
	if out != nil {
		out.error(text, code)
		out.close()
	}
	return code
}
