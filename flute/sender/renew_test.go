package sender

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// disk is a file system of one file. What is open keeps the bytes of its inode, unless they are rewritten in place.
type disk struct {
	now  *inode // nil: there is no file
	open int
	most int // open at once
	fail error

	opened, looks int // so far: how often it was opened, and asked for its Version
}

type inode struct {
	number  int
	data    []byte
	changes int
}

// replace renames a new file over the one that is there.
func (d *disk) replace(data []byte) {
	n := 1
	if d.now != nil {
		n = d.now.number + 1
	}
	d.now = &inode{number: n, data: data}
}

// rewrite changes the file in place.
func (d *disk) rewrite(data []byte) {
	d.now.data = data
	d.now.changes++
}

func (d *disk) Open() (Opened, error) {
	switch {
	case d.fail != nil:
		return nil, d.fail
	case d.now == nil:
		return nil, errors.New("no such file")
	}
	d.open++
	d.most = max(d.most, d.open)
	d.opened++
	return &openInode{d, d.now}, nil
}

type openInode struct {
	disk *disk
	*inode
}

func (o *openInode) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(o.data).ReadAt(p, off)
}

func (o *openInode) Version() (Version, error) {
	o.disk.looks++
	return Version{uint64(len(o.data)), fmt.Sprint(o.number, o.changes)}, nil
}

func (o *openInode) Close() error {
	o.disk.open--
	o.inode = nil // a read would panic
	return nil
}

// fromDisk is a session that sends the file of a disk, seen by a viewer who misses nothing.
type fromDisk struct {
	t       *testing.T
	disk    *disk
	session *Session
	now     time.Time
	view    viewer
	packets int
	drained bool // Works are run when they come up
	got     map[flute.TOI][]byte
	md5     map[flute.TOI][]byte
	listed  []flute.TOI // by the newest FDT Instance
	log     []string    // how objects ended
}

func sendFromDisk(t *testing.T, cfg Config, f File, scratch Scratch) *fromDisk {
	t.Helper()
	d := &fromDisk{
		t: t, disk: &disk{}, now: start, view: viewer{start: start}, drained: true, got: map[flute.TOI][]byte{},
		md5: map[flute.TOI][]byte{},
	}
	d.disk.replace(pattern(2_000))
	cfg.OTI = fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}
	d.session, _ = oneFile(t, cfg, 0)
	f.ContentLocation, f.Source = "disk", d.disk
	o, err := Prepare(context.Background(), f, scratch)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.session.Add(o); err != nil {
		t.Fatal(err)
	}
	return d
}

// run sends until until says so, or nothing is left.
func (d *fromDisk) run(until func() bool) {
	d.t.Helper()
	for n := 0; !d.session.Done() && !until(); n++ {
		if n > 5_000 {
			d.t.Fatalf("no end; at %v; %v", d.now.Sub(start), d.log)
		}
		p, ok, err := d.session.AppendNext(nil, d.now)
		if err != nil {
			d.t.Fatal(err)
		}
		if d.drained {
			for _, w := range d.session.Works() {
				w.Run(nil)
			}
		}
		d.events()
		if !ok {
			d.now = latest(d.session.Deadline(), d.now)
			continue
		}
		d.now = d.now.Add(time.Millisecond)
		d.read(p)
	}
}

func (d *fromDisk) read(b []byte) {
	d.t.Helper()
	p := d.view.read(d.t, b, d.now)
	if p.fdt != nil {
		d.listed = d.listed[:0]
		for i := range p.fdt.Files {
			f := &p.fdt.Files[i]
			d.listed = append(d.listed, f.TOI)
			d.md5[f.TOI] = f.MD5
		}
	}
	if p.TOI.IsFDT() || p.oti.TransferLength == 0 {
		return
	}
	d.packets++
	if d.got[p.TOI] == nil {
		d.got[p.TOI] = make([]byte, p.oti.TransferLength)
	}
	part := p.oti.Partition()
	off, n := part.Symbol(p.id.SBN, p.id.ESI)
	copy(d.got[p.TOI][off:], p.symbol[:n])
}

func (d *fromDisk) events() {
	for _, e := range d.session.Events() {
		switch e := e.(type) {
		case event.ObjectCompleted:
			if e.ContentLocation == "disk" {
				d.log = append(d.log, fmt.Sprintf("%v completed", e.TOI))
			}
		case event.ObjectFailed:
			d.log = append(d.log, fmt.Sprintf("%v %s: %s", e.TOI, e.Reason, e.Detail))
		case event.Warning:
			d.log = append(d.log, "warning: "+e.Text)
		}
	}
}

