package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/eventline"
)

// display are the flags that say what is shown.
type display struct {
	JSON        bool        `help:"One JSON line per event; the default when the output is not a terminal. The same as --progress json."`
	Progress    string      `enum:"auto,bar,json,none" default:"auto" help:"How transfers are shown: bar on a terminal, json lines, none (neither bars nor lines of progress), auto (bar on a terminal, json elsewhere)."`
	Quiet       bool        `short:"q" help:"Show failures and warnings only."`
	ShowVersion versionFlag `name:"version" help:"Print the version."`
}

// check refuses flags that contradict each other.
func (d *display) check() error {
	if d.JSON && d.Progress == "bar" {
		return errors.New("--json and --progress bar: take one of them")
	}
	return nil
}

// output shows events: progress bars and text on a terminal, JSON lines elsewhere. It is safe for concurrent use.
type output struct {
	printer *printer
	json    bool // events as JSON lines
	asked   bool // because it was asked for, not because there is no terminal
	quiet   bool

	mu      sync.Mutex
	product bool // something was printed that the command is run for
	lines   *jsonLines
	screen  *screen // nil: text without bars
	bars    bars
	waiting []string      // text for the next frame
	leaving bool          // interrupted: what is not finished fails, which nobody needs to read one by one
	stop    chan struct{} // ends the drawing; nil: nothing is drawn
	closed  bool
	stopped sync.WaitGroup
}

func newOutput(p *printer, d display) *output {
	fd := int(p.file.Fd())
	terminal := term.IsTerminal(fd)
	o := &output{printer: p, asked: d.JSON || d.Progress == "json", quiet: d.Quiet}
	o.json = o.asked || !terminal && d.Progress != "bar"
	o.lines = newJSONLines(p, d.Progress != "none" && !d.Quiet)
	if !o.json && terminal && !d.Quiet && d.Progress != "none" && prepareTerminal(p.file) {
		o.screen = &screen{w: p, size: func() (int, int) {
			columns, rows, err := term.GetSize(fd)
			if err != nil || columns < 1 { // a serial line does not know
				columns = 80
			}
			if err != nil || rows < 1 {
				rows = 24
			}
			return columns, rows
		}}
	}
	return o
}

// early returns the output for an error in the command line, which was not read to its end.
func (o *output) early(args []string) *output {
	i := slices.Index(args, "--progress")
	if slices.Contains(args, "--json") || slices.Contains(args, "--progress=json") ||
		i >= 0 && i+1 < len(args) && args[i+1] == "json" {
		o.asked, o.json = true, true
	}
	if !o.asked {
		return nil
	}
	return o
}

// show shows one event.
func (o *output) show(e notice.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, trouble := sentence(e)
	if o.quiet && !trouble {
		return
	}
	if o.json {
		o.lines.show(e)
		if n := o.printer.takeLost(); n > 0 { // told with the first line that can be written again
			o.lines.line(notice.Missed{}.EventName(), notice.Missed{Count: uint64(n)})
		}
		return
	}
	if o.screen != nil {
		o.bars.add(time.Now(), e)
	}
	if f, ok := e.(event.ObjectFailed); ok && o.leaving && f.Reason == event.FailClosed {
		return
	}
	if text != "" {
		o.text(text)
	}
}

// leave is called when the command was interrupted.
func (o *output) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaving = true
}

// text prints a line, with the next frame if there are bars. The caller holds mu.
func (o *output) text(line string) {
	if o.stop == nil {
		_, _ = o.printer.Write([]byte(line + "\n"))
		return
	}
	o.waiting = append(o.waiting, line)
}

// note tells people something that is no event of the node, if there is a text; as JSON it is one with the given name.
func (o *output) note(name string, v any, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.quiet:
	case o.json:
		o.lines.line(name, v)
	case text != "":
		o.text(text)
	}
}

// warn notes a warning of the command itself.
func (o *output) warn(text string) {
	o.note(notice.Warning{}.EventName(), notice.Warning{Text: text}, "warning: "+text)
}

// table prints what the command is run for: JSON only if it was asked for.
func (o *output) table(name string, v any, text string) {
	o.close()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.product = true
	if o.asked {
		o.lines.line(name, v)
		return
	}
	o.text(text)
}

// record is table for one of many lines: in JSON it has neither a name nor the time.
func (o *output) record(v any, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.product = true
	if o.asked {
		_, _ = o.printer.Write(append(eventline.Marshal(v), '\n'))
		return
	}
	o.text(text)
}

// handOver leaves standard output to the bytes that the command is run for: nothing else is written there.
func (o *output) handOver() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked {
		return errors.New("--json: standard output carries what is received")
	}
	o.json, o.product = false, true
	return nil
}

// giveStdout leaves standard output, which it returns, to the bytes that the command is run for. What is told goes to
// standard error, without bars; as JSON lines only if that was asked for.
func (o *output) giveStdout() *os.File {
	o.mu.Lock()
	defer o.mu.Unlock()
	file := o.printer.file
	o.printer.redirect()
	o.json, o.screen = o.asked, nil
	return file
}

// maxWaiting bounds the lines that wait for the next frame.
const maxWaiting = 100

// said shows a line that a program has printed: on standard error, but above the bars, if there are any.
func (o *output) said(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stop == nil {
		_, _ = fmt.Fprintln(o.printer.stderr, line)
		return
	}
	if o.waiting = append(o.waiting, line); len(o.waiting) >= maxWaiting {
		o.draw(true)
	}
}

// error tells as JSON why the program ends; people read it on stderr.
func (o *output) error(text string, code int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked || o.json && !o.product { // a table is no place for it
		o.lines.line("error", struct {
			Error string `json:"error"`
			Code  int    `json:"exit_code"`
		}{text, code})
	}
}

// stream shows what happens to a file that moves over a connection: as JSON under a name, and else by the text, if
// there is one, and by the bar of the event that it resembles.
func (o *output) stream(name string, v any, text string, trouble bool, bar notice.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.quiet && !trouble {
		return
	}
	if o.json {
		if o.lines.progress || name != "file_progress" {
			o.lines.line(name, v)
		}
		return
	}
	if o.screen != nil {
		o.bars.add(time.Now(), bar)
	}
	if text != "" {
		o.text(text)
	}
}
