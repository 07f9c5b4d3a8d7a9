package simulator

import (
	"bytes"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

// visit is a session that is sent once, beside all others.
type visit struct {
	name    string
	content []byte
	from    time.Time
	to      time.Time // the zero time: it has not ended
}

// startBystanders starts the sessions that are sent once.
func (w *world) startBystanders() {
	p := &sendingProcess{w: w, from: aside}
	w.beside = p
	n, err := node.Start(node.Config{Workers: 2, Budget: 64 << 20, Network: p})
	if err != nil {
		w.fail(Shutdown, "the sender does not start: %v", err)
		return
	}
	p.node = n
	p.watch()
	for i := range w.plan.Bystanders {
		content := make([]byte, 20_000+w.rng.IntN(40_000))
		for j := range content {
			content[j] = byte(w.rng.Uint32())
		}
		wait := w.plan.Join + time.Second + time.Duration(w.rng.Int64N(int64(w.plan.Length)))
		w.visits.Go(func() { w.visit(n, i, content, wait) })
	}
}

func (w *world) visit(n *node.Node, i int, content []byte, wait time.Duration) {
	time.Sleep(wait)
	v := visit{name: fmt.Sprintf("b%d", i), content: content, from: time.Now()}
	s, err := n.Send(w.ctx, node.SendConfig{To: asideTo, TSI: flute.TSI(100 + i), Rate: 1_000_000})
	if err == nil {
		_, err = s.Add(w.ctx, sender.File{
			ContentLocation: v.name, Content: bytes.NewReader(content), Size: uint64(len(content)),
		}, nil)
	}
	if err == nil {
		_ = s.Finish(w.ctx)
		err = s.Wait(w.ctx)
	}
	if err != nil {
		w.fail(Isolation, "bystander %d is not sent: %v", i, err)
		return
	}
	time.Sleep(promptly)
	v.to = time.Now()
	there := w.spare.Has(v.name, content)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.downs {
		if d.from.Before(v.to) && v.from.Before(d.to) {
			return // its packets found no receiver
		}
	}
	if p := w.receiver; p == nil {
		return
	}
	w.result.Figures.Checks[Isolation]++
	if !there {
		w.failLocked(Isolation, "%s, sent once beside the others, is not there", v.name)
	}
}
