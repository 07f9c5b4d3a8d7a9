package receiver

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
)

// program is one start of a sender of a file with TOI 1. Its FDT Instance has ID 0, as those of most senders.
type program struct {
	o    object
	name string
	fdt  [][]byte
	port uint16
}

// newProgram returns a program whose file has bytes of its own; as long as those of all others.
func newProgram(t *testing.T, seed uint64, name string, port uint16, edit ...func(*fdt.File)) program {
	o := plain(t, 1, 1000, 100, 4)
	o.content = random(1000, 100+seed)
	f := o.file(name)
	for _, e := range edit {
		e(&f)
	}
	in := fdtInstance{files: []fdt.File{f}, e: 60000, expires: start.Add(time.Hour + time.Duration(seed)*time.Second)}
	return program{o: o, name: name, fdt: in.packets(t), port: port}
}

// run sends for a while: the FDT Instance each second, after the data of that second where late is set. It starts with
// packet from.
func (p program) run(r *rig, seconds, from int, late bool) {
	data := p.o.all()
	for i := range seconds {
		r.port = p.port
		if !late {
			r.feed(p.fdt...)
		}
		for j := range data {
			if i > 0 || j >= from {
				r.feed(data[j])
				r.wait(time.Second / time.Duration(len(data)))
			}
		}
		if late {
			r.feed(p.fdt...)
		}
	}
}

// unmixed verifies that nothing was published but what one of the programs has sent, whole, and that the last one's
// was.
func (r *rig) unmixed(programs ...program) {
	r.t.Helper()
	for _, name := range r.store.Files() {
		got, _ := r.store.Get(name)
		whose := -1
		for i, p := range programs {
			if string(got) == string(p.o.content) && name == p.name {
				whose = i
			}
		}
		if whose < 0 {
			r.t.Errorf("%s was published with bytes that nobody sent", name)
		}
	}
	last := programs[len(programs)-1]
	r.file(last.name, last.o.content)
}

// E95: a sender that is started again with the same FDT Instance ID, TOI and FEC OTI, other bytes and no digest.
// Whatever tells the two apart, whether its data or its FDT comes first, and whether the first FDT is lost: no file has
// bytes of both, and that of the second arrives, though it is sent once only.
func TestConf_E95_NoFileOfTwoRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		between func(*rig)
		port    uint16
		late    bool // nothing tells that the data are of another run before its FDT comes, so that comes first
	}{
		"0.5 s":        {func(r *rig) { r.wait(500 * time.Millisecond) }, 1000, true},
		"60 s":         {func(r *rig) { r.wait(time.Minute) }, 1000, true},
		"A flag":       {func(r *rig) { r.feed(alc.AppendCloseSession(nil, key.TSI)) }, 1000, true},
		"A, unknown":   {func(r *rig) { r.feed(alc.AppendCloseSession(nil, key.TSI)) }, 0, true},
		"other port":   {func(*rig) {}, 1001, true},
		"port, 100 ms": {func(r *rig) { r.wait(100 * time.Millisecond) }, 1001, true},
		"port, 3 s":    {func(r *rig) { r.wait(3 * time.Second) }, 1001, true},
		"at once":      {func(*rig) {}, 1000, false},
		"100 ms":       {func(r *rig) { r.wait(100 * time.Millisecond) }, 1000, false},
	} {
		for _, late := range []bool{false, true} {
			if late && !tt.late {
				continue
			}
			for _, second := range []string{"a", "b"} {
				for _, had := range []int{0, 3, 7} { // packets of the first file
					t.Run(fmt.Sprintf("%s/%s/%d/late=%v", name, second, had, late), func(t *testing.T) {
						r := newRig(t)
						one, two := newProgram(t, 1, "a", min(tt.port, 1000)), newProgram(t, 2, second, tt.port)
						r.port = one.port
						r.feed(one.fdt...)
						for _, p := range one.o.all()[:had] {
							r.feed(p)
							r.wait(10 * time.Millisecond)
						}
						r.feed(one.fdt...)
						tt.between(r)
						two.run(r, 1, 0, late)
						r.feed(two.fdt...)
						r.wait(4 * time.Second)
						r.unmixed(one, two)
						r.close()
					})
				}
			}
		}
	}
}

