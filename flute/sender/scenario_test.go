package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/scenario"
)

// TestScenarios tells what sessions send in testdata/*.txt. Its commands:
//
//	new tsi= profile= fec= e= b= max_n= repair= interleave= parallel= parallel_5= count= delay= interval= burst=
//	    until= fti= slc= file_sct= ert= toi_bits= first_toi= fdt_* ...
//	add name= size= cenc= toi= count= fail=offset priority= interleave= delay= interval= burst= start= until= order=
//	    within= by=
//	remove toi= when=transfer
//	update name= ... when=transfer   as add
//	trigger toi= at=
//	pause toi= | priority= | session=1   and resume
//	kept             what a Keeper was given last; new keep=[fail] resume begins with it
//	publish
//	complete
//	send n= dt=      up to n packets, dt apart; without n until nothing is to be sent at the time
//	wait d=          lets time pass; without d until Deadline
//	close
//	events
func TestScenarios(t *testing.T) {
	scenario.Walk(t, "testdata", func(t *testing.T) func(*scenario.Command) string {
		return (&player{t: t, now: start}).run
	})
}

// start is an arbitrary time with a fraction of a second.
var start = time.Date(2026, 5, 4, 3, 2, 1, 500_000_000, time.UTC)

type player struct {
	t    *testing.T
	s    *Session
	now  time.Time
	view viewer
	kept memoryKeeper
}

func (p *player) run(c *scenario.Command) string {
	p.t.Helper()
	var out strings.Builder
	switch c.Name {
	case "new":
		s, err := New(p.config(c))
		if err != nil {
			return err.Error()
		}
		p.s = s
		p.view = viewer{start: p.now, fti: c.Has("fti")}
	case "add", "update":
		toi, err := p.add(c)
		if err != nil {
			return err.Error()
		}
		packets, _ := p.s.Packets(toi)
		fmt.Fprintf(&out, "toi %v, %d packets", toi, packets)
	case "remove":
		fmt.Fprint(&out, p.s.Remove(p.toi(c), p.when(c)))
	case "trigger":
		fmt.Fprint(&out, p.s.Trigger(p.toi(c), p.at(c, "at")))
	case "pause", "resume":
		on := c.Name == "pause"
		switch {
		case c.Has("toi"):
			fmt.Fprint(&out, p.s.PauseObject(p.toi(c), on))
		case c.Has("priority"):
			p.s.PauseQueue(int8(c.Int(p.t, "priority", 0)), on)
		default:
			p.s.PauseSession(on)
		}
	case "kept":
		return p.kept.show(p.view.start)
	case "publish":
		if err := p.s.Publish(); err != nil {
			return err.Error()
		}
	case "complete":
		if err := p.s.SetComplete(); err != nil {
			return err.Error()
		}
	case "send":
		p.send(c, &out)
	case "wait":
		d := p.s.Deadline()
		switch {
		case c.Has("d"):
			p.now = p.now.Add(p.duration(c, "d", 0))
		case d.IsZero():
			return "never"
		case d.After(p.now):
			p.now = d
		}
		fmt.Fprintf(&out, "%v", p.now.Sub(p.view.start))
	case "close":
		fmt.Fprintf(&out, "%x", p.s.AppendClose(nil))
	case "events":
		for _, e := range p.s.Events() {
			fmt.Fprintln(&out, strings.TrimSpace(showEvent(e)))
		}
	default:
		p.t.Fatalf("%s: unknown command %q", c.Pos, c.Name)
	}
	return out.String()
}