// renewals drains the Works, runs those that only read, and returns the others.
func (d *fromDisk) renewals() (again []*Work) {
	for _, w := range d.session.Works() {
		if _, ok := w.job.(*renewJob); ok {
			again = append(again, w)
		} else {
			w.Run(nil)
		}
	}
	return again
}

// sent runs until n packets more of the file were sent.
func (d *fromDisk) sent(n int) {
	d.t.Helper()
	n += d.packets
	d.run(func() bool { return d.packets >= n })
}

// whole runs until the object toi was sent whole: all of its packets, once at least.
func (d *fromDisk) whole(toi uint64, want []byte) {
	d.t.Helper()
	id := flute.NewTOI(toi)
	d.run(func() bool { return bytes.Equal(d.got[id], want) })
	if !bytes.Equal(d.got[id], want) {
		d.t.Fatalf("TOI %d was not sent; %v", toi, d.log)
	}
	if sum := md5.Sum(want); !bytes.Equal(d.md5[id], sum[:]) {
		d.t.Errorf("TOI %d: the digest is not that of what was sent", toi)
	}
}

func (d *fromDisk) ends(want ...string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.log); diff != "" {
		d.t.Error(diff)
	}
}

// lists checks that the next FDT Instances list TOI want, and old no more.
func (d *fromDisk) lists(want, old uint64) {
	d.t.Helper()
	listed := func() bool {
		return slices.Contains(d.listed, flute.NewTOI(want)) && !slices.Contains(d.listed, flute.NewTOI(old))
	}
	d.run(listed)
	if !listed() {
		d.t.Errorf("the FDT Instance lists %v, want %d and not %d", d.listed, want, old)
	}
}

// closed ends the session and checks that nothing is left open.
func (d *fromDisk) closed() {
	d.t.Helper()
	d.session.Abort("end")
	if d.drained {
		for _, w := range d.session.Works() {
			w.Run(nil)
		}
	}
	d.events()
	if d.disk.open != 0 || d.disk.most > 1 {
		d.t.Errorf("%d are open, %d at most", d.disk.open, d.disk.most)
	}
}

var (
	second = pattern(5_000)[1_500:4_321]
	third  = pattern(9_000)[7_000:]
)

// TOI 1 is another file in all of these.

func TestReplacedBeforeItIsSent(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{}, nil)
	d.disk.replace(second)
	d.whole(3, second)
	d.run(func() bool { return false })
	d.ends("2 superseded: its content changed before it was sent", "3 completed")
	d.closed()
}

// worn is a disk that fails the reads of a number of files that are opened next.
type worn struct {
	disk
	bad int
}

type wornOpened struct{ Opened }

func (wornOpened) ReadAt([]byte, int64) (int, error) { return 0, errors.New("bad sector") }

func (w *worn) Open() (Opened, error) {
	o, err := w.disk.Open()
	if err == nil && w.bad > 0 {
		w.bad--
		return wornOpened{o}, nil
	}
	return o, err
}

// A file of a carousel whose content cannot be read once is read again, be it of several packets or of one, which is
// closed before it is sent.
func TestReadFailsOnce(t *testing.T) {
	for _, size := range []int{50, 350, 2_000} {
		s, err := New(Config{
			Registry: schemes.Default(), OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}, TransferCount: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		d := &worn{}
		d.replace(pattern(size))
		s.Works() // somebody runs them
		addTo(t, s, File{ContentLocation: "disk", Source: d, Digests: NoDigest})
		d.bad = 1
		files(t, s, func(works []*Work) {
			for _, w := range works {
				w.Run(nil)
			}
		})
		if st := s.Stats(); st.Completed != 1 || st.Failed != 0 || st.Transfers != 2 || d.open != 0 {
			t.Errorf("%d bytes: %+v, %d are open", size, st, d.open)
		}
	}
}

// The last packet of a short file that was read long ago waits for another look.
func TestSmallFileIsLookedAtLate(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration
		looks int
	}{{0, 2}, {finalInterval / 4, 2}, {finalInterval, 3}} {
		s, err := New(Config{Registry: schemes.Default(), OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}})
		if err != nil {
			t.Fatal(err)
		}
		d := &disk{}
		d.replace(pattern(350))
		s.Works() // somebody runs them
		addTo(t, s, File{ContentLocation: "disk", Source: d})
		before, now := d.looks, start
		for s.Stats().Completed == 0 {
			_, ok, err := s.AppendNext(nil, now)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range s.Works() {
				w.Run(nil)
			}
			if now = latest(now, s.Deadline()); ok {
				now = now.Add(c.pause)
			}
		}
		if looks := d.looks - before; looks != c.looks {
			t.Errorf("with pauses of %v it was looked at %d times, want %d", c.pause, looks, c.looks)
		}
	}
}