// A file that was whole before the sender was started again is kept, and that of the new one arrives beside it.
func TestConf_E95_WholeBeforeRestart(t *testing.T) {
	for _, port := range []uint16{1000, 1001} {
		for _, gap := range []time.Duration{0, 100 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second} {
			r := newRig(t)
			one, two := newProgram(t, 1, "a", 1000), newProgram(t, 2, "b", port)
			one.run(r, 2, 0, false)
			r.wait(gap)
			two.run(r, 4, 0, false)
			r.file("a", one.o.content)
			r.file("b", two.o.content)
			if n := len(eventsOf[event.ObjectCompleted](r)); n != 2 {
				t.Errorf("port %d, %v: %v", port, gap, r.ends())
			}
			r.close()
		}
	}
}

// A file without digest came whole before any FDT Instance, from a program that was then started again with the same
// numbers: what is published is the file of the second one, whether its FDT Instance comes first or its file. If
// nothing more comes of the file, nobody was started again, and it is published as it came.
func TestConf_E95_WholeBeforeAnyFDT(t *testing.T) {
	for name, tt := range map[string]struct {
		port uint16
		gap  time.Duration
	}{
		"0.5 s":             {1000, 500 * time.Millisecond},
		"60 s":              {1000, time.Minute},
		"other port":        {1001, 0},
		"other port, 0.6 s": {1001, 600 * time.Millisecond},
	} {
		for _, late := range []bool{false, true} {
			for _, restarts := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/late=%v/restarts=%v", name, late, restarts), func(t *testing.T) {
					r := newRig(t, func(c *Config) { c.UndescribedTimeout = time.Hour })
					one, two := newProgram(t, 1, "a", 1000), newProgram(t, 2, "a", tt.port)
					r.port = one.port
					r.feed(one.o.all()...)
					r.wait(tt.gap)
					if restarts {
						two.run(r, 2, 0, late)
						r.file("a", two.o.content)
					} else {
						r.port = two.port
						for range 3 {
							r.feed(two.fdt...)
							r.wait(time.Second)
						}
						r.file("a", one.o.content)
					}
					if n := len(eventsOf[event.ObjectCompleted](r)); n != 1 {
						t.Errorf("%v", r.ends())
					}
					r.close()
				})
			}
		}
	}
}

// The session is closed while such a file waits: it is published all the same.
func TestWholeBeforeAnyFDTAndClosed(t *testing.T) {
	r := newRig(t)
	p := newProgram(t, 1, "a", 1000)
	r.port = p.port
	r.feed(p.o.all()...)
	r.wait(time.Second)
	r.feed(p.fdt...)
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	r.wait(20 * time.Second)
	r.want("completed 1 a 1000", "closed close-session flag")
	r.close()
}

// A sender that crashes and is started again, twenty times in a row, with the same numbers: the last one is received.
// None of them ends in order.
func TestConf_E95_CrashLoop(t *testing.T) {
	for _, gap := range []time.Duration{0, 100 * time.Millisecond, 500 * time.Millisecond} {
		for _, ports := range []bool{false, true} {
			r := newRig(t)
			var all []program
			for i := range uint64(21) {
				p := newProgram(t, i, fmt.Sprint("f", i%3), 1000)
				if ports {
					p.port += uint16(i)
				}
				all = append(all, p)
				if i == 20 {
					break
				}
				r.port = p.port
				r.feed(p.fdt...)
				for _, b := range p.o.all()[:i%10] {
					r.feed(b)
				}
				r.wait(gap)
			}
			all[20].run(r, 4, 0, false)
			r.unmixed(all...)
			r.close()
		}
	}
}

// A sender that goes on is not thrown away by somebody who forges packets of its session, however many, from its own
// port or from another, with or without A flags.
func TestConf_E43_ForgerBeside(t *testing.T) {
	for _, port := range []uint16{0, 1000, 6666} {
		for _, flag := range []bool{false, true} {
			for _, id := range []flute.InstanceID{0, 5, 700} { // of the sender, next to it, any
				r := newRig(t)
				o := plain(t, 1, 20_000, 100, 4)
				d := describe(t, 0, o.file("a"))
				other := plain(t, 1, 300, 100, 4)
				forged := describe(t, id, other.file("forged"))
				for i, p := range o.all() {
					r.port = 1000
					if i%20 == 0 {
						r.feed(d) // each second
					}
					r.feed(p)
					r.wait(25 * time.Millisecond)
					r.port = port
					if flag {
						r.feed(alc.AppendCloseSession(nil, key.TSI))
					}
					r.feed(forged)
					r.wait(25 * time.Millisecond)
				}
				r.port = 1000
				r.feed(d)
				r.file("a", o.content)
				for _, f := range eventsOf[event.ObjectFailed](r) {
					t.Errorf("port %d, flag %v, ID %d: %+v", port, flag, id, f)
				}
				r.close()
			}
		}
	}
}

