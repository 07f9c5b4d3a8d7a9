package receiver

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
)

// TestLossIsEstimated: the loss that a session tells is what the network has lost, whatever the sender does: with and
// without repair symbols, with source blocks that are interleaved, in a carousel with repair symbols of its own in each
// turn, for packets that are overtaken or doubled.
func TestLossIsEstimated(t *testing.T) {
	raptorQ := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 64, MaxSourceBlockLength: 100, Alignment: 4}
	plain := fec.OTI{SymbolLength: 64, MaxSourceBlockLength: 100}
	for _, c := range []struct {
		name string
		cfg  sender.Config
	}{
		{"no-code", sender.Config{OTI: plain}},
		{"interleaved", sender.Config{OTI: plain, Interleave: 8}},
		{"RaptorQ", sender.Config{OTI: raptorQ, Redundancy: 0.1}},
		{"carousel", sender.Config{OTI: raptorQ, Redundancy: 0.1, TransferCount: 3}},
	} {
		for _, loss := range []float64{0, 0.01, 0.05, 0.25} {
			for _, disorder := range []bool{false, true} {
				rng := rand.New(rand.NewPCG(7, uint64(1000*loss)))
				r := newRig(t)
				fdts, data := split(t, transmit(t, c.cfg, source{name: "a", content: random(200_000, 1)}))
				r.feed(fdts...)
				sent, lost := len(data), 0
				if disorder {
					for i := 0; i+3 < len(data); i += 10 {
						data[i], data[i+3] = data[i+3], data[i]
					}
				}
				for i, d := range data {
					r.now = r.now.Add(time.Millisecond)
					if rng.Float64() < loss {
						lost++
						continue
					}
					r.feed(d)
					if disorder && i%50 == 0 {
						r.feed(d)
					}
				}
				got, want := r.l.Account(r.now), float64(lost)/float64(sent)
				// Five standard deviations of an estimate, and what is lost at the ends of blocks.
				if limit := 5*math.Sqrt(want*(1-want)/float64(sent))/2 + 0.004; math.Abs(got.Loss-want) > limit {
					t.Errorf("%s, loss %v, disorder %v: told %.4f of %d, was %.4f of %d",
						c.name, loss, disorder, got.Loss, got.Due, want, sent)
				}
				r.close()
			}
		}
	}
}

// TestAccount: what came, what it was worth, and how much more might have been lost, in an object of two source blocks
// of 10 symbols: of the first, three source symbols are lost and five repair symbols come; of the second, one and two.
func TestAccount(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 2000, 100, 10, 16, schemes.Rizzo)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}}.packets(t)...)
	block := func(sbn fec.SBN, repairs int, lost ...fec.ESI) {
		for esi := range fec.ESI(10 + repairs) {
			if !slices.Contains(lost, esi) {
				r.feed(o.packet(sbn, esi, 1))
			}
		}
	}
	block(0, 5, 1, 4, 5)
	block(1, 2, 9)
	r.feed(o.packet(1, 0, 1)) // the next turn
	r.file("a", o.content)
	got := r.l.Account(r.now)
	if got.Symbols != 24 || got.Useful != 20 || got.Repaired != 4 || got.Overhead != 0.2 {
		t.Errorf("%d symbols, %d useful, %d repaired, overhead %v; want 24, 20, 4, 0.2",
			got.Symbols, got.Useful, got.Repaired, got.Overhead)
	}
	if got.Due != 14+11 || got.Lost != 4 { // not the first of each block
		t.Errorf("%d of %d lost, want 4 of 25", got.Lost, got.Due)
	}
	// The first block goes on for all that anybody knows; the second one was begun anew.
	if got.MarginBlocks != 1 || got.LeastSurplus != 1 || got.Margin != 1.0/11 {
		t.Errorf("margin of %d blocks: %v, least %d; want 1: 1/11, 1", got.MarginBlocks, got.Margin, got.LeastSurplus)
	}
	for range sequenceEnd {
		r.feed(o.packet(1, 0, 1))
	}
	if got := r.l.Account(r.now); got.MarginBlocks != 2 || got.LeastSurplus != 1 || got.Margin != 3.0/23 {
		t.Errorf("margin of %d blocks: %v, least %d; want 2: 3/23, 1", got.MarginBlocks, got.Margin, got.LeastSurplus)
	}
	if got := r.l.Account(r.now.Add(3 * time.Second)); got.FDTAge != 3*time.Second {
		t.Errorf("FDT was heard %v ago, want 3s", got.FDTAge)
	}
	r.close()
}

