package corebench

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/fecbench"
)

// batch is how many datagrams are handed over at once: what one message of a socket with UDP_GRO brings.
const batch = 46

// Receive measures a session that receives all files, of whose source symbols so large a part is lost.
func (b *Bench) Receive(loss float64) (fecbench.Result, error) {
	packets, err := b.packets(loss)
	if err != nil {
		return fecbench.Result{}, err
	}
	files := newPlaces(len(b.files), len(b.files[0]))
	var r *receiver.Receiver
	w := fecbench.Work{
		Prepare: func() (err error) {
			files.reset()
			r, err = receiver.New(receiver.Config{Registry: b.registry, Store: files})
			return err
		},
		Run: func() error {
			for read := range slices.Chunk(packets, batch) {
				r.HandleBatch(start, flute.SessionKey{TSI: 1}, receiver.Origin{}, read)
			}
			return nil
		},
		Check: func() error { return b.check(r, files) },
	}
	for _, step := range []func() error{w.Prepare, w.Run, w.Check} { // what the scheme keeps is made now
		if err := step(); err != nil {
			return fecbench.Result{}, err
		}
	}
	w.Check = func() error { return b.received(r) } // the bytes are the same every time
	return fecbench.Measure(b.cfg, b.size(), w)
}

// received fails unless every file is complete.
func (b *Bench) received(r *receiver.Receiver) error {
	complete := 0
	for _, e := range r.Events() {
		if _, ok := e.(event.ObjectCompleted); ok {
			complete++
		}
		if f, ok := e.(event.ObjectFailed); ok {
			return fmt.Errorf("corebench: %s: %s", f.Reason, f.Detail)
		}
	}
	if complete != len(b.files) {
		return fmt.Errorf("corebench: %d of %d files were received", complete, len(b.files))
	}
	return nil
}

// check fails unless every file is complete and has the bytes that were sent.
func (b *Bench) check(r *receiver.Receiver, files *places) error {
	if err := b.received(r); err != nil {
		return err
	}
	for i, want := range b.files {
		if !bytes.Equal(files.named[fmt.Sprint(i)], want) {
			return fmt.Errorf("corebench: file %d has other bytes", i)
		}
	}
	return nil
}

// blockOf names a source block of the session.
type blockOf struct {
	toi flute.TOI
	sbn fec.SBN
}

// packets returns what comes of a session: all of its FDT Instances, and of each source block the source symbols that
// are not lost and some repair symbols.
func (b *Bench) packets(loss float64) ([][]byte, error) {
	s, err := b.session()
	if err != nil {
		return nil, err
	}
	var packets [][]byte
	lost := map[blockOf][]bool{}
	random := rand.New(rand.NewPCG(b.cfg.Seed, 1))
	count := int(loss*float64(b.c.K) + 0.5)
	most := b.c.K
	if count > 0 {
		most += uint32(count) + b.c.Spare
	}
	var failed error
	err = send(s, func(packet []byte) {
		p, err := alc.Parse(packet)
		if err == nil && !p.TOI.IsFDT() {
			var id fec.PayloadID
			if id, _, err = b.c.OTI.ParsePayloadID(p.Body); err == nil {
				of := blockOf{p.TOI, id.SBN}
				if lost[of] == nil {
					lost[of] = make([]bool, b.c.K)
					for _, i := range random.Perm(int(b.c.K))[:count] {
						lost[of][i] = true
					}
				}
				if esi := uint32(id.ESI); esi >= most || esi < b.c.K && lost[of][esi] {
					return
				}
			}
		}
		failed = errors.Join(failed, err)
		packets = append(packets, bytes.Clone(packet))
	})
	return packets, errors.Join(err, failed)
}