// Nor by one packet in a pause of its carousel.
func TestConf_E43_ForgedOnceInAPause(t *testing.T) {
	for _, port := range []uint16{0, 1000, 6666} {
		for _, id := range []flute.InstanceID{0, 1, 700} {
			r := newRig(t)
			o := plain(t, 1, 1000, 100, 4)
			d := describe(t, 0, o.file("a"))
			data := o.all()
			r.port = 1000
			r.feed(d)
			r.feed(data[:5]...)
			r.wait(3 * time.Second)
			r.port = port
			r.feed(describe(t, id, plain(t, 1, 300, 100, 4).file("forged")))
			r.wait(3 * time.Second)
			r.port = 1000
			r.feed(data[5:]...) // before its FDT
			r.wait(time.Second / 2)
			r.feed(d)
			r.want("completed 1 a 1000")
			r.file("a", o.content)
			r.close()
		}
	}
}

// A carousel that pauses loses nothing by it: with the same losses it takes no turn more than one that keeps every
// packet. The FDT Instance goes on in the pauses, or does not, and comes before the data or after them.
func TestConf_E95_CarouselWithPauses(t *testing.T) {
	for _, digest := range []bool{false, true} {
		for _, idle := range []bool{false, true} {
			for _, late := range []bool{false, true} {
				for seed := range uint64(20) {
					r := newRig(t)
					o := plain(t, 1, 20_000, 100, 4)
					f := o.file("a")
					if digest {
						f.SHA256 = sha256Of(o.content)
					}
					in := fdtInstance{files: []fdt.File{f}, e: 60000, expires: start.Add(3 * time.Hour)}
					rng := rand.New(rand.NewPCG(seed, 7))
					data := o.all()
					have := map[int]bool{}
					announce := func() {
						if rng.Float64() >= 0.1 {
							r.feed(in.packets(t)...)
						}
					}
					turns, needed := 0, 0
					for turns < 30 {
						turns++
						if !late {
							announce()
						}
						for i, p := range data {
							if i%100 == 99 {
								announce()
							}
							if rng.Float64() >= 0.1 {
								r.feed(p)
								have[i] = true
							}
							r.wait(10 * time.Millisecond)
						}
						if len(have) == len(data) && needed == 0 {
							needed = turns
						}
						if needed > 0 {
							r.feed(in.packets(t)...)
							break
						}
						for range 5 {
							if idle {
								announce()
							}
							r.wait(time.Second)
						}
					}
					if _, ok := r.store.Get("a"); !ok {
						t.Errorf("digest %v, idle %v, late %v, seed %d: not there after %d turns", digest, idle, late,
							seed, turns)
					}
					r.close()
				}
			}
		}
	}
}

// Two senders with one TSI on one machine: the one that was first is received, then the other.
func TestConf_E95_TwoSenders(t *testing.T) {
	r := newRig(t)
	one, two := newProgram(t, 1, "a", 1000), newProgram(t, 2, "b", 2000)
	for i := range 5 {
		r.port = 1000
		r.feed(one.fdt...)
		for j, p := range one.o.all() {
			if r.port = 1000; j != i { // it takes two turns
				r.feed(p)
			}
			r.port = 2000
			if j == 5 {
				r.feed(two.fdt...)
			}
			r.feed(two.o.all()[j])
			r.wait(100 * time.Millisecond)
		}
	}
	r.file("a", one.o.content)
	two.run(r, 4, 0, false)
	r.unmixed(one, two)
	r.close()
}

// One sender with two sockets: FDT Instances come from one port, files from another.
func TestTwoSockets(t *testing.T) {
	r := newRig(t)
	p := newProgram(t, 1, "a", 1000)
	for i := range 8 {
		r.port = 1000
		r.feed(p.fdt...)
		for _, b := range p.o.all() {
			r.port = 2000
			if i > 0 {
				r.feed(b)
			}
			r.wait(50 * time.Millisecond)
		}
	}
	r.want("completed 1 a 1000")
	r.close()
}

