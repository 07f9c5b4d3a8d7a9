package receiver

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
)

// stranger has a sender on port 1000 send a file slowly, and a forger on another port, or on the same one, send packets
// beside it. The file arrives.
func stranger(t *testing.T, port uint16, forged func(r *rig, o object, i int)) *rig {
	t.Helper()
	r := newRig(t)
	o := plain(t, 1, 10_000, 100, 4)
	d := describe(t, 0, o.file("a"))
	for i, p := range o.all() {
		if r.port = 1000; i%20 == 0 {
			r.feed(d) // each second
		}
		r.feed(p)
		r.wait(25 * time.Millisecond)
		r.port = port
		forged(r, o, i)
		r.wait(25 * time.Millisecond)
	}
	r.port = 1000
	r.feed(d)
	r.file("a", o.content)
	for _, f := range eventsOf[event.ObjectFailed](r) {
		t.Errorf("port %d: %+v", port, f)
	}
	return r
}

// told counts the Warnings that name both addresses.
func (r *rig) told(addresses ...string) (n int) {
	for _, w := range eventsOf[event.Warning](r) {
		found := true
		for _, a := range addresses {
			found = found && strings.Contains(w.Text, a)
		}
		if found {
			n++
		}
	}
	return n
}

// TestForgedNewVersion: an FDT Instance that gives the file's Content-Location to another TOI does not end the file
// that a sender goes on sending, whatever port it comes from.
func TestForgedNewVersion(t *testing.T) {
	for _, port := range []uint16{1000, 6666} {
		for _, id := range []flute.InstanceID{1, 700} {
			r := stranger(t, port, func(r *rig, _ object, i int) {
				if i%10 == 5 {
					other := plain(t, 9, 3000, 100, 4)
					r.feed(describe(t, id, other.file("a")))
					r.feed(other.packet(0, 0, 1)) // never whole
				}
			})
			if n := r.told(":1000", ":6666"); port == 6666 && n != 1 || port == 1000 && n != 0 {
				t.Errorf("port %d: %d warnings name both addresses", port, n)
			}
			r.close()
		}
	}
}

// TestForgedNewVersionBeforeTheFirst: the same before anything of the file has come, and with a forged symbol in it.
func TestForgedNewVersionBeforeTheFirst(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 3000, 100, 4)
	f := o.file("a")
	f.MD5 = md5Of(o.content)
	r.feed(describe(t, 0, f), describe(t, 1, plain(t, 9, 3000, 100, 4).file("a")))
	for turn := range 3 {
		for i, p := range o.all() {
			if i == 7 && turn == 0 {
				r.feed(forge(p))
			}
			r.feed(p)
			r.wait(50 * time.Millisecond)
		}
	}
	r.file("a", o.content)
	r.want("failed 1 a digest", "completed 1 a 3000")
	r.close()
}

// TestManyStrangers: a sender keeps its place beside any number of ports.
func TestManyStrangers(t *testing.T) {
	r := stranger(t, 0, func(r *rig, o object, i int) {
		for j := range 4 {
			r.port = uint16(6000 + 4*i + j)
			r.feed(o.packet(0, 0, 1))
			r.feed(describe(t, flute.InstanceID(100+i), plain(t, 9, 3000, 100, 4).file("a")))
		}
	})
	for _, f := range eventsOf[event.FDTReceived](r) {
		if f.ID >= 100 {
			t.Fatalf("a stranger's FDT Instance was taken: %+v", f)
		}
	}
	r.close()
}

// TestReplayedPacketsTakeNoObject: somebody sends the sender's packets again from another port: first its FDT Instance,
// which makes that port one of the sender, later some of the file. The file stays that of the sender which goes on.
func TestReplayedPacketsTakeNoObject(t *testing.T) {
	for _, first := range []uint16{1000, 6666} {
		r := newRig(t)
		o := plain(t, 1, 10_000, 100, 4)
		f := o.file("a")
		f.SHA256 = sha256Of(o.content)
		d, data := describe(t, 0, f), o.all()
		r.port = first
		r.feed(d)
		r.port = 1000 + 6666 - first
		r.feed(d)
		for i := range 200 { // ten seconds of the first half
			r.port = 1000
			if i%20 == 0 {
				r.feed(d)
			}
			r.feed(data[i%50])
			if i >= 50 && i%20 == 10 {
				r.port = 6666
				r.feed(data[i%50])
			}
			r.wait(50 * time.Millisecond)
		}
		r.port = 1000
		r.feed(data[50:]...)
		r.file("a", o.content)
		r.close()
	}
}

// TestReplayedPacketsInAPause: the same in a pause, in which nobody can tell who goes on. With the next repetition of
// its FDT Instance the sender has the object again.
func TestReplayedPacketsInAPause(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 10_000, 100, 4)
	f := o.file("a")
	f.SHA256 = sha256Of(o.content)
	d, data := describe(t, 0, f), o.all()
	for _, r.port = range []uint16{6666, 1000} {
		r.feed(d)
	}
	r.feed(data[:50]...)
	r.wait(3 * time.Second)
	r.port = 6666
	r.feed(data[3])
	r.wait(6 * time.Second)
	r.port = 1000
	r.feed(d)
	r.feed(data[50:]...)
	r.file("a", o.content)
	r.close()
}

