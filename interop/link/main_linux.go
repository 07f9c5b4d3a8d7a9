// Command link joins two network namespaces by a link of its own making, with a rate, a queue, a delay and loss, runs
// programs at both ends, and tells what each of their flows got. It stands in for the kernel's netem, which many
// machines lack, and it carries TCP too, so that a transport can be tried beside it.
//
//	link -rate 20e6 -queue 200ms -delay 25ms -at-b 'iperf3 -s' -at-a 'iperf3 -c 10.9.0.2' -limit 30s
//
// The end A is 10.9.0.1, B is 10.9.0.2. Programs at B are started first; the run ends when the first program at A ends,
// or at the limit, and all programs are killed. Several programs at A, each `SECONDS:COMMAND`, start so much later.
// Rate and queue hold for what A sends; delay and loss for both directions.
//
// On standard output: one line of JSON for each second of the link, with the bits of each flow that left the queue and
// the delay in it, and one with the means over -from to -to. The programs write to standard error. A flow is named by
// its protocol and its port at A, or at B with -by-server.
//
// It needs Linux, /dev/net/tun and namespaces of users; no root. Exit codes: 0 the first program at A ended well, 1 it
// did not, 2 wrong use, 77 this machine cannot make the link.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	exitUsage   = 2
	exitSkipped = 77
	// inside marks the process that has a namespace of users of its own.
	inside = "FLUTE_NODE_LINK"
)

// errSkipped is wrapped by errors that say why this machine cannot make the link.
var errSkipped = errors.New("no link on this machine")

// commands are the values of a flag that may be given more than once.
type commands []string

func (c *commands) String() string     { return strings.Join(*c, "; ") }
func (c *commands) Set(s string) error { *c = append(*c, s); return nil }

type config struct {
	shape    shape
	mtu      int
	atA, atB commands
	limit    time.Duration
	report   report
}

func main() {
	if os.Getenv(inside) == "" {
		os.Exit(again())
	}
	cfg, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "link:", err)
		os.Exit(exitUsage)
	}
	err = run(cfg)
	switch {
	case errors.Is(err, errSkipped):
		fmt.Fprintln(os.Stderr, "link:", err)
		os.Exit(exitSkipped)
	case err != nil:
		fmt.Fprintln(os.Stderr, "link:", err)
		os.Exit(1)
	}
}

// again runs the program once more, as root of a namespace of users, and returns its exit code.
func again() int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "link:", err)
		return exitSkipped
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL, // and with the first process of its namespace all others of it
	}
	signal.Ignore(syscall.SIGINT) // the child gets it too
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "link: the kernel refuses a namespace:", err)
	return exitSkipped
}

func parse(args []string) (*config, error) {
	cfg := &config{}
	fs := flag.NewFlagSet("link", flag.ExitOnError)
	fs.Float64Var(&cfg.shape.rate, "rate", 0, "bits per second from A to B; 0: no limit")
	fs.DurationVar(&cfg.shape.queue, "queue", 100*time.Millisecond, "longest stay in the queue of that rate")
	fs.DurationVar(&cfg.shape.delay, "delay", 0, "one way, in both directions")
	fs.Float64Var(&cfg.shape.loss, "loss", 0, "probability that a packet is lost, in both directions")
	fs.Uint64Var(&cfg.shape.seed, "seed", 1, "of the losses")
	fs.IntVar(&cfg.mtu, "mtu", 1500, "bytes")
	fs.Var(&cfg.atA, "at-a", "command at 10.9.0.1, or SECONDS:COMMAND; may be repeated")
	fs.Var(&cfg.atB, "at-b", "command at 10.9.0.2; may be repeated")
	fs.DurationVar(&cfg.limit, "limit", time.Minute, "the run ends then")
	fs.IntVar(&cfg.report.from, "from", 0, "first second of the means")
	fs.IntVar(&cfg.report.to, "to", 1<<30, "first second after those of the means")
	fs.BoolVar(&cfg.report.byServer, "by-server", false, "name flows by the port at B")
	if err := fs.Parse(args); err != nil {
		return cfg, err
	}
	if len(cfg.atA) == 0 || fs.NArg() > 0 || cfg.shape.loss < 0 || cfg.shape.loss > 1 || cfg.shape.rate < 0 {
		return cfg, errors.New("want -at-a COMMAND, a -loss from 0 to 1, a -rate of at least 0, and no arguments")
	}
	return cfg, nil
}