// A sender whose packets come from another port from now on goes on.
func TestPortChanges(t *testing.T) {
	r := newRig(t)
	p := newProgram(t, 1, "a", 1000)
	data := p.o.all()
	for i := range data {
		r.port = uint16(1000 + i/3)
		if i%3 == 0 {
			r.feed(p.fdt...)
		}
		r.feed(data[i])
		r.wait(100 * time.Millisecond)
	}
	r.want("completed 1 a 1000")
	r.file("a", p.o.content)
	r.close()
}

// A sender that was started again with the same files and digests loses nothing of what came before.
func TestConf_E95_SameDigest(t *testing.T) {
	r := newRig(t)
	one := newProgram(t, 1, "a", 1000)
	f := one.o.file("a")
	f.MD5 = md5Of(one.o.content)
	data := one.o.all()
	r.port = 1000
	r.feed(fdtInstance{files: []fdt.File{f}, e: 60000}.packets(t)...)
	r.feed(data[:5]...)
	r.wait(100 * time.Millisecond)
	r.port = 1001
	again := fdtInstance{files: []fdt.File{f}, e: 60000, expires: start.Add(2 * time.Hour)}.packets(t)
	for range 3 {
		r.feed(again...)
		r.wait(time.Second)
	}
	r.feed(again...)
	r.feed(data[5:]...)
	r.want("rejected fdt 0", "completed 1 a 1000")
	r.file("a", one.o.content)
	r.close()
}

// What is held apart is within the budget for undescribed objects; what exceeds it is taken, and proved by the next FDT
// Instance.
func TestApartBeyondBudget(t *testing.T) {
	for _, digest := range []bool{false, true} {
		r := newRig(t, func(c *Config) { c.UndescribedBytes = 20_000 })
		o := plain(t, 1, 100_000, 1000, 10)
		f := o.file("a")
		if digest {
			f.MD5 = md5Of(o.content)
		}
		d := fdtInstance{files: []fdt.File{f}, e: 60000}.packets(t)
		data := o.all()
		r.feed(d...)
		r.feed(data[:10]...)
		r.wait(time.Second)
		r.feed(data[10:]...)
		if !digest {
			r.want()
		}
		r.feed(d...)
		r.want("completed 1 a 100000")
		r.file("a", o.content)
		r.close()
	}
}

// A slow sender makes no seams: a file without digest is published though its FDT is sent once only.
func TestSlowSenderMakesNoSeams(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 3000, 50, 4)
	d := describe(t, 0, o.file("a"))
	for i, p := range o.all() {
		if i < 30 {
			r.feed(d)
		}
		r.feed(p)
		r.wait(700 * time.Millisecond)
	}
	r.want("completed 1 a 3000")
	r.close()
}

// A sender that is started again with the same numbers and has an FDT Instance for each file, which it renews every two
// seconds, one after the other: each of them contradicts what is known, and together they show who sends now.
func TestConf_E95_ManyInstances(t *testing.T) {
	for _, gap := range []time.Duration{time.Second, 12 * time.Second} {
		r := newRig(t)
		publish := func(id, seconds int, o object) []byte {
			in := fdtInstance{
				id: flute.InstanceID(id), e: 60000, expires: r.now.Add(time.Duration(seconds) * time.Second),
			}
			f := o.file(fmt.Sprint(o.toi))
			f.MD5 = md5Of(o.content)
			in.files = append(in.files, f)
			return in.packets(t)[0]
		}
		for i := range 4 {
			o := plain(t, uint64(i+1), 1000, 100, 4)
			r.feed(publish(i, 3600, o))
			r.feed(o.all()[1:]...)
		}
		r.wait(gap)
		for id := range 60 {
			o := plain(t, uint64(id%4+1), 2000, 100, 4)
			r.feed(publish(id, 4, o))
			r.feed(o.all()...)
			r.wait(300 * time.Millisecond)
		}
		for i := range 4 {
			o := plain(t, uint64(i+1), 2000, 100, 4)
			r.file(fmt.Sprint(o.toi), o.content)
		}
		r.close()
	}
}

// An FDT Instance that was decoded without its first symbol is known by it all the same: after a pause it shows that
// the sender goes on. The document may be shorter than the symbol.
func TestInstanceDecodedWithoutItsHead(t *testing.T) {
	for _, e := range []uint16{200, 1400} {
		r := newRig(t)
		packets := transmit(t, sender.Config{
			OTI:    fec.OTI{SymbolLength: 100},
			FDTOTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: e},
		}, source{name: "a", content: random(1000, 1), digests: sender.NoDigest})
		fdts, data := split(t, packets)
		for i := 1; len(eventsOf[event.FDTReceived](r)) == 0; i++ {
			r.feed(fdts[i])
		}
		r.feed(data[:5]...)
		r.wait(3 * time.Second)
		r.feed(data[5:]...)
		r.feed(fdts...)
		r.want("completed 1 a 1000")
		r.close()
	}
}

