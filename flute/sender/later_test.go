package sender

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// laterRig is a session that sends one file before its digests are known.
type laterRig struct {
	t       *testing.T
	session *Session
	view    viewer
	now     time.Time
	held    []*Work // those of the digests
	packets int     // of the file
	told    int     // packets of the file before the FDT told a digest; -1: it has not
	md5     []byte  // that it told
	etag    string  // with it
	events  []string
}

// laterBlocks is the length of the file in source blocks of eight symbols.
const laterBlocks = 5

func sendLater(t *testing.T, cfg Config, f File) *laterRig {
	t.Helper()
	r := &laterRig{t: t, now: start, view: viewer{start: start}, told: -1}
	cfg.OTI = fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}
	r.session, _ = oneFile(t, cfg, 0)
	f.ContentLocation, f.Digests = "later", f.Digests|DigestLater
	addTo(t, r.session, f)
	return r
}

// run sends until nothing is left, or until n packets of the file are out; after what more time it gives up.
func (r *laterRig) run(n int, limit time.Duration) {
	r.t.Helper()
	calls := 0
	for end := r.now.Add(limit); !r.session.Done() && r.packets < n && r.now.Before(end); {
		if calls++; calls > 10_000 {
			r.t.Fatalf("no end at %v, after %d packets: %v", r.now.Sub(start), r.packets, r.events)
		}
		p, ok, err := r.session.AppendNext(nil, r.now)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, w := range r.session.Works() {
			switch w.job.(type) {
			case *digestJob, *digestHelp:
				r.held = append(r.held, w)
			default:
				w.Run(nil)
			}
		}
		for _, e := range r.session.Events() {
			switch e := e.(type) {
			case event.Warning:
				r.events = append(r.events, e.Text)
			case event.ObjectFailed:
				r.events = append(r.events, string(e.Reason)+" "+e.Detail)
			case event.ObjectCompleted:
				r.events = append(r.events, fmt.Sprintf("completed %s %d", e.ContentLocation, len(e.Digests)))
			}
		}
		if !ok {
			r.now = latest(r.session.Deadline(), r.now)
			continue
		}
		r.now = r.now.Add(time.Millisecond)
		r.read(p)
	}
}

func (r *laterRig) read(b []byte) {
	p := r.view.read(r.t, b, r.now)
	if p.fdt != nil {
		for _, f := range p.fdt.Files {
			if f.ContentLocation == "later" && f.MD5 != nil && r.told < 0 {
				r.told, r.md5, r.etag = r.packets, f.MD5, f.ETag
			}
		}
	} else if !p.TOI.IsFDT() && p.oti.TransferLength > 0 {
		r.packets++
	}
}

// TestDigestsLater: a file is sent at once. Its last source block waits until an FDT Instance with its digests was
// sent.
func TestDigestsLater(t *testing.T) {
	data := pattern(laterBlocks * 800)
	r := sendLater(t, Config{}, File{Content: bytes.NewReader(data), Size: uint64(len(data))})
	r.run(1000, time.Second)
	if want := (laterBlocks - 1) * 8; r.packets != want || r.told >= 0 {
		t.Fatalf("%d packets without digests, want %d; told after %d", r.packets, want, r.told)
	}
	if len(r.held) != 1 {
		t.Fatalf("%d Works for the digests", len(r.held))
	}
	for _, w := range r.held {
		w.Run(nil)
	}
	before := r.now
	r.run(1000, time.Minute)
	if r.packets != laterBlocks*8 || r.told != (laterBlocks-1)*8 {
		t.Errorf("%d packets in the end; the digests were told after %d", r.packets, r.told)
	}
	if d := r.now.Sub(before); d > time.Second {
		t.Errorf("%v from the digests to the end", d)
	}
	if want := []string{"completed later 2"}; !slices.Equal(r.events[1:], want) {
		t.Errorf("events: %v", r.events)
	}
	if sum := md5.Sum(data); !bytes.Equal(r.md5, sum[:]) {
		t.Errorf("Content-MD5 is %x, want %x", r.md5, sum)
	}
}

// TestDigestsLaterOfASource: the digests are those of the version that is sent; without them it is sent all the same.
func TestDigestsLaterOfASource(t *testing.T) {
	for name, test := range map[string]struct {
		change func(d *disk)
		want   string
	}{
		"unchanged":  {func(*disk) {}, "completed later 2"},
		"replaced":   {func(d *disk) { d.replace(pattern(7)) }, "without digests: content changed while it was waiting"},
		"unreadable": {func(d *disk) { d.fail = errors.New("no") }, "without digests: content cannot be read: no"},
		"rewritten":  {func(d *disk) { d.rewrite(pattern(laterBlocks * 800)) }, "source content changed while it was sent"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &disk{}
			d.replace(pattern(laterBlocks * 800))
			r := sendLater(t, Config{}, File{Source: d})
			r.run(10, time.Minute)
			test.change(d)
			for _, w := range r.held {
				w.Run(nil)
			}
			r.run(1000, time.Minute)
			if !strings.Contains(strings.Join(r.events, "; "), test.want) {
				t.Errorf("%v, want %s", r.events, test.want)
			}
			if d.open != 0 {
				t.Errorf("%d open", d.open)
			}
		})
	}
}