func (p *player) config(c *scenario.Command) Config {
	profile := fdt.RFC6726
	for name := c.Arg("profile", profile.String()); profile.String() != name; profile++ {
		if profile == fdt.DVBMABR {
			p.t.Fatalf("%s: no profile is called %q", c.Pos, name)
		}
	}
	cenc, err := flute.ParseContentEncoding(c.Arg("fdt_cenc", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	return Config{
		Session:  flute.SessionKey{TSI: flute.TSI(c.Int(p.t, "tsi", 1))},
		Registry: schemes.Default(),
		Profile:  profile,
		OTI: fec.OTI{
			EncodingID: fec.EncodingID(c.Int(p.t, "fec", 0)), SymbolLength: uint16(c.Int(p.t, "e", 8)),
			MaxSourceBlockLength: uint32(c.Int(p.t, "b", 4)), MaxEncodingSymbols: uint32(c.Int(p.t, "max_n", 0)),
		},
		FDTOTI:         fec.OTI{SymbolLength: uint16(c.Int(p.t, "fdt_e", 1400))},
		Repair:         uint32(c.Int(p.t, "repair", 0)),
		Interleave:     c.Int(p.t, "interleave", 0),
		Parallel:       c.Int(p.t, "parallel", 0),
		TransferCount:  c.Int(p.t, "count", 0),
		Delay:          p.duration(c, "delay", 0),
		Interval:       p.duration(c, "interval", 0),
		Burst:          c.Int(p.t, "burst", 0),
		Until:          p.at(c, "until"),
		Queues:         map[int8]int{5: c.Int(p.t, "parallel_5", 1)},
		TransferEvents: c.Has("transfer_events"),
		FDTCENC:        cenc,
		FDTDuration:    p.duration(c, "fdt_duration", 0),
		FDTInterval:    p.duration(c, "fdt_interval", 0),
		FDTCollect:     p.duration(c, "fdt_collect", 0),
		FDTFiles:       c.Int(p.t, "fdt_files", 0),
		FDTStartID:     flute.InstanceID(c.Int(p.t, "fdt_start_id", 0)),
		FDTXML:         c.Has("fdt_xml"),
		FDTInTransfer:  c.Int(p.t, "fdt_mode", 0) == 1,
		FDTManual:      c.Has("fdt_manual"),
		FullFDT:        c.Has("full_fdt"),
		FTI:            FTI(c.Int(p.t, "fti", 0)),
		NoSCT:          c.Has("no_sct"),
		SLC:            c.Has("slc"),
		FileSCT:        c.Has("file_sct"),
		ERT:            c.Has("ert"),
		Resume:         p.resume(c),
		Keeper:         p.keeper(c),
		TOIBits:        c.Int(p.t, "toi_bits", 0),
		FirstTOI:       flute.NewTOI(uint64(c.Int(p.t, "first_toi", 0))),
		ReadAhead:      c.Int(p.t, "read_ahead", 0),
	}
}

// memoryKeeper keeps Numbers in memory.
type memoryKeeper struct {
	numbers Numbers
	fail    bool
}

// Keep implements Keeper.
func (k *memoryKeeper) Keep(n Numbers) error {
	if k.fail {
		return errFlaky
	}
	k.numbers = n
	return nil
}

func (k *memoryKeeper) show(start time.Time) string {
	n := k.numbers
	return fmt.Sprintf("fdt %d, %d in use until %v, toi %v", n.InstanceID, n.InUse, n.Until.Sub(start), n.TOI)
}

func (p *player) keeper(c *scenario.Command) Keeper {
	if !c.Has("keep") {
		return nil
	}
	p.kept.fail = c.Arg("keep", "") == "fail"
	return &p.kept
}

func (p *player) resume(c *scenario.Command) *Numbers {
	if !c.Has("resume") {
		return nil
	}
	n := p.kept.numbers
	return &n
}

func (p *player) duration(c *scenario.Command, key string, def time.Duration) time.Duration {
	s := c.Arg(key, "")
	if s == "" {
		return def
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		p.t.Fatalf("%s: %v", c.Pos, err)
	}
	return d
}

func (p *player) add(c *scenario.Command) (flute.TOI, error) {
	cenc, err := flute.ParseContentEncoding(c.Arg("cenc", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	size := c.Int(p.t, "size", 0)
	content := &flaky{r: bytes.NewReader(pattern(size)), fail: 1 << 62}
	f := File{
		ContentLocation: c.Arg("name", "a"), Content: content, Size: uint64(size), CENC: cenc,
		Priority: int8(c.Int(p.t, "priority", 0)), Interleave: c.Int(p.t, "interleave", 0),
		TransferCount: c.Int(p.t, "count", 0), Burst: c.Int(p.t, "burst", 0),
		Delay: p.duration(c, "delay", 0), Interval: p.duration(c, "interval", 0),
		StartAt: p.at(c, "start"), Until: p.at(c, "until"),
		Within: p.duration(c, "within", 0), By: p.at(c, "by"),
		Order: p.order(c),
	}
	if c.Has("toi") {
		toi := flute.NewTOI(uint64(c.Int(p.t, "toi", 0)))
		f.TOI = &toi
	}
	o, err := Prepare(context.Background(), f, nil)
	if err != nil {
		return flute.TOI{}, err
	}
	content.fail = int64(c.Int(p.t, "fail", 1<<62))
	if c.Name == "update" {
		return p.s.Update(o, p.when(c))
	}
	return p.s.Add(o)
}

func (p *player) toi(c *scenario.Command) flute.TOI {
	return flute.NewTOI(uint64(c.Int(p.t, "toi", 0)))
}

func (p *player) when(c *scenario.Command) When {
	if c.Arg("when", "") == "transfer" {
		return AfterTransfer
	}
	return AtOnce
}

func (p *player) order(c *scenario.Command) Order {
	for _, o := range []Order{RandomStart, Spread} {
		if c.Arg("order", "") == o.String() {
			return o
		}
	}
	return InOrder
}

// at returns a time that is given as the time since the start of the session; without it, none.
func (p *player) at(c *scenario.Command, key string) time.Time {
	if !c.Has(key) {
		return time.Time{}
	}
	since := p.view.start
	if c.Name == "new" {
		since = p.now
	}
	return since.Add(p.duration(c, key, 0))
}

func (p *player) send(c *scenario.Command, out *strings.Builder) {
	dt := p.duration(c, "dt", 0)
	n := c.Int(p.t, "n", 1000)
	for range n {
		pkt, ok, err := p.s.AppendNext(nil, p.now)
		if err != nil {
			fmt.Fprintf(out, "error: %v\n", err)
			return
		}
		if !ok {
			d := p.s.Deadline()
			switch {
			case p.s.paused:
				out.WriteString("paused\n")
			case d.IsZero() != p.s.Done():
				p.t.Errorf("%s: Deadline %v, Done %v", c.Pos, d, p.s.Done())
			case d.IsZero():
				out.WriteString("done\n")
			default:
				fmt.Fprintf(out, "nothing until %v\n", d.Sub(p.view.start))
			}
			return
		}
		out.WriteString(p.view.show(p.t, pkt, p.now))
		p.now = p.now.Add(dt)
	}
}

func showEvent(e event.Event) string {
	switch e := e.(type) {
	case event.ObjectStarted:
		return fmt.Sprintf("started toi %v %s, %d bytes, FEC Encoding ID %d", e.TOI, e.ContentLocation,
			e.TransferLength, e.FECEncodingID)
	case event.ObjectProgress:
		return fmt.Sprintf("progress toi %v %d of %d", e.TOI, e.Received, e.TransferLength)
	case event.ObjectCompleted:
		return fmt.Sprintf("completed toi %v %s, %d bytes in %v", e.TOI, e.ContentLocation, e.Size, e.Duration)
	case event.ObjectFailed:
		return fmt.Sprintf("failed toi %v %s: %s: %s", e.TOI, e.ContentLocation, e.Reason, e.Detail)
	case event.TransferStarted:
		return fmt.Sprintf("transfer %d of toi %v started", e.Transfer, e.TOI)
	case event.TransferDone:
		return fmt.Sprintf("transfer %d of toi %v done, %d packets in %v", e.Transfer, e.TOI, e.Packets, e.Duration)
	case event.Late:
		return fmt.Sprintf("late toi %v %s by %v", e.TOI, e.ContentLocation, e.By)
	case event.QueueEmpty:
		return fmt.Sprintf("queue %d empty", e.Priority)
	case event.FDTPublished:
		complete := map[bool]string{true: ", complete"}[e.Complete]
		return fmt.Sprintf("published fdt %d: %d files%s\n%s", e.ID, e.Files, complete, e.XML)
	case event.Warning:
		return "warning " + e.Text
	}
	return fmt.Sprintf("%T", e)
}

// pattern returns n bytes: byte b of symbol i of 8 bytes is that of the vectors of the peers.
func pattern(n int) []byte {
	p := make([]byte, n)
	for j := range p {
		i, b := j/8, j%8
		p[j] = byte(i*i*7 + i*131 + b*29 + 5*i*b + 3)
	}
	return p
}

var errFlaky = errors.New("the medium is gone")

// onDisk is content that is not known to be in memory.
type onDisk struct{ io.ReaderAt }

// flaky fails reads that reach beyond fail.
type flaky struct {
	r    *bytes.Reader
	fail int64
}

func (f *flaky) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.fail {
		return 0, errFlaky
	}
	return f.r.ReadAt(p, off)
}
