package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/internal/child"
)

// terminal is a flute-node that runs on a terminal.
type terminal struct {
	*process
	master *os.File

	mu     sync.Mutex
	output bytes.Buffer
	read   chan struct{} // closed when nothing follows
}

// startOnTerminal starts flute-node as the foreground process of a new terminal of so many columns.
func startOnTerminal(t *testing.T, columns int, args ...string) *terminal {
	t.Helper()
	return startProgramOnTerminal(t, columns, command, args...)
}

// startProgramOnTerminal is startOnTerminal for another program.
func startProgramOnTerminal(t *testing.T, columns int, program string, args ...string) *terminal {
	t.Helper()
	master, slave := openTerminal(t)
	p := &terminal{process: &process{t: t, cmd: exec.Command(program, args...), done: make(chan error,
		1)}, master: master, read: make(chan struct{})}
	p.resize(columns)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = slave, slave, slave
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := child.Bind(p.cmd).Start(); err != nil {
		t.Fatal(err)
	}
	if err := slave.Close(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	go func() {
		defer close(p.read)
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			p.mu.Lock()
			p.output.Write(b[:n])
			p.mu.Unlock()
			if err != nil { // EIO: nobody has the other side open
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.read
		_ = master.Close()
	})
	return p
}

// openTerminal returns the two sides of a new pseudo-terminal.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// resize changes the number of columns; the system tells the program by SIGWINCH.
func (p *terminal) resize(columns int) {
	p.t.Helper()
	if err := unix.IoctlSetWinsize(int(p.master.Fd()), unix.TIOCSWINSZ,
		&unix.Winsize{Row: 24, Col: uint16(columns)}); err != nil {
		p.t.Fatal(err)
	}
}

// press types a character.
func (p *terminal) press(c byte) {
	p.t.Helper()
	if _, err := p.master.Write([]byte{c}); err != nil && !errors.Is(err, io.EOF) {
		p.t.Fatal(err)
	}
}

const ctrlC = 3

// said returns what was printed so far, with its control sequences.
func (p *terminal) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// until waits until the program has printed what matches.
func (p *terminal) until(what *regexp.Regexp) {
	p.t.Helper()
	if !eventually(time.Minute, func() bool { return what.MatchString(p.said()) }) {
		p.t.Fatalf("%v: no %v in:\n%s", p.cmd.Args, what, tail(p.said()))
	}
}

// ends waits for the end and returns the exit code, and what a reader sees on the terminal.
func (p *terminal) ends(columns int) (code int, screen []string) {
	p.t.Helper()
	code = p.wait()
	<-p.read
	s := emulator{width: columns}
	s.write(p.said())
	return code, s.text()
}

// emulator shows what a terminal shows: the lines of its screen and those that have left it.
type emulator struct {
	width    int
	lines    [][]rune
	row, col int
	noWrap   bool
}

var sequence = regexp.MustCompile(`^\x1b\[(\??)([0-9;]*)([A-Za-z])`)

func (e *emulator) write(s string) {
	for len(s) > 0 {
		if m := sequence.FindStringSubmatch(s); m != nil {
			e.control(m[1]+m[3], m[2])
			s = s[len(m[0]):]
			continue
		}
		r := []rune(s)[0]
		s = s[len(string(r)):]
		switch r {
		case '\r':
			e.col = 0
		case '\n':
			e.row++
		default:
			e.put(r)
		}
	}
}

func (e *emulator) control(kind, argument string) {
	switch kind {
	case "A":
		n := 1
		_, _ = fmt.Sscan(argument, &n)
		e.row = max(0, e.row-n)
	case "J":
		e.lines = e.lines[:min(len(e.lines), e.row)]
	case "?l", "?h":
		e.noWrap = kind == "?l"
	}
}

func (e *emulator) put(r rune) {
	if e.col == e.width {
		if e.noWrap {
			e.col--
		} else {
			e.row, e.col = e.row+1, 0
		}
	}
	for len(e.lines) <= e.row {
		e.lines = append(e.lines, nil)
	}
	for len(e.lines[e.row]) <= e.col {
		e.lines[e.row] = append(e.lines[e.row], ' ')
	}
	e.lines[e.row][e.col] = r
	e.col++
}

func (e *emulator) text() (lines []string) {
	for _, l := range e.lines {
		lines = append(lines, strings.TrimRight(string(l), " "))
	}
	return lines
}
