package sender

import (
	"sync"

	"github.com/flute-node/flute-node/fec"
)

// workBytes is the smallest source block, in bytes, whose repair symbols are worth a Work.
const workBytes = 256 << 10

// encodeJob makes the repair symbols of a source block.
type encodeJob struct {
	enc fec.Encoder
	esi fec.ESI // the first repair symbol that is due: it makes the encoder do its work
	n   int     // how many from esi on are made at once; zero: each when it is due
}

// foreseeing is an encoder that makes n repair symbols from first on at once, for less than one by one. It may then
// have no others, until Reset, once source is used for something else.
type foreseeing interface {
	Prepare(first fec.ESI, n int) error
}

func (*encodeJob) lane() any { return nil }
func (*encodeJob) cancel()   {}

func (j *encodeJob) run(sync.Locker) error {
	if j.n > 0 {
		return j.enc.(foreseeing).Prepare(j.esi, j.n)
	}
	_, err := j.enc.AppendRepair(nil, j.esi)
	return err
}

// prepare makes a Work for the repair symbols of the block in transfer number turn, if that takes long. once says that
// no other symbols of it are wanted from enc.
func (b *block) prepare(turn uint64, once bool) {
	b.once = false
	if b.group.repairs == 0 || b.size < workBytes {
		return
	}
	first, n := b.group.repairSymbols(turn)
	if _, ok := b.enc.(foreseeing); !once || !ok {
		n = 0
	}
	b.once = n > 0
	b.work = &Work{job: &encodeJob{enc: b.enc, esi: first, n: n}}
}

// ready returns nil when the repair symbols of the block can be made now, errBusy when a Work is about to make that
// quick, and the error of the Work.
func (b *block) ready() error {
	if b.work == nil {
		return nil
	}
	if b.work.takeBack() { // nobody runs it
		job := b.work.job
		if b.work = nil; !b.once {
			return nil // each symbol is made when it is due
		}
		return job.run(nil)
	}
	if !b.work.done() {
		return errBusy
	}
	err := b.work.err
	b.work = nil
	return err
}

// leave gives up memory that a Work may be using.
func (b *block) leave() {
	if b.kept != nil {
		b.giveBack()
		b.work = nil
		return
	}
	if b.work != nil && !b.work.takeBack() && !b.work.done() {
		b.enc, b.code, b.held = nil, code{}, nil
	}
	b.work = nil
}
