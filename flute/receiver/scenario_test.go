package receiver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/scenario"
)

// TestScenarios tells what sessions make of packets in testdata/*.txt. Its commands:
//
//	new max_unnamed= max_objects= budget= variant= only=() except=() tois=() types=() groups=() min= max= age= again=
//	object toi= size= e= b= n= code= nofti=      an object that can be sent; n: Reed-Solomon with so many symbols
//	fdt id= tois=(1, 2) names=(a, b) types=() groups=() nosize expires= complete   an FDT Instance
//	data toi= block= esi= count= b               packets of one symbol each from esi on; with the B flag
//	all toi= but=(0/1, 2/0)                      a packet for each source symbol, without those
//	close                                        the packet with the A flag
//	raw hex=
//	wait d=                                      lets time pass, with Advance at each Deadline
//	crash                                        throws all workers away
//	end                                          closes the session
//	files
//	counters
//
// Each prints the events that follow from it.
func TestScenarios(t *testing.T) {
	scenario.Walk(t, "testdata", func(t *testing.T) func(*scenario.Command) string {
		return (&player{rig: newRig(t), t: t, objects: map[int]object{}}).run
	})
}

type player struct {
	*rig
	t       *testing.T
	objects map[int]object
	told    int // events that were printed
}

func (p *player) run(c *scenario.Command) string {
	p.t.Helper()
	switch c.Name {
	case "new":
		p.rig = newRig(p.t, func(cfg *Config) {
			cfg.MaxUndescribed, cfg.MaxObjects = c.Int(p.t, "max_unnamed", 0), c.Int(p.t, "max_objects", 0)
			cfg.Variant = fec.Variant(c.Arg("variant", ""))
			cfg.Selection = selection(p.t, c)
		})
		p.told = 0
	case "object":
		n, size, e, b := c.Int(p.t, "toi", 1), c.Int(p.t, "size", 0), c.Int(p.t, "e", 100), c.Int(p.t, "b", 4)
		o := plain(p.t, uint64(n), size, e, b)
		if c.Has("n") {
			o = coded(p.t, uint64(n), size, e, b, c.Int(p.t, "n", 0), fec.Variant(c.Arg("code", "")))
		}
		o.noFTI = c.Has("nofti")
		p.objects[n] = o
	case "fdt":
		p.feed(p.fdt(c)...)
	case "data":
		o := p.objects[c.Int(p.t, "toi", 1)]
		for i := range c.Int(p.t, "count", 1) {
			b := o.packet(fec.SBN(c.Int(p.t, "block", 0)), fec.ESI(c.Int(p.t, "esi", 0)+i), 1)
			if c.Has("b") {
				b[1] |= 1
			}
			p.feed(b)
		}
	case "all":
		p.all(c)
	case "close":
		p.feed(alc.AppendCloseSession(nil, key.TSI))
	case "raw":
		b, err := strconv.ParseUint(c.Arg("hex", ""), 16, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		p.feed([]byte{byte(b >> 16), byte(b >> 8), byte(b)})
	case "wait":
		d, err := time.ParseDuration(c.Arg("d", ""))
		if err != nil {
			p.t.Fatalf("%s: %v", c.Pos, err)
		}
		p.wait(d)
	case "crash":
		p.crash()
	case "end":
		p.close()
	case "files":
		return p.files()
	case "counters":
		b, err := p.l.Counters().MarshalJSON()
		if err != nil {
			p.t.Fatal(err)
		}
		return string(b)
	default:
		p.t.Fatalf("%s: unknown command %q", c.Pos, c.Name)
	}
	return p.tell()
}

// selection reads the arguments of new that say which objects are wanted.
func selection(t *testing.T, c *scenario.Command) (w Selection) {
	w.MinSize, w.MaxSize = uint64(c.Int(t, "min", 0)), uint64(c.Int(t, "max", 0))
	w.Again = map[string]Again{"": AgainUpdated, "never": AgainNever, "always": AgainAlways}[c.Arg("again", "")]
	if s := c.Arg("age", ""); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatalf("%s: %v", c.Pos, err)
		}
		w.MaxAge = d
	}
	for _, a := range c.Args {
		switch a.Key {
		case "only":
			w.Only = a.Values
		case "except":
			w.Except = a.Values
		case "types":
			w.Types = a.Values
		case "groups":
			w.Groups = a.Values
		case "tois":
			for _, s := range a.Values {
				toi, err := flute.ParseTOI(s)
				if err != nil {
					t.Fatalf("%s: %v", c.Pos, err)
				}
				w.TOIs = append(w.TOIs, toi)
			}
		}
	}
	return w
}