// A file that is read at once is looked at where something depends on it, and no more often: when it was opened, after
// it was read, and before its last packet, if that comes later.
func TestSmallFileIsLookedAt(t *testing.T) {
	for _, size := range []int{1, 100, 350, 2_000} {
		s, err := New(Config{
			Registry: schemes.Default(), FDTInterval: time.Hour, FDTDuration: 24 * time.Hour,
			OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8},
		})
		if err != nil {
			t.Fatal(err)
		}
		d := &disk{}
		d.replace(pattern(size))
		s.Works() // somebody runs them
		addTo(t, s, File{ContentLocation: "disk", Source: d})
		opened, looks, works := d.opened, d.looks, 0
		files(t, s, func(all []*Work) {
			for _, w := range all {
				w.Run(nil)
			}
			works += len(all)
		})
		want := 2 // it is read, closed
		if size <= 100 {
			want = 1 // it is closed when it was read for its only packet
		}
		if opened, looks := d.opened-opened, d.looks-looks; opened != 1 || looks != 2 || works != want {
			t.Errorf("%d bytes: opened %d times, looked at %d times, by %d Works", size, opened, looks, works)
		}
		if d.open != 0 {
			t.Errorf("%d bytes: %d are open", size, d.open)
		}
	}
}

func TestReplacedUnderACarousel(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	d.sent(5)
	d.disk.replace(second) // the transfer goes on with the open file
	d.whole(2, pattern(2_000))
	d.whole(3, second)
	d.lists(3, 2)
	d.disk.replace(third)
	d.whole(4, third)
	d.lists(4, 3)
	d.ends("2 completed", "3 completed")
	d.closed()
	d.ends("2 completed", "3 completed", "4 completed")
}

// What is replaced is sent as often as was asked, all versions together.
func TestReplacedBetweenSomeTransfers(t *testing.T) {
	d := sendFromDisk(t, Config{TransferCount: 4}, File{}, nil)
	d.sent(25) // of 20 in a transfer
	d.disk.replace(second)
	d.whole(3, second)
	d.run(func() bool { return false })
	if d.packets != 2*20+2*29 {
		t.Errorf("%d packets", d.packets)
	}
	d.ends("2 completed", "3 completed")
	d.closed()
}

func TestRewrittenInItsOnlyTransfer(t *testing.T) {
	for _, after := range []int{1, 10, 19} {
		d := sendFromDisk(t, Config{}, File{}, nil)
		d.sent(after)
		d.disk.rewrite(second)
		d.run(func() bool { return false })
		if d.packets > 19 {
			t.Errorf("rewritten after %d packets: all were sent", after)
		}
		d.ends("2 source: content changed while it was sent")
		d.closed()
	}
}

// A session sees soon that what it sends is of no use.
func TestRewrittenInALongTransfer(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{}, nil)
	d.sent(1)
	d.disk.rewrite(pattern(2_000))
	d.now = d.now.Add(versionInterval)
	d.run(func() bool { return false })
	if d.packets > 2 {
		t.Errorf("%d packets were sent", d.packets)
	}
	d.closed()
}

func TestRewrittenUnderACarousel(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	d.sent(30)
	d.disk.rewrite(third)
	d.whole(3, third)
	d.lists(3, 2)
	d.ends("2 completed")
	d.closed()
}

// A file that becomes shorter while it is sent looks like one that cannot be read.
func TestTruncatedUnderACarousel(t *testing.T) {
	d := sendFromDisk(t, Config{ReadAhead: 100}, File{TransferCount: -1}, nil)
	d.sent(30)
	d.disk.rewrite(third[:300])
	d.whole(3, third[:300])
	d.lists(3, 2)
	d.ends("2 completed")
	d.closed()

	d = sendFromDisk(t, Config{ReadAhead: 100}, File{}, nil)
	d.sent(10)
	d.disk.rewrite(third[:300])
	d.run(func() bool { return false })
	d.ends("2 source: content changed while it was sent")
	d.closed()
}

// A file that was touched, or replaced by a copy of itself, stays the object that it is.
func TestTouched(t *testing.T) {
	for _, cenc := range []flute.ContentEncoding{flute.Null, flute.GZIP} {
		d := sendFromDisk(t, Config{}, File{TransferCount: -1, CENC: cenc}, nil)
		d.sent(5)
		d.disk.rewrite(pattern(2_000))
		d.sent(30)
		d.disk.replace(pattern(2_000))
		d.sent(60)
		d.ends()
		d.closed()
	}
}