// TestForgedComplete: a stranger's FDT Instance that says Complete ends no session in which more files are to come.
func TestForgedComplete(t *testing.T) {
	r := stranger(t, 6666, func(r *rig, o object, i int) {
		if i%10 == 5 {
			in := fdtInstance{id: 1, files: []fdt.File{o.file("a")}, e: 60000, complete: true}
			r.feed(in.packets(t)...)
		}
	})
	r.port = 1000
	for range 10 {
		r.feed(describe(t, 0, plain(t, 1, 10_000, 100, 4).file("a")))
		r.wait(time.Second)
	}
	if n := len(eventsOf[event.SessionComplete](r)); n != 0 {
		t.Error("the session is complete, a stranger said")
	}
	r.close()
}

// TestForgedCloseInAPause: a stranger's A flag in a pause of the sender, which lasts longer than the grace time, does
// not end the session. The sender's own does.
func TestForgedCloseInAPause(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 1000, 100, 4)
	d := describe(t, 0, o.file("a"))
	data := o.all()
	r.port = 1000
	r.feed(d)
	r.feed(data[:5]...)
	r.wait(time.Second)
	r.port = 6666
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	r.wait(30 * time.Second)
	r.port = 1000
	r.feed(d)
	r.feed(data[5:]...)
	r.want("completed 1 a 1000")
	if n := r.told(":1000", ":6666"); n != 1 {
		t.Errorf("%d warnings name both addresses, want 1", n)
	}
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	r.wait(30 * time.Second)
	if !r.s.Ended() {
		t.Error("the sender's own flag did not end the session")
	}
}

// TestNewVersionEndsTheOld: a version that is superseded ends when the new one is there, or when nothing of it comes
// any more. One that is whole before is published before.
func TestNewVersionEndsTheOld(t *testing.T) {
	old, next := plain(t, 1, 1000, 100, 4), plain(t, 2, 1000, 100, 4)
	describeBoth := func(r *rig) {
		r.feed(describe(t, 0, old.file("a")))
		r.feed(old.all()[:9]...)
		r.feed(describe(t, 1, next.file("a")))
	}
	r := newRig(t)
	describeBoth(r)
	r.feed(next.all()...)
	r.want("completed 2 a 1000", "failed 1 a superseded")
	r.file("a", next.content)
	r.feed(old.all()...)
	r.file("a", next.content)
	r.close()

	r = newRig(t)
	describeBoth(r)
	r.wait(30 * time.Second)
	r.want("failed 1 a superseded")
	r.close()

	r = newRig(t)
	describeBoth(r)
	r.feed(old.all()...)
	r.file("a", old.content)
	r.feed(next.all()...)
	r.want("completed 1 a 1000", "completed 2 a 1000")
	r.file("a", next.content)
	r.close()
}

// TestManyStrangersWithItsPackets: a sender keeps its place beside many ports that send its packets again, also after
// it was silent for a moment. None of its packets is lost.
func TestManyStrangersWithItsPackets(t *testing.T) {
	for name, c := range map[string]struct {
		pause    time.Duration
		instance bool // also the FDT Instance is sent again
	}{
		"symbols":                            {0, false},
		"symbols, after a pause":             {seamSilence, false},
		"all packets":                        {0, true},
		"all packets, after a pause":         {seamSilence, true},
		"all packets, after several seconds": {5 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			o := plain(t, 1, 10_000, 100, 4)
			f := o.file("a")
			f.MD5 = md5Of(o.content)
			d := describe(t, 0, f)
			for i, p := range o.all() {
				r.port = 1000
				switch {
				case i%20 == 0:
					r.feed(d) // each second
				case i == 30:
					r.wait(c.pause)
				}
				r.feed(p)
				for j := range 8 {
					r.wait(5 * time.Millisecond)
					r.port = uint16(6000 + j)
					r.feed(o.packet(0, 0, 1))
					if c.instance {
						r.feed(d)
					}
				}
				r.wait(10 * time.Millisecond)
			}
			r.port = 1000
			r.feed(d)
			r.file("a", o.content)
			r.want("completed 1 a 10000")
			r.close()
		})
	}
}

// TestCutFirstSymbol: the first symbol of an FDT Instance comes cut, from another port or that of the sender, before
// the right one does. It is not what the right one is compared with.
func TestCutFirstSymbol(t *testing.T) {
	for _, port := range []uint16{1000, 6666} {
		r := newRig(t)
		r.port = 1000
		o := plain(t, 1, 3000, 100, 4)
		d := fdtInstance{id: 5, files: []fdt.File{o.file("a")}, e: 200}.packets(t)
		r.feed(d[1])
		r.port = port
		r.feed(d[0][:len(d[0])-150])
		r.port = 1000
		for range 3 {
			r.wait(time.Second)
			r.feed(d...)
		}
		r.wantRead(5)
		r.feed(o.all()...)
		r.file("a", o.content)
		r.close()
	}
}
