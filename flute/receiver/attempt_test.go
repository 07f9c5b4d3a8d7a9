package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/store"
)

// solving is Reed-Solomon with a Solver that wants more symbols than needed.
type solving struct {
	fec.Scheme
	surplus int
	solved  int // calls
}

func (s *solving) Variants() []fec.Variant { return nil }

func (s *solving) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	d, err := s.Scheme.NewDecoder(o, v, k)
	return &solver{d, s}, err
}

type solver struct {
	fec.Decoder
	scheme *solving
}

func (s *solver) Solve(lost, repair []fec.ESI) error {
	s.scheme.solved++
	if len(repair) < len(lost)+s.scheme.surplus {
		return fmt.Errorf("only %d: %w", len(repair), fec.ErrMoreSymbols)
	}
	return nil
}

// attempting returns a rig whose Works wait, with an object of two source blocks, each too large to be decoded inline,
// and their code known to the session.
func attempting(t *testing.T, edit ...func(*Config)) (*rig, object) {
	t.Helper()
	r := newRig(t, append([]func(*Config){func(c *Config) { c.Variant = rs.Rizzo }}, edit...)...)
	r.manual = true
	o := coded(t, 1, 19*30_000+77, 30_000, 10, 14, "")
	r.feed(describe(t, 0, o.file("a")))
	return r, o
}

// some feeds the source symbols of a block but for those lost, and repair symbols.
func (r *rig) some(o object, sbn fec.SBN, repairs int, lost ...fec.ESI) {
	part := o.oti.Partition()
	skip := map[fec.ESI]bool{}
	for _, esi := range lost {
		skip[esi] = true
	}
	k := fec.ESI(part.BlockSymbols(sbn))
	for esi := range k {
		if !skip[esi] {
			r.feed(o.packet(sbn, esi, 1))
		}
	}
	for i := range fec.ESI(repairs) {
		r.feed(o.packet(sbn, k+i, 1))
	}
}

func (r *rig) workAll() {
	for len(r.works) > 0 {
		r.work()
	}
}

func TestAttempts(t *testing.T) {
	r, o := attempting(t)
	r.some(o, 0, 2, 3, 7)
	r.some(o, 1, 1, 9) // the last symbol is short
	if len(r.works) != 2 {
		t.Fatalf("%d Works, want one for each source block", len(r.works))
	}
	r.workAll()
	r.want("completed 1 a 570077")
	r.file("a", o.content)
	r.close()
}

// While a block is being decoded its other symbols come, and an FDT Instance ends the session's ignorance of nothing.
func TestSymbolsDuringAttempt(t *testing.T) {
	for name, drain := range map[string]bool{"before the Work": true, "after the Work": false} {
		t.Run(name, func(t *testing.T) {
			r, o := attempting(t)
			r.some(o, 0, 2, 3, 7)
			if !drain {
				r.works[0].Run(nil)
			}
			r.feed(o.packet(0, 3, 1), o.packet(0, 7, 1), o.packet(0, 12, 1))
			r.some(o, 1, 0)
			work := r.works[0]
			r.works = r.works[1:]
			if drain {
				work.Run(nil)
			}
			r.bring(work)
			r.workAll()
			r.want("completed 1 a 570077")
			r.file("a", o.content)
			r.close()
		})
	}
}

// A Solver is asked first, again when symbols came meanwhile, and the block is put together once it agrees.
func TestSolver(t *testing.T) {
	scheme := &solving{Scheme: rs.New(), surplus: 1}
	r, o := attempting(t,
		func(c *Config) { c.Variant, c.Registry = "", c.Registry.With(fec.ReedSolomonGF28, 0, scheme) })
	r.some(o, 0, 2, 3, 7)
	held := r.l.Held()
	r.works[0].Run(nil)
	r.feed(o.packet(0, 12, 1)) // the Work does not know it
	r.work2(t, 1, 1)
	r.work2(t, 2, 1) // solved: now the other kind
	if grown := r.l.Held() - held; grown < 300_000 {
		t.Errorf("%d bytes held for the block, which has 300000", grown)
	}
	r.work2(t, 2, 0)
	r.some(o, 1, 0)
	r.workAll()
	r.want("completed 1 a 570077")
	r.file("a", o.content)
	r.close()
}

// work2 runs the next Work, unless it has run, and checks how often the Solver was asked and how many Works there are
// then.
func (r *rig) work2(t *testing.T, solved, works int) {
	t.Helper()
	w := r.works[0]
	r.works = r.works[1:]
	if w.state.Load() == workPending {
		w.Run(nil)
	}
	r.bring(w)
	scheme, _ := r.cfg.Registry.Scheme(&fec.OTI{EncodingID: fec.ReedSolomonGF28})
	if s := scheme.(*solving); s.solved != solved || len(r.works) != works {
		t.Fatalf("solved %d times, %d Works; want %d and %d", s.solved, len(r.works), solved, works)
	}
}