// The first symbol of an FDT Instance that comes twice before the others shows no more than that both are of one run.
// Whether that is the run before, nobody knows until the document is read.
func TestConf_E95_HeadOfUnreadInstance(t *testing.T) {
	for _, between := range []time.Duration{100 * time.Millisecond, time.Second} {
		for _, port := range []uint16{0, 1000} {
			r := newRig(t)
			r.port = port
			o := plain(t, 1, 1000, 100, 4)
			renew := func(id flute.InstanceID) [][]byte {
				return fdtInstance{id: id, files: []fdt.File{o.file("a")}, e: 100}.packets(t)
			}
			r.feed(renew(0)...)
			r.feed(o.all()[:5]...)
			r.wait(time.Second)
			next := renew(1)
			r.feed(next[0])
			r.wait(between)
			r.feed(next[0])
			r.feed(o.all()[5:]...)
			r.feed(next[1:]...)
			for _, e := range eventsOf[event.FDTReceived](r) {
				if e.Files != 1 {
					t.Errorf("%v: FDT Instance %d: %q", between, e.ID, e.Rejected)
				}
			}
			r.want("completed 1 a 1000")
			r.close()
		}
	}
}

// The same from another port of the sender, or on another feed: the head of the next FDT Instance comes there first,
// after a pause, or there again.
func TestConf_E95_HeadOnAnotherPort(t *testing.T) {
	for name, c := range map[string]struct {
		feeds         int
		first, second [2]int // feed and port of the head
	}{
		"from another port, then from its own": {0, [2]int{0, 2000}, [2]int{0, 1000}},
		"from its own, then from another port": {0, [2]int{0, 1000}, [2]int{0, 2000}},
		"on the other feed first":              {2, [2]int{1, 1001}, [2]int{0, 1000}},
		"on the other feed second":             {2, [2]int{0, 1000}, [2]int{1, 1001}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, withFeeds(c.feeds))
			o := plain(t, 1, 1000, 100, 4)
			renew := func(id flute.InstanceID) [][]byte {
				return fdtInstance{id: id, files: []fdt.File{o.file("a")}, e: 100}.packets(t)
			}
			from := func(origin [2]int, packets ...[]byte) {
				r.from, r.port = uint8(origin[0]), uint16(origin[1])
				r.feed(packets...)
			}
			own := [2]int{0, 1000}
			from(own, renew(0)...)
			if c.feeds > 0 {
				from([2]int{1, 1001}, renew(0)...)
			}
			from(own, o.all()[:5]...)
			r.wait(time.Second)
			next := renew(1)
			from(c.first, next[0])
			r.wait(100 * time.Millisecond)
			from(c.second, next[0])
			from(own, o.all()[5:]...)
			from(own, next[1:]...)
			for _, e := range eventsOf[event.FDTReceived](r) {
				if e.Files != 1 {
					t.Errorf("FDT Instance %d: %q", e.ID, e.Rejected)
				}
			}
			r.want("completed 1 a 1000")
			r.close()
		})
	}
}

// An object without a digest of which packets were taken on trust after a pause is received anew when what follows
// turns out to be of a run of its own: nothing can tell any more that it is not a mix.
func TestMixedObjectStartsAnew(t *testing.T) {
	r := newRig(t, func(c *Config) { c.UndescribedBytes = 20_000 })
	o := plain(t, 1, 100_000, 1000, 10)
	other := o
	other.content = random(100_000, 77)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.all()[:10]...)
	r.wait(time.Second)
	r.feed(other.all()[10:]...)
	for range 3 {
		r.feed(describe(t, 500, other.file("a")))
		r.wait(300 * time.Millisecond)
		r.feed(other.all()...)
	}
	r.want("completed 1 a 100000")
	r.file("a", other.content)
	r.close()
}

// A sender of which an FDT Instance comes every six seconds is started again with the same numbers, at once: what tells
// the two apart takes longer than an Instance that could not be used is kept.
func TestConf_E95_SeldomInstances(t *testing.T) {
	r := newRig(t)
	one, two := newProgram(t, 1, "a", 1000), newProgram(t, 2, "b", 1000)
	for _, p := range []program{one, two} {
		for range 8 {
			r.feed(p.fdt...)
			for _, b := range p.o.all()[1:] {
				r.feed(b)
				r.wait(600 * time.Millisecond)
			}
		}
	}
	r.feed(two.fdt...)
	r.feed(two.o.all()...)
	r.wait(time.Second)
	r.feed(two.fdt...)
	r.file("b", two.o.content)
	r.close()
}

