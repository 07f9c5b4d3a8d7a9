package main

import (
	"context"
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
	"github.com/flute-node/flute-node/internal/spool"
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
	printer  *printer
	lines    *spool.Writer      // over the printer
	patience context.Context    // with who reads standard output
	hurry    context.CancelFunc // ends it
	json     bool               // events as JSON lines
	asked    bool               // because it was asked for, not because there is no terminal
	quiet    bool

	mu      sync.Mutex
	product bool   // something was printed that the command is run for
	told    uint64 // of the lines that were lost
	events  *jsonLines
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
	o := &output{
		printer: p, lines: spool.New(p, maxEvents, nil), asked: d.JSON || d.Progress == "json", quiet: d.Quiet,
	}
	o.patience, o.hurry = context.WithCancel(context.Background())
	o.json = o.asked || !terminal && d.Progress != "bar"
	o.events = newJSONLines(d.Progress != "none" && !d.Quiet)
	if !o.json && terminal && !d.Quiet && d.Progress != "none" && prepareTerminal(p.file) {
		o.screen = &screen{w: o.lines, size: func() (int, int) {
			columns, rows, err := term.GetSize(fd)
			if err != nil || columns < 1 { // a serial line does not know
				columns = defaultColumns
			}
			if err != nil || rows < 1 {
				rows = 24
			}
			return columns, rows
		}}
	}
	return o
}

// defaultColumns is the width of a terminal that does not tell it.
const defaultColumns = 80

// The least and the greatest width of help: below that there is no room beside the names of flags, above that, which
// only COLUMNS asks for, lines are hard to read.
const minHelp, maxHelp = 50, 120

// helpWidth returns how wide help may be. It has defaultColumns at most, unless COLUMNS says more.
func helpWidth(f *os.File) int {
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < 1 {
		columns = defaultColumns
	}
	return min(max(columns, minHelp), maxHelp)
}

// maxEvents bounds the lines that wait for whoever reads standard output, in bytes: those of some ten thousand files.
const maxEvents = 8 << 20

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
	if o.json && !o.quiet {
		o.line(e)
		return
	}
	text, trouble := sentence(e)
	if o.quiet && !trouble {
		return
	}
	if o.json {
		o.line(e)
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

// line writes the line of an event in JSON, if it has one.
func (o *output) line(e notice.Event) {
	if line := o.events.event(e); line != nil {
		o.write(line)
	}
}

// leave is called when the command was interrupted.
func (o *output) leave() {
	time.AfterFunc(readerPatience, o.hurry)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaving = true
}

// flush waits for who reads what was printed: for ever, but after an interrupt no longer than readerPatience.
func (o *output) flush() {
	ctx := o.patience
	if ctx.Err() != nil { // what was printed since then has not been waited for
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), readerPatience)
		defer cancel()
	}
	o.lines.Flush(ctx)
}

// lost returns how many lines were lost.
func (o *output) lost() uint64 { return o.lines.Lost() + o.printer.lost() }

// tellLost tells of lines that were lost, before the first line that can be written again. The caller holds mu.
func (o *output) tellLost() {
	lost := o.lost()
	n := lost - o.told
	if n == 0 {
		return
	}
	told := true
	text := fmt.Sprintf("%s %s not shown: nobody read in time", count(int(n), "line"), wasOrWere(n))
	switch {
	case o.json:
		told = o.lines.Offer(o.events.line(notice.Missed{}.EventName(), notice.Missed{Count: n}))
	case o.stop != nil:
		o.waiting = append(o.waiting, text)
	default:
		told = o.lines.Offer([]byte(text + "\n"))
	}
	if told {
		o.told = lost
	}
}

// write writes lines. For those that the command is run for it waits until there is room: whoever reads them sets the
// pace. For others it never waits: whoever reads what is told of files holds up none. The caller holds mu.
func (o *output) write(lines []byte) {
	if o.product {
		_, _ = o.Write(lines)
		return
	}
	o.tellLost()
	_, _ = o.lines.Write(lines)
}

// Write writes lines that the command is run for. It never fails.
func (o *output) Write(lines []byte) (int, error) {
	o.lines.WriteWait(o.patience, lines)
	return len(lines), nil
}

// text prints a line, with the next frame if there are bars. The caller holds mu.
func (o *output) text(line string) {
	if o.stop == nil {
		o.write([]byte(line + "\n"))
		return
	}
	o.tellLost()
	o.waiting = append(o.waiting, line)
}

// note tells people something that is no event of the node, if there is a text; as JSON it is one with the given name.
func (o *output) note(name string, v any, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.quiet:
	case o.json:
		o.write(o.events.line(name, v))
	case text != "":
		o.text(text)
	}
}

// status shows a line of all transfers below the bars, until the next one.
func (o *output) status(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bars.status = text
}

// warn notes a warning of the command itself.
func (o *output) warn(text string) { o.show(notice.Warning{Text: text}) }

// table prints what the command is run for: JSON only if it was asked for.
func (o *output) table(name string, v any, text string) {
	o.close()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.product = true
	if o.asked {
		o.write(o.events.line(name, v))
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
		o.write(append(eventline.Marshal(v), '\n'))
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
	o.flush()
	return nil
}

// giveStdout leaves standard output, which it returns, to the bytes that the command is run for. What is told goes to
// standard error, without bars; as JSON lines only if that was asked for.
func (o *output) giveStdout() *os.File {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush()
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
	if o.stop == nil {
		o.mu.Unlock()
		o.printer.stderr.said(o.patience, line)
		return
	}
	defer o.mu.Unlock()
	if o.waiting = append(o.waiting, line); len(o.waiting) >= maxWaiting {
		o.draw(true)
	}
}

// error tells as JSON why the program ends; people read it on stderr.
func (o *output) error(text string, code int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked || o.json && !o.product { // a table is no place for it
		o.write(o.events.line("error", struct {
			Error string `json:"error"`
			Code  int    `json:"exit_code"`
		}{text, code}))
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
		if o.events.progress || name != "file_progress" {
			o.write(o.events.line(name, v))
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
