package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// output shows events: progress bars on a terminal, JSON lines elsewhere. It is safe for concurrent use.
type output struct {
	file  *os.File
	json  bool // events as JSON lines
	asked bool // because it was asked for, not because there is no terminal

	mu   sync.Mutex
	bars *mpb.Progress
	bar  map[object]*mpb.Bar
}

// object is what has a progress bar.
type object struct {
	session flute.SessionKey
	toi     flute.TOI
	sending bool
}

func newOutput(file *os.File, asJSON bool) *output {
	o := &output{file: file, asked: asJSON, json: asJSON || !term.IsTerminal(int(file.Fd())), bar: map[object]*mpb.Bar{}}
	if !o.json {
		o.bars = mpb.New(mpb.WithOutput(file), mpb.WithWidth(40))
	}
	return o
}

// close finishes the bars, so that what is printed next stands below them.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bars != nil {
		for _, b := range o.bar {
			b.Abort(false)
		}
		o.bars.Wait()
		o.bars = nil
	}
}

// show shows one event.
func (o *output) show(e event.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.json {
		o.line(eventName(e), e)
		return
	}
	if o.bars != nil {
		o.draw(e)
	}
}

// summary shows a last word: a JSON line, or text.
func (o *output) summary(name string, v any, text string) { o.last(o.json, name, v, text) }

// table is summary for what is meant for people: JSON only if it was asked for.
func (o *output) table(name string, v any, text string) { o.last(o.asked, name, v, text) }

// record writes v as a JSON line of its own, without a name and the time, if JSON was asked for; else text.
func (o *output) record(v any, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.asked {
		_, _ = fmt.Fprintln(o.file, text)
		return
	}
	line, err := json.Marshal(v)
	if err != nil {
		line = []byte("{}")
	}
	_, _ = o.file.Write(append(line, '\n'))
}

func (o *output) last(asJSON bool, name string, v any, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if asJSON {
		o.line(name, v)
		return
	}
	_, _ = fmt.Fprintln(o.file, text)
}

// line writes one JSON object: the event's name, the time, and its fields.
func (o *output) line(name string, v any) {
	fields, err := json.Marshal(v)
	if err != nil {
		fields = []byte("{}")
	}
	head, _ := json.Marshal(struct {
		Event string    `json:"event"`
		Time  time.Time `json:"time"`
	}{name, time.Now()})
	if len(fields) > 2 {
		head = append(append(head[:len(head)-1], ','), fields[1:]...)
	}
	_, _ = o.file.Write(append(head, '\n'))
}

// draw keeps one bar for each object in transfer, and prints what else matters above the bars.
func (o *output) draw(e event.Event) {
	var w io.Writer = o.bars
	switch e := e.(type) {
	case event.ObjectStarted:
		name := e.ContentLocation
		o.bar[object{e.Session, e.TOI, e.Sending}] = o.bars.AddBar(int64(e.TransferLength),
			mpb.PrependDecorators(decor.Name(name, decor.WC{W: len(name) + 1, C: decor.DindentRight})),
			mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f"), decor.Percentage(decor.WCSyncSpace)),
			mpb.BarRemoveOnComplete())
	case event.ObjectProgress:
		if b := o.bar[object{e.Session, e.TOI, e.Sending}]; b != nil {
			b.SetCurrent(int64(e.Received))
		}
	case event.ObjectCompleted:
		o.end(object{e.Session, e.TOI, e.Sending})
		what, name := "received", e.Path
		if e.Sending {
			what, name = "sent", e.ContentLocation
		}
		_, _ = fmt.Fprintf(w, "%s %s, %s in %v\n", what, name, formatBytes(e.Size), e.Duration.Round(time.Millisecond))
	case event.ObjectFailed:
		o.end(object{e.Session, e.TOI, e.Sending})
		_, _ = fmt.Fprintf(w, "failed %s: %s: %s\n", e.ContentLocation, e.Reason, e.Detail)
	case event.FDTRejected:
		_, _ = fmt.Fprintf(w, "FDT Instance %d refused: %s\n", e.ID, e.Reason)
	case event.ActorRestarted:
		_, _ = fmt.Fprintf(w, "%s %s: %s\n", e.Actor, e.Outcome, e.Reason)
	case event.KernelDrops:
		_, _ = fmt.Fprintf(w, "the system dropped %d datagrams: the receive buffer was full\n", e.New)
	case event.Warning:
		_, _ = fmt.Fprintf(w, "warning: %s\n", e.Text)
	case event.Missed:
		_, _ = fmt.Fprintf(w, "%d events are not shown\n", e.Count)
	case event.SessionOpened, event.SessionClosed, event.SessionComplete, event.SessionStats, event.FDTReceived, event.MatrixDetected:
	}
}

func (o *output) end(k object) {
	if b := o.bar[k]; b != nil {
		b.Abort(true) // SetTotal does nothing to a bar that was made with a total
		delete(o.bar, k)
	}
}

// eventName returns the stable name of a kind of events in JSON.
func eventName(e event.Event) string {
	switch e.(type) {
	case event.SessionOpened:
		return "session_opened"
	case event.SessionClosed:
		return "session_closed"
	case event.SessionComplete:
		return "session_complete"
	case event.SessionStats:
		return "session_stats"
	case event.FDTReceived:
		return "fdt_received"
	case event.FDTRejected:
		return "fdt_rejected"
	case event.ObjectStarted:
		return "object_started"
	case event.ObjectProgress:
		return "object_progress"
	case event.ObjectCompleted:
		return "object_completed"
	case event.ObjectFailed:
		return "object_failed"
	case event.MatrixDetected:
		return "matrix_detected"
	case event.ActorRestarted:
		return "actor_restarted"
	case event.KernelDrops:
		return "kernel_drops"
	case event.Missed:
		return "missed"
	case event.Warning:
		return "warning"
	}
	return "unknown"
}