// Where there is no memory to remember what the FDT Instance of a sender that was started again contradicts, its
// repetition is read again.
func TestConf_E95_RivalWithoutMemory(t *testing.T) {
	r := newRig(t)
	var one, two []object
	var first, second []fdt.File
	for i := range uint64(8) {
		o := plain(t, i+1, 1000, 100, 4)
		one, first = append(one, o), append(first, o.file(fmt.Sprint(i)))
		o.content = random(1000, 77+i)
		two, second = append(two, o), append(second, o.file(fmt.Sprint(i)))
	}
	r.port = 1000
	r.feed(fdtInstance{files: first, e: 60000}.packets(t)...)
	for _, o := range one {
		r.feed(o.all()[:5]...)
	}
	r.wait(time.Second)
	r.port = 1001
	again := fdtInstance{id: 1, files: second, e: 60000}.packets(t)
	left := uint64(8*rivalFileCost - 100) // enough to read it, but no more
	taken := uint64(0)
	for n := r.cfg.Budget.Limit(); n > 0; n /= 2 {
		if r.cfg.Budget.TryReserve(n) {
			taken += n
		}
	}
	r.cfg.Budget.Release(left)
	r.feed(again...)
	if n := len(eventsOf[event.FDTReceived](r)); n != 2 {
		t.Fatalf("%d FDT Instances were read", n)
	}
	r.cfg.Budget.Release(taken - left)
	for range 4 {
		r.wait(time.Second)
		r.feed(again...)
		for _, o := range two {
			r.feed(o.all()...)
		}
	}
	for i, o := range two {
		r.file(fmt.Sprint(i), o.content)
	}
	r.close()
}

// A packet of another sender's FDT Instance that memory has no room for is counted as that, and not as a fault of this
// node.
func TestRivalBeyondBudget(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 1000, 100, 4)
	r.port = 1000
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}, e: 60000}.packets(t)...)
	r.wait(time.Second)
	taken := uint64(0)
	for n := r.cfg.Budget.Limit(); n > 0; n /= 2 {
		if r.cfg.Budget.TryReserve(n) {
			taken += n
		}
	}
	r.port = 1001
	r.feed(fdtInstance{files: []fdt.File{o.file("b")}, e: 60000}.packets(t)...)
	r.cfg.Budget.Release(taken)
	if fault, budget := r.dropped(drop.Fault), r.dropped(drop.Budget); fault != 0 || budget != 1 {
		t.Errorf("dropped: %d for a fault, %d for the budget; want 0, 1", fault, budget)
	}
	r.close()
}

// A rival that cannot be read is no fault of this node either.
func TestRivalIsMalformed(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 1000, 100, 4)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}, e: 60000}.packets(t)...)
	r.feed(fdtInstance{xml: []byte("<FDT-Instance"), e: 60000}.packets(t)...)
	if fault, conflict := r.dropped(drop.Fault), r.dropped(drop.FDTConflict); fault != 0 || conflict != 1 {
		t.Errorf("dropped: %d for a fault, %d for the conflict; want 0, 1", fault, conflict)
	}
	r.close()
}

// A packet that was routed while its TOI named another object is not one of the object that has the TOI now.
func TestPacketOfTheObjectBefore(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 1000, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	stale, ok := r.s.Route(r.now, Origin{}, o.packet(0, 0, 1))
	if !ok {
		t.Fatal("no packet of an object")
	}
	r.s.dismiss(r.l.entries[o.toi], event.FailSuperseded, "another file has its TOI")
	if !r.s.HasEffects() {
		t.Error("an object has ended, and there is nothing to do")
	}
	r.settle()
	r.feed(describe(t, 1, o.file("b")))
	w := r.object(o.toi)
	r.handed++
	w.Handle(r.now, &stale)
	r.settleObject(w)
	if e := r.l.entries[o.toi]; e.held != nil || r.dropped(drop.Finished) != 1 {
		t.Errorf("the new object has taken it; %d dropped as finished", r.dropped(drop.Finished))
	}
	r.feed(o.all()...)
	r.want("failed 1 a superseded", "completed 1 b 1000")
	r.close()
}
