package simulator

import (
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/simnet"
)

// happen lets an incident happen.
func (w *world) happen(i Incident) {
	w.mu.Lock()
	p := w.receiver
	w.trace(fmt.Sprintf("--- %s %d, for %v", i.What, i.Which, i.For))
	w.mu.Unlock()
	switch i.What {
	case killReceiver:
		w.die(p, false, i.For)
	case cutPower:
		w.die(p, true, i.For)
	case cutWrite:
		if p != nil {
			w.disk.CutAt(1 + i.Which%50)
		}
	case stopReceiver:
		w.pauseReceiver(p, i.For)
	case killSender, stopSender:
		w.restartSender(i.What == killSender, i.For)
	case updateFile, removeFile:
		w.change(i.Which, i.What == removeFile)
	case diskFull:
		w.disk.Break(simnet.Faults{Full: true}, i.For)
	case diskFails:
		w.disk.Break(simnet.Faults{Fails: 0.5}, i.For)
	case diskSlow:
		w.disk.Break(simnet.Faults{Slow: 50 * time.Millisecond}, i.For)
	case diskHangs:
		w.disk.Break(simnet.Faults{Slow: time.Hour}, i.For)
	case diskLies:
		w.disk.Break(simnet.Faults{Lies: true}, i.For)
	case closeSession:
		_, _ = w.forger.own.WriteBatch([][]byte{alc.AppendCloseSession(nil, w.forger.tsi())})
	case closeObject:
		w.forger.closeObject()
	case askSnapshot:
		w.state()
	case reopenSocket:
		if p != nil {
			w.closeSocket(p)
		}
	}
}

// die kills the receiver, takes the power if need be, and starts another one after a while.
func (w *world) die(p *process, power bool, wait time.Duration) {
	w.mu.Lock()
	gone := p == nil || p != w.receiver
	w.mu.Unlock()
	if gone {
		return
	}
	up := w.down()
	w.kill(p)
	w.mu.Lock()
	w.result.Figures.Kills++
	w.held.died(p)
	w.mu.Unlock()
	if power {
		w.disk.CutPower()
		w.spare.CutPower()
		w.mu.Lock()
		w.published = map[string]int{} // an older version may be back
		w.mu.Unlock()
	}
	w.verifyDisk("after a death")
	time.Sleep(wait)
	w.startReceiver()
	up()
}

// pauseReceiver stops the receiver in order, and starts another one after a while.
func (w *world) pauseReceiver(p *process, wait time.Duration) {
	if p == nil {
		return
	}
	up := w.down()
	w.mu.Lock()
	w.receiver = nil
	w.mu.Unlock()
	w.stop(p)
	w.mu.Lock()
	w.held.died(p)
	w.mu.Unlock()
	w.verifyDisk("after a stop")
	time.Sleep(wait)
	w.startReceiver()
	up()
}

// restartSender ends the sender, and starts another one after a while.
func (w *world) restartSender(kill bool, wait time.Duration) {
	if kill {
		w.sender.kill(w)
	} else {
		w.sender.stop(w)
	}
	w.mu.Lock()
	w.result.Figures.Restarts++
	w.mu.Unlock()
	time.Sleep(wait)
	w.startSender()
}

// closeObject sends a B flag of the object of the latest packet.
func (f *forger) closeObject() {
	w := f.w
	w.mu.Lock()
	var model []byte
	if w.recent.next > 0 {
		model = append(model, w.recent.list[(w.recent.next-1)%memory]...)
	}
	w.mu.Unlock()
	for range 8 {
		if b := closing(f, model); b != nil {
			_, _ = f.own.WriteBatch([][]byte{b})
		}
	}
}

// closeSocket has the system close the sockets of the receiver, which are opened again.
func (w *world) closeSocket(p *process) {
	w.mu.Lock()
	taps := p.taps
	now := time.Now()
	w.downs = append(w.downs, span{now.Add(-time.Second), now.Add(5 * time.Second)})
	w.mu.Unlock()
	for _, t := range taps {
		_ = t.Receiver.Close()
	}
}