// A file that is written to all the time is given up in the end, but not by a carousel, which tries now and then.
func TestRewrittenAgainAndAgain(t *testing.T) {
	rewrite := func(d *fromDisk, seconds time.Duration) {
		d.run(func() bool {
			d.disk.rewrite(pattern(1_000 + d.disk.now.changes%1_000)) // with each packet, and while nothing is sent
			return d.now.Sub(start) > seconds*time.Second
		})
	}
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	rewrite(d, 100)
	if n := len(d.log); n < 10 || n > 25 {
		t.Errorf("%d versions were tried in 100 seconds", n)
	}
	arrived := func() bool {
		for _, b := range d.got {
			if bytes.Equal(b, d.disk.now.data) {
				return true
			}
		}
		return false
	}
	if d.run(arrived); !arrived() {
		t.Error("the last version was not sent")
	}
	d.closed()

	d = sendFromDisk(t, Config{}, File{}, nil)
	rewrite(d, 100)
	if last := d.log[len(d.log)-1]; !strings.Contains(last, "source") || len(d.log) > maxTries+1 {
		t.Errorf("%d ends, the last: %s", len(d.log), last)
	}
	if took := d.now.Sub(start); took < 15*time.Second || took > time.Minute {
		t.Errorf("it took %v", took)
	}
	d.closed()
}

// A file that cannot be opened for a while is sent under the same TOI when it can.
func TestMissingForAWhile(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	d.sent(5)
	d.disk.fail = errors.New("too many open files")
	d.sent(15)
	d.run(func() bool { return d.now.Sub(start) > 3*time.Second })
	d.disk.fail = nil
	d.sent(30)
	d.ends()
	d.closed()
}

func TestRemoved(t *testing.T) {
	d := sendFromDisk(t, Config{TransferCount: 3}, File{}, nil)
	d.sent(5)
	d.disk.now = nil
	d.run(func() bool { return false })
	d.ends("2 source: disk: File.Source: content cannot be read: no such file")
	if d.packets != 20 {
		t.Errorf("%d packets, want those of the transfer that had begun", d.packets)
	}
	d.closed()
}

// Without anybody who runs Works the session does.
func TestRenewalThatNobodyDrains(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	d.drained = false
	d.sent(5)
	d.disk.replace(second)
	d.whole(3, second)
	d.closed()
}

// A Work that prepares a file again is offered again if it was lost by who was to run it.
func TestRenewalThatIsLost(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	d.drained = false
	d.sent(5)
	d.disk.replace(second)
	var first []*Work
	d.run(func() bool { first = d.renewals(); return len(first) > 0 })
	var again []*Work
	d.run(func() bool { again = d.renewals(); return len(again) > 0 })
	if len(again) != 1 || again[0] != first[0] {
		t.Fatal("it is not offered again")
	}
	again[0].Run(nil)
	first[0].Run(nil)
	d.drained = true
	d.whole(3, second)
	d.ends("2 completed")
	d.closed()
}

// A Work that prepares a file again is cancelled if its object is removed or its session ends meanwhile.
func TestRenewalOfNobody(t *testing.T) {
	for name, end := range map[string]func(*Session){
		"removed": func(s *Session) { s.Remove(flute.NewTOI(2), AtOnce) },
		"aborted": func(s *Session) { s.Abort("end") },
	} {
		d := sendFromDisk(t, Config{}, File{}, nil)
		d.drained = false
		d.disk.replace(second)
		var r []*Work
		d.run(func() bool { r = append(r, d.renewals()...); return len(r) > 0 })
		end(d.session)
		d.drained = true
		d.run(func() bool { return false })
		if r[0].job.(*renewJob).ctx.Err() == nil {
			t.Errorf("%s: the Renewal goes on", name)
		}
		r[0].Run(nil)
		d.closed()
		if len(d.log) != 1 {
			t.Errorf("%s: %q", name, d.log)
		}
	}
}

// After the session was announced to be complete a new version is sent nevertheless, and that is told.
func TestReplacedInACompleteSession(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1}, nil)
	if err := d.session.SetComplete(); err != nil {
		t.Fatal(err)
	}
	d.sent(5)
	d.disk.replace(second)
	d.whole(3, second)
	d.lists(3, 2)
	if len(d.log) != 2 || d.log[0] != "2 completed" || !strings.Contains(d.log[1], "complete") {
		t.Errorf("%q", d.log)
	}
	d.closed()
}