// TestOutageIsTold: source blocks of which nothing comes are lost too, and the second in which they were to come was
// the worst one.
func TestOutageIsTold(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 400_000, 100, 100)
	instance := fdtInstance{files: []fdt.File{o.file("a")}}.packets(t)
	r.feed(instance...)
	begin := r.now
	for i, d := range o.all() {
		r.now = r.now.Add(time.Millisecond)
		if i%100 == 0 && (i < 1050 || i >= 2080) { // after a silence it tells that the same sender goes on
			r.feed(instance...)
		}
		if i < 1050 || i >= 2080 { // blocks 11 to 19, and parts of 10 and 20
			r.feed(d)
		}
	}
	got := r.l.Account(r.now)
	if lost := got.Lost; lost < 900 || lost > 1030 { // the ends of both parts lie outside of what came
		t.Errorf("%d lost, were 1030", lost)
	}
	if at := got.WorstAt.Sub(begin); got.WorstLoss < 0.4 || at < 0 || at > 2*time.Second {
		t.Errorf("worst second: %v, %v after the beginning", got.WorstLoss, at)
	}
	if got.LatestLoss != 0 {
		t.Errorf("latest second: %v", got.LatestLoss)
	}
	r.close()
}

// TestShuffledSymbolsTellNoLoss: where ESIs are not in order, gaps say nothing, and nothing is told.
func TestShuffledSymbolsTellNoLoss(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 100_000, 100, 1000)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}}.packets(t)...)
	all := o.all()
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	r.feed(all...)
	if got := r.l.Account(r.now); got.Due != 0 || got.Loss != 0 || got.MarginBlocks != 0 || got.Symbols != 1000 {
		t.Errorf("%+v", got)
	}
	r.close()
}

// TestForgedESIsSpoilNoEstimate: a packet with an ESI that no sender has come to is no gap of thousands.
func TestForgedESIsSpoilNoEstimate(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 100_000, 2, 50_000)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}}.packets(t)...)
	for esi := range fec.ESI(1000) {
		r.feed(o.packet(0, esi, 1))
		if esi%100 == 50 {
			r.feed(o.packet(0, 40_000+esi, 1))
		}
	}
	if got := r.l.Account(r.now); got.Lost != 0 {
		t.Errorf("%d of %d lost, none was", got.Lost, got.Due)
	}
	r.close()
}

// TestJitter: datagrams at a steady rate have none, whatever of them one read brings; others have what they are late.
func TestJitter(t *testing.T) {
	for _, c := range []struct {
		name  string
		batch int
		late  time.Duration
		want  time.Duration
	}{
		{"steady", 1, 0, 0},
		{"in reads of 8", 8, 0, 0},
		{"every other one 2 ms late", 1, 2 * time.Millisecond, 2 * time.Millisecond},
	} {
		var a arrivals
		for i := range 4000 {
			at := start.Add(time.Duration(i/c.batch*c.batch) * 10 * time.Millisecond)
			if i%2 == 1 {
				at = at.Add(c.late)
			}
			a.take(at)
		}
		if diff := (a.jitter - c.want).Abs(); diff > 100*time.Microsecond {
			t.Errorf("%s: %v, want %v", c.name, a.jitter, c.want)
		}
	}
}

// TestClockOffset: what EXT_TIME says of the sender's clock is told as its distance from this one.
func TestClockOffset(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 100, 100, 1)
	packets := fdtInstance{files: []fdt.File{o.file("a")}, sct: r.now.Add(-90 * time.Second)}.packets(t)
	r.feed(packets...)
	if got := r.l.Account(r.now.Add(time.Minute)).ClockOffset; (got + 90*time.Second).Abs() > time.Second {
		t.Errorf("offset %v, want -90s", got)
	}
	r.close()
}

// TestAccountAllocatesNothing: neither a packet that is repeated nor a look at the account takes memory.
func TestAccountAllocatesNothing(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 20_000, 100, 10, 16, schemes.Rizzo)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}}.packets(t)...)
	all := o.all()
	r.feed(all...)
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		r.s.Route(r.now, Origin{}, all[i%len(all)])
		i++
		r.l.Account(r.now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
