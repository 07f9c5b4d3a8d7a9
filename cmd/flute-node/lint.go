package main

import (
	"fmt"
	"io"
	"time"

	"github.com/flute-node/flute-node/internal/inspect"
	"github.com/flute-node/flute-node/internal/settings"
)

// lintCommand judges one document or one datagram.
type lintCommand struct {
	Hex  bool             `help:"FILE is a datagram in hex, as Wireshark copies it: what UDP carries, from the LCT header on."`
	At   *settings.Moment `placeholder:"TIME" help:"Judge it as of TIME. Default: now."`
	File string           `arg:"" name:"FILE" help:"FDT Instance without content encoding, or with --hex a datagram; - is standard input."`
}

// Help is shown below the flags.
func (c *lintCommand) Help() string {
	return `Exit codes: 0 clean; 3 a rule is broken that a sender must keep.`
}

// maxLint is the longest file that is read: the longest FDT Instance is shorter.
const maxLint = 16 << 20

// Run prints what was found.
func (c *lintCommand) Run(out *output) error {
	in, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	b, err := io.ReadAll(io.LimitReader(in, maxLint+1))
	if err != nil {
		return err
	}
	if len(b) > maxLint {
		return fmt.Errorf("%s has more than %d bytes", c.File, maxLint)
	}
	now := time.Now()
	if c.At != nil {
		now = c.At.At(now)
	}
	l := inspect.LintFDT(b, now)
	if c.Hex {
		if l, err = inspect.LintHex(string(b), now); err != nil {
			return err
		}
	}
	out.table("lint", l, l.Text())
	if l.Broken() {
		return exit(exitViolations)
	}
	return nil
}