func (p *player) fdt(c *scenario.Command) [][]byte {
	in := fdtInstance{id: flute.InstanceID(c.Int(p.t, "id", 0)), complete: c.Has("complete"), e: c.Int(p.t, "e", 60000)}
	if s := c.Arg("expires", ""); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			p.t.Fatalf("%s: %v", c.Pos, err)
		}
		in.expires = start.Add(d)
	}
	var tois, names, types, groups []string
	for _, a := range c.Args {
		switch a.Key {
		case "tois":
			tois = a.Values
		case "names":
			names = a.Values
		case "types":
			types = a.Values
		case "groups":
			groups = a.Values
		}
	}
	for i, s := range tois {
		n, err := strconv.Atoi(s)
		if err != nil {
			p.t.Fatalf("%s: %v", c.Pos, err)
		}
		o := p.objects[n]
		f := o.file(names[i])
		if i < len(types) {
			f.ContentType = types[i]
		}
		if i < len(groups) {
			f.Groups = []string{groups[i]}
		}
		if c.Has("nosize") {
			f.ContentLength, f.TransferLength = nil, nil
		}
		if c.Has("md5") {
			f.MD5 = md5Of(o.content)
		}
		in.files = append(in.files, f)
	}
	return in.packets(p.t)
}

func (p *player) all(c *scenario.Command) {
	var but []string
	for _, a := range c.Args {
		if a.Key == "but" {
			but = a.Values
		}
	}
	o := p.objects[c.Int(p.t, "toi", 1)]
	part := o.oti.Partition()
	for sbn := range fec.SBN(part.Blocks()) {
		for esi := range fec.ESI(part.BlockSymbols(sbn)) {
			if !slices.Contains(but, fmt.Sprintf("%d/%d", sbn, esi)) {
				p.feed(o.packet(sbn, esi, 1))
			}
		}
	}
}

// files lists what was published, and whether it is what was sent.
func (p *player) files() string {
	var out strings.Builder
	for _, name := range p.store.Files() {
		content, _ := p.store.Get(name)
		whose := "nobody"
		for toi, o := range p.objects {
			if string(o.content) == string(content) {
				whose = fmt.Sprint("TOI ", toi)
			}
		}
		fmt.Fprintf(&out, "%s: %d bytes of %s\n", name, len(content), whose)
	}
	return out.String()
}

// tell prints the events since the last call.
func (p *player) tell() string {
	var out strings.Builder
	for _, e := range p.events[p.told:] {
		out.WriteString(p.show(e))
	}
	p.told = len(p.events)
	return out.String()
}

func (p *player) show(e event.Event) string {
	switch e := e.(type) {
	case event.SessionOpened:
		return "session opened\n"
	case event.SessionComplete:
		refused := ""
		if e.Refused > 0 {
			refused = fmt.Sprintf(", %d refused", e.Refused)
		}
		return fmt.Sprintf("session complete: %d completed, %d failed%s\n", e.Completed, e.Failed, refused)
	case event.SessionClosed:
		return "session closed: " + e.Reason + "\n"
	case event.FDTReceived:
		var s strings.Builder
		s.WriteString(fmt.Sprintf("fdt %d: %d files, expires %v", e.ID, e.Files,
			e.Expires.Sub(start).Round(time.Second)))
		if e.Complete {
			s.WriteString(", complete")
		}
		for _, r := range e.Rejected {
			s.WriteString("\n  rejected " + r)
		}
		for _, w := range e.Warnings {
			s.WriteString("\n  warning " + w)
		}
		return s.String() + "\n"
	case event.FDTRejected:
		return fmt.Sprintf("fdt %d rejected: %s\n", e.ID, e.Reason)
	case event.ObjectStarted:
		return fmt.Sprintf("started toi %v %s, %d bytes, FEC Encoding ID %d\n", e.TOI, e.ContentLocation,
			e.TransferLength, e.FECEncodingID)
	case event.ObjectProgress:
		return "" // too many
	case event.ObjectCompleted:
		return fmt.Sprintf("completed toi %v %s, %d bytes in %v, repaired %d, verified %v\n",
			e.TOI, e.Path, e.Size, e.Duration, e.Repaired, e.Verified)
	case event.ObjectFailed:
		again := ""
		if e.Retry {
			again = ", to be tried again"
		}
		if e.Received {
			again += ", received before"
		}
		return fmt.Sprintf("failed toi %v %s%s: %s: %s\n", e.TOI, e.ContentLocation, again, e.Reason, e.Detail)
	case event.ObjectRefused:
		return fmt.Sprintf("refused toi %v %s: %s\n", e.TOI, e.ContentLocation, e.Reason)
	case event.MatrixDetected:
		return fmt.Sprintf("code %s by %s\n", e.Matrix, e.By)
	case event.Warning:
		return "warning " + e.Text + "\n"
	}
	return fmt.Sprintf("%T\n", e)
}