// TestTriggerWhileItIsRenewed: the new version has the turn that was asked for meanwhile.
func TestTriggerWhileItIsRenewed(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: 2, Delay: 10 * time.Second}, nil)
	d.sent(20)
	d.disk.replace(second)
	d.drained = false
	var again []*Work
	d.run(func() bool {
		again = d.renewals()
		return len(again) > 0
	})
	if !d.session.Trigger(flute.NewTOI(2), d.now.Add(time.Minute)) {
		t.Fatal("it is not being renewed")
	}
	runAll(again)
	d.drained = true
	before := d.session.Stats().Transfers
	d.run(func() bool { return false })
	if n := d.session.Stats().Transfers - before; n != 2 {
		t.Errorf("%d transfers of the new version", n)
	}
	d.closed()
}

// Of content that was encoded another Scratch is made, and closed in the end.
func TestReplacedEncoded(t *testing.T) {
	scratches := 0
	d := sendFromDisk(t, Config{}, File{TransferCount: -1, CENC: flute.GZIP}, &pad{made: &scratches})
	d.sent(5)
	d.disk.replace(second)
	d.run(func() bool { return len(d.got[flute.NewTOI(3)]) > 0 })
	d.sent(100)
	if got := decode(t, d.got[flute.NewTOI(3)], flute.GZIP); !bytes.Equal(got, second) {
		t.Error("other bytes than those of the new version")
	}
	if scratches != 1 {
		t.Errorf("%d scratches", scratches)
	}
	d.closed()
	if scratches != 0 {
		t.Errorf("%d scratches are open", scratches)
	}
}

// pad is a Scratch that can be renewed.
type pad struct {
	memory
	made   *int // open ones
	closed bool
}

func (p *pad) Renew() (Scratch, error) { *p.made++; return &pad{made: p.made}, nil }

func (p *pad) Close() error {
	if !p.closed {
		p.closed = true
		*p.made--
	}
	return nil
}

// TestRenewalThatFailsClosesItsScratch: also the one that took the place of another, since the content has changed
// meanwhile.
func TestRenewalThatFailsClosesItsScratch(t *testing.T) {
	scratches := 0
	d := &disk{}
	d.replace(pattern(1_000))
	f := File{ContentLocation: "a", Source: &writer{disk: d, changes: 100}, CENC: flute.GZIP}
	j := &renewJob{file: f, old: &pad{made: &scratches}, ctx: context.Background()}
	if err := j.run(nil); !errors.Is(err, errChanged) {
		t.Fatal(err)
	}
	if scratches != 0 {
		t.Errorf("%d scratches are open", scratches)
	}
}

// Without a Renewer the file fails.
func TestReplacedEncodedIntoAPlainScratch(t *testing.T) {
	d := sendFromDisk(t, Config{}, File{TransferCount: -1, CENC: flute.GZIP}, &memory{})
	d.sent(5)
	d.disk.replace(second)
	d.run(func() bool { return false })
	if len(d.log) != 1 || !strings.Contains(d.log[0], "Renewer") {
		t.Errorf("%q", d.log)
	}
	d.closed()
}

// A file that changes while it is prepared is read again, and refused in the end.
func TestPrepareWhileItChanges(t *testing.T) {
	for changes, ok := range map[int]bool{0: true, 1: true, prepareTries - 1: true, prepareTries: false} {
		d := &disk{}
		d.replace(pattern(1_000))
		w := &writer{disk: d, changes: changes}
		o, err := Prepare(context.Background(), File{ContentLocation: "a", Source: w}, nil)
		if ok != (err == nil) || (!ok && (!errors.Is(err, errChanged) || !errors.Is(err, errSource))) {
			t.Errorf("%d changes: %v", changes, err)
			continue
		}
		if ok {
			if sum := md5.Sum(d.now.data); !bytes.Equal(o.md5, sum[:]) ||
				o.TransferLength() != uint64(len(d.now.data)) {
				t.Errorf("%d changes: not the last version", changes)
			}
		}
		if d.open != 0 {
			t.Errorf("%d changes: %d are open", changes, d.open)
		}
	}
}

// writer is a disk whose file is changed after each of the first times that it was read.
type writer struct {
	*disk
	changes int
}

func (w *writer) Open() (Opened, error) {
	o, err := w.disk.Open()
	return &writing{o, w}, err
}

type writing struct {
	Opened
	writer *writer
}

func (w *writing) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.Opened.ReadAt(p, off)
	if w.writer.changes > 0 {
		w.writer.changes--
		w.writer.rewrite(pattern(n + 7))
	}
	return n, err
}
