package receiver

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// schemesOf40 returns one OTI for each FEC scheme, with blocks of 40 source symbols.
func schemesOf40() map[string]fec.OTI {
	all := map[string]fec.OTI{}
	for name, id := range map[string]fec.EncodingID{
		"no-code": fec.CompactNoCode, "raptor": fec.Raptor, "raptorq": fec.RaptorQ, "rs8": fec.ReedSolomonGF28,
		"rsm": fec.ReedSolomonGF2m, "staircase": fec.LDPCStaircase, "triangle": fec.LDPCTriangle,
		"small": fec.SmallBlockSystematic,
	} {
		oti := fec.OTI{EncodingID: id, SymbolLength: 64, MaxSourceBlockLength: 40}
		switch id {
		case fec.CompactNoCode, fec.Raptor, fec.RaptorQ:
		default:
			oti.MaxEncodingSymbols = 60
		}
		if id == fec.ReedSolomonGF2m {
			oti.FieldBits = 8
		}
		all[name] = oti
	}
	return all
}

// turns returns the packets of n transfers of a file, and of the FDT Instances before each.
func turns(t *testing.T, oti fec.OTI, content []byte, n int) (fdts [][]byte, all [][][]byte) {
	t.Helper()
	cfg := sender.Config{OTI: oti, TransferCount: n}
	if oti.EncodingID == fec.Raptor || oti.EncodingID == fec.RaptorQ {
		cfg.Redundancy = 0.5
	} else if oti.EncodingID != fec.CompactNoCode {
		cfg.Repair = 12
	}
	fdts, data := split(t, transmit(t, cfg, source{name: "a", content: content}))
	if len(data)%n != 0 {
		t.Fatalf("%d packets in %d transfers", len(data), n)
	}
	for i := range n {
		all = append(all, data[i*len(data)/n:(i+1)*len(data)/n])
	}
	return fdts, all
}

// forge returns p with another symbol.
func forge(p []byte) []byte {
	b := bytes.Clone(p)
	for i := len(b) - 20; i < len(b)-2; i++ {
		b[i] ^= 0x5a
	}
	return b
}

// TestOneForgedSymbol: one forged symbol in a carousel of two turns costs no file: with each FEC scheme, with losses in
// the first turn and without. Only without FEC, and where the right symbol was lost, a third turn is needed.
func TestOneForgedSymbol(t *testing.T) {
	content := random(8000, 1)
	for name, oti := range schemesOf40() {
		t.Run(name, func(t *testing.T) {
			fdts, all := turns(t, oti, content, 3)
			for _, loss := range []int{0, 7} {
				for at := 1; at < len(all[0]); at += 3 {
					r := newRig(t)
					r.feed(fdts...)
					for i, p := range all[0] {
						if i == at {
							r.feed(forge(p))
						}
						if loss == 0 || i%loss != 3 {
							r.feed(p)
						}
					}
					r.feed(all[1]...)
					if oti.EncodingID == fec.CompactNoCode && loss > 0 && at%loss == 3 {
						r.feed(all[2]...)
					}
					r.wait(2 * time.Second)
					if got, _ := r.store.Get("a"); !bytes.Equal(got, content) {
						t.Fatalf("loss %d, forged at %d: %v", loss, at, r.ends())
					}
					r.close()
				}
			}
		})
	}
}

// TestForgedSymbolInOnePass: where the right symbol comes while memory still holds the forged one, or the other way
// round, the file arrives in one pass; also where up to four symbols were forged, some before and some behind the right
// ones.
func TestForgedSymbolInOnePass(t *testing.T) {
	content := random(8000, 1)
	for name, oti := range schemesOf40() {
		t.Run(name, func(t *testing.T) {
			fdts, all := turns(t, oti, content, 1)
			for at := 1; at < len(all[0]); at += 5 {
				r := newRig(t)
				r.feed(fdts...)
				for i, p := range all[0] {
					forged := i >= at && i < at+4
					if forged && i%2 == 0 {
						r.feed(forge(p))
					}
					r.feed(p)
					if forged && i%2 == 1 {
						r.feed(forge(p))
					}
				}
				r.wait(30 * time.Second)
				if got, _ := r.store.Get("a"); !bytes.Equal(got, content) {
					t.Fatalf("forged at %d: %v", at, r.ends())
				}
				r.close()
			}
		})
	}
}