// What ends an object while its blocks are being decoded frees everything once the Work has ended.
func TestEndDuringAttempt(t *testing.T) {
	for name, do := range map[string]func(r *rig, w *Work){
		"cancelled, then brought": func(r *rig, w *Work) { w.Run(nil); r.bring(w) },
		"nobody to bring it to":   func(_ *rig, w *Work) { w.Run(nil); w.Cancel() },
		"cancelled before":        func(_ *rig, w *Work) { w.Cancel(); w.Run(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			r, o := attempting(t)
			r.some(o, 0, 1, 3)
			w := r.works[0]
			r.works = nil
			r.object(o.toi).cancel("test", "")
			if r.l.Held() < 300_000 {
				t.Error("memory that a Work still uses is free")
			}
			do(r, w)
			r.close()
		})
	}
	t.Run("not handed out", func(t *testing.T) {
		r, o := attempting(t)
		r.some(o, 0, 0, 3)
		p, _ := r.s.Route(r.now, Origin{}, o.packet(0, 10, 1))
		r.handed++
		r.object(o.toi).Handle(r.now, &p)
		r.object(o.toi).cancel("test", "")
		r.close()
	})
	t.Run("crash of the decoder", func(t *testing.T) {
		r, o := attempting(t)
		r.some(o, 0, 1, 3)
		r.works[0].Fail(errors.New("panic"))
		w := r.works[0]
		r.works = nil
		r.bring(w)
		r.want("failed 1 a quarantined")
		r.close()
	})
	t.Run("crash of the actor", func(t *testing.T) {
		r, o := attempting(t)
		r.some(o, 0, 1, 3)
		r.some(o, 1, 0)
		r.crash()
		r.workAll()
		r.want("completed 1 a 570077")
		r.close()
	})
}

// Blocks that cannot be paid wait until others are done, or for a moment, whichever is later.
func TestAttemptsWithinBudget(t *testing.T) {
	r, o := attempting(t, func(c *Config) { c.Budget = store.NewBudget(900_000, nil) })
	r.some(o, 0, 1, 3)
	taken := r.cfg.Budget.Limit() - r.cfg.Budget.Used() - 200_000
	if !r.cfg.Budget.TryReserve(taken) {
		t.Fatal("no room")
	}
	r.some(o, 1, 1, 3)
	if len(r.works) != 1 {
		t.Fatalf("%d Works, want one: there is no memory for another", len(r.works))
	}
	r.workAll()
	r.file("a", o.content)
	r.cfg.Budget.Release(taken)
	r.close()

	r, o = attempting(t, func(c *Config) { c.Budget = store.NewBudget(900_000, nil) })
	r.some(o, 0, 0)
	r.some(o, 1, 0, 3)
	taken = r.cfg.Budget.Limit() - r.cfg.Budget.Used() - 50_000
	if !r.cfg.Budget.TryReserve(taken) {
		t.Fatal("no room")
	}
	r.feed(o.packet(1, 10, 1))
	r.wait(time.Second)
	if len(r.works) != 0 {
		t.Fatal("a Work that cannot be paid")
	}
	r.cfg.Budget.Release(taken)
	r.wait(time.Second)
	r.workAll()
	r.want("completed 1 a 570077")
	r.close()
}

// An object whose source blocks can never be decoded is refused when its OTI is known, not when all has come.
func TestBlockBeyondBudget(t *testing.T) {
	r, o := attempting(t, func(c *Config) { c.Budget = store.NewBudget(290_000, nil) })
	r.some(o, 0, 1, 3)
	if got := r.dropped(drop.OTI) + r.dropped(drop.Finished); got == 0 {
		t.Errorf("%v", r.l.Counters())
	}
	r.want("failed 1 a oti")
	r.close()
}

// The session and the object wait with their end for blocks that are being decoded.
func TestCloseDuringAttempt(t *testing.T) {
	r, o := attempting(t)
	r.some(o, 0, 1, 3)
	r.some(o, 1, 0)
	r.feed(o.packet(1, 0, 1, closeObject))
	r.wait(2 * r.cfg.CloseGrace)
	r.want()
	r.workAll()
	r.want("completed 1 a 570077")
	r.close()
}

// While there is no memory, a try costs as much as one block, not as all that wait; when there is, all are decoded.
func TestStalledBlocksWaitCheaply(t *testing.T) {
	const blocks = 400
	r := newRig(t)
	o := coded(t, 1, blocks*400, 100, 4, 8, "")
	o.content = bytes.Repeat(o.content[:400], blocks) // encode one block only
	f := o.file("a")
	f.MD5 = md5Of(o.content)
	r.feed(describe(t, 0, f))
	for sbn := range fec.SBN(blocks) {
		r.feed(o.packet(sbn, 0, 3))
	}
	repair, taken := o.repair(0, 4), uint64(0)
	for sbn := range fec.SBN(blocks) { // what is left is enough for a symbol, not for a block
		r.cfg.Budget.Release(taken)
		if taken = r.cfg.Budget.Limit() - r.cfg.Budget.Used() - 250; !r.cfg.Budget.TryReserve(taken) {
			t.Fatal("no room")
		}
		r.feed(o.raw(sbn, 4, repair))
	}
	held, object := r.l.entries[o.toi].held, r.object(o.toi)
	waiting := held.Stalled()
	if waiting < blocks*3/4 {
		t.Fatalf("%d blocks wait", waiting)
	}
	n := testing.AllocsPerRun(10, func() {
		if err := object.retry(r.now); err != nil {
			t.Fatal(err)
		}
	})
	if n > 20 {
		t.Errorf("%v allocations", n)
	}
	if got := held.Stalled(); got != waiting || !held.IsWaiting() {
		t.Errorf("%d blocks wait after that, not %d", got, waiting)
	}
	r.cfg.Budget.Release(taken)
	r.wait(time.Second)
	r.want("completed 1 a 160000")
	r.close()
}

// A store that cannot be read once a Solver has agreed fails the object; what its attempt held is given back.
func TestReadFailsAfterSolver(t *testing.T) {
	broken := false
	scheme := &solving{Scheme: rs.New(), surplus: 1}
	r, o := attempting(t, withFaults(func(op string) error {
		if broken && op == "read" {
			return errors.New("bad sector")
		}
		return nil
	}), func(c *Config) { c.Variant, c.Registry = "", c.Registry.With(fec.ReedSolomonGF28, 0, scheme) })
	r.some(o, 0, 3, 3, 7)
	broken = true
	r.workAll()
	r.want("failed 1 a store")
	r.close()
}