// TestDigestsLaterEnds: whoever computes digests of a file that has ended stops.
func TestDigestsLaterEnds(t *testing.T) {
	d := &disk{}
	d.replace(pattern(3 * content.ReadSize))
	r := sendLater(t, Config{}, File{Source: d})
	r.run(10, time.Minute)
	if len(r.held) < 2 {
		t.Fatalf("%d Works for the digests: none helps", len(r.held))
	}
	r.session.Abort("")
	for _, w := range slices.Backward(r.held) { // the helpers first: they wait for nobody
		w.Run(nil)
	}
	runAll(r.session.Works())
	if d.open != 0 {
		t.Errorf("%d open", d.open)
	}
}

// TestDigestsLaterUnattended: a session whose Works nobody runs computes the digests itself, when they are due.
func TestDigestsLaterUnattended(t *testing.T) {
	size := laterBlocks * 800
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}}, 0)
	addTo(t, s, File{
		ContentLocation: "later", Content: bytes.NewReader(pattern(size)), Size: uint64(size), Digests: DigestLater,
	})
	if n := len(files(t, s, nil)); n != laterBlocks*8+1 {
		t.Errorf("%d packets", n)
	}
	for _, e := range s.Events() {
		if c, ok := e.(event.ObjectCompleted); ok && c.ContentLocation == "later" && len(c.Digests) != 2 {
			t.Errorf("digests: %v", c.Digests)
		}
	}
}

// TestDigestsLaterAttendedLater: Works that nobody ran when the file began are offered to those who begin to run some.
func TestDigestsLaterAttendedLater(t *testing.T) {
	size := laterBlocks * 800
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}}, 0)
	addTo(t, s, File{
		ContentLocation: "later", Content: bytes.NewReader(pattern(size)), Size: uint64(size), Digests: DigestLater,
	})
	calls, now := 0, start
	for ; !s.Done(); now = latest(now, s.Deadline()) {
		if calls++; calls > 1000 {
			t.Fatal("no end")
		}
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
		if calls > 10 {
			runAll(s.Works())
		}
	}
	if now.Sub(start) > offerAgain/2 {
		t.Errorf("it took %v", now.Sub(start))
	}
}

// TestDigestsLaterOneByOne: whoever runs one Work at a time gets to the end, however many help.
func TestDigestsLaterOneByOne(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 1400, MaxSourceBlockLength: 64}}, 0)
	size := 3 * content.ReadSize
	data := onDisk{bytes.NewReader(pattern(size))}
	addTo(t, s, File{ContentLocation: "later", Content: data, Size: uint64(size), Digests: DigestLater})
	if n := len(files(t, s, runAll)); n < size/1400 {
		t.Errorf("%d packets", n)
	}
}

// TestDigestsByDefault: those of large files come later.
func TestDigestsByDefault(t *testing.T) {
	for _, test := range []struct {
		size  uint64
		f     File
		later bool
	}{
		{laterSize - 1, File{}, false},
		{laterSize, File{}, true},
		{laterSize, File{Digests: DigestMD5}, false},
		{laterSize, File{Digests: NoDigest | DigestLater}, false},
		{laterSize, File{CENC: 3}, false},
		{1, File{Digests: DigestLater | DigestSHA256}, true},
		{0, File{Digests: DigestLater}, false},
	} {
		if got := test.f.Digests.of(&test.f, test.size)&DigestLater != 0; got != test.later {
			t.Errorf("%d bytes, %+v: later %v", test.size, test.f, got)
		}
	}
}

// TestLaterDigestsAreNamed: as long as the digests are to come, the FDT says which; afterwards it has them instead. A
// profile whose schema is printed says nothing of it.
func TestLaterDigestsAreNamed(t *testing.T) {
	for _, p := range []fdt.Profile{fdt.RFC6726, fdt.RFC3926, fdt.MBMSExtended, fdt.MBMSDownload, fdt.DVBMABR} {
		cfg := Config{Profile: p}
		o := &Object{file: File{ContentLocation: "a", Attributes: []fdt.Attribute{{Local: "b", Value: "c"}}[:1:1]}}
		o.later = content.MD5 | content.SHA256
		want := p == fdt.RFC6726 || p == fdt.RFC3926
		if got := strings.Contains(entryText(t, &cfg, o), `Later-Digests="md5 sha-256"`); got != want {
			t.Errorf("%v: it is said: %v", p, got)
		}
		o.setDigests(newDigester(o.later))
		if text := entryText(t, &cfg, o); strings.Contains(text, "Later-Digests") {
			t.Errorf("%v: they are there, and still to come: %s", p, text)
		}
	}
}

// entryText returns the description of o in an FDT Instance.
func entryText(t *testing.T, cfg *Config, o *Object) string {
	t.Helper()
	e, err := newEntry(cfg, o, flute.NewTOI(1), &coding{})
	if err != nil {
		t.Fatal(err)
	}
	in := fdt.Instance{Expires: start.Add(time.Hour), Entries: []*fdt.Entry{e}}
	xml, err := in.AppendXML(nil, cfg.Profile)
	if err != nil {
		t.Fatal(err)
	}
	return string(xml)
}