// TestForgedSymbolInEachTurn: a forger who sends one symbol in each turn, wherever he likes, does not keep the file
// from arriving.
func TestForgedSymbolInEachTurn(t *testing.T) {
	content := random(8000, 1)
	const most = 8
	for name, oti := range schemesOf40() {
		t.Run(name, func(t *testing.T) {
			fdts, all := turns(t, oti, content, most)
			for seed := range uint64(20) {
				rng := rand.New(rand.NewPCG(seed, 1))
				r := newRig(t)
				arrived := 0
				for turn, packets := range all {
					r.feed(fdts...)
					at, before := rng.IntN(len(packets)), rng.IntN(2) == 0
					for i, p := range packets {
						if i == at && before {
							r.feed(forge(p))
						}
						if rng.IntN(20) > 0 || oti.EncodingID == fec.CompactNoCode {
							r.feed(p)
						}
						if i == at && !before {
							r.feed(forge(p))
						}
					}
					r.wait(2 * time.Second)
					if _, ok := r.store.Get("a"); ok && arrived == 0 {
						arrived = turn + 1
					}
				}
				r.file("a", content)
				if arrived == 0 || arrived > 6 {
					t.Errorf("seed %d: it arrived in turn %d", seed, arrived)
				}
				r.close()
			}
		})
	}
}

// TestForgedSymbolsAreTold: whoever runs the receiver hears that symbols came in several versions.
func TestForgedSymbolsAreTold(t *testing.T) {
	o := plain(t, 1, 5000, 100, 10)
	f := o.file("a")
	f.MD5 = md5Of(o.content)
	r := newRig(t)
	r.feed(describe(t, 0, f))
	r.feed(forge(o.packet(2, 3, 1)))
	r.feed(o.all()...)
	r.feed(o.all()...)
	r.wait(2 * time.Second)
	r.want("failed 1 a digest", "completed 1 a 5000")
	told := 0
	for _, w := range eventsOf[event.Warning](r) {
		told += bytes.Count([]byte(w.Text), []byte("1 symbols came in several versions"))
	}
	if told != 1 {
		t.Errorf("told %d times: %v", told, eventsOf[event.Warning](r))
	}
	r.close()
}

// TestWrongDigest: a file whose announced digest is wrong for good is received as seldom as before, and a flood of
// forged symbols is held within bounds.
func TestWrongDigest(t *testing.T) {
	o := plain(t, 1, 5000, 100, 10)
	f := o.file("a")
	f.MD5 = md5Of([]byte("something else"))
	r := newRig(t)
	r.feed(describe(t, 0, f))
	for turn := range 30 {
		for i, p := range o.all() {
			r.feed(p)
			for j := range turn % 3 {
				b := forge(p)
				b[len(b)-1] ^= byte(turn + i + j)
				r.feed(b)
			}
		}
		if n := r.l.Held(); n > 400_000 {
			t.Fatalf("%d bytes are held", n)
		}
		r.wait(time.Second)
	}
	if n := len(eventsOf[event.ObjectFailed](r)); n > 30 {
		t.Errorf("%d failures are told", n)
	}
	r.close()
}

// TestDescribedWhileTagsAreMade: an object whose digest has failed is described again, or its actor is made anew, while
// the tags of its symbols are being made. It is compared with what comes again all the same.
func TestDescribedWhileTagsAreMade(t *testing.T) {
	content := random(8000, 1)
	for name, again := range map[string]func(r *rig, fdts [][]byte){
		"crash":     func(r *rig, _ [][]byte) { r.crash() },
		"described": func(r *rig, _ [][]byte) { o := r.object(flute.NewTOI(1)); o.Describe(r.now); r.settleObject(o) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.manual = true
			fdts, all := turns(t, schemesOf40()["no-code"], content, 2)
			r.feed(fdts...)
			r.feed(forge(all[0][0]))
			r.feed(all[0][1:]...)
			for len(r.works) > 0 && r.works[0].tagging == nil {
				r.work()
			}
			if len(r.works) != 1 {
				t.Fatalf("%d Works", len(r.works))
			}
			again(r, fdts)
			for len(r.works) > 0 {
				r.work()
			}
			for _, p := range all[1] {
				r.feed(p)
				for len(r.works) > 0 {
					r.work()
				}
			}
			if got, _ := r.store.Get("a"); !bytes.Equal(got, content) {
				t.Errorf("not received: %v", r.ends())
			}
			r.close()
		})
	}
}
