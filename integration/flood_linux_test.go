package integration

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

var (
	flood     = flag.Int("flood", 20_000, "forged packets a second that TestFloodBesideASession sends at most")
	floodTime = flag.Duration("floodtime", 500*time.Millisecond, "how long its session lasts at 100 Mbit/s")
)

// forge returns a packet of any kind with a random TSI or, if tsi is not 0, of that session.
func forge(t *testing.T, rng *rand.Rand, tsi flute.TSI) []byte {
	if tsi == 0 {
		tsi = flute.TSI(firstForgedTSI + rng.Uint32N(1<<30))
	}
	oti := fec.OTI{TransferLength: 1 << 20, SymbolLength: 1000, MaxSourceBlockLength: 64}
	spec := alc.Spec{TSI: tsi, TOI: flute.NewTOI(1 + uint64(rng.Uint32()))}
	switch rng.IntN(4) {
	case 0:
		spec.OTI = &oti
		return render(t, spec, append([]byte{0, 1, 0, byte(rng.IntN(64))}, make([]byte, 1000)...))
	case 1:
		return render(t, spec, append([]byte{0, 1, 0, 2}, make([]byte, 100)...))
	case 2:
		return instance(t, tsi, fmt.Sprint("<FDT-Instance", rng.Uint32()))
	}
	junk := make([]byte, 100)
	for i := range junk {
		junk[i] = byte(rng.Uint32())
	}
	return junk
}

// forgeAll returns packets of every kind, of which one in four is of the session tsi.
func forgeAll(t *testing.T, seed uint64, tsi flute.TSI) [][]byte {
	rng := rand.New(rand.NewPCG(1, seed))
	packets := make([][]byte, 4096)
	for i := range packets {
		of := flute.TSI(0)
		if rng.IntN(4) == 0 {
			of = tsi
		}
		packets[i] = forge(t, rng, of)
	}
	return packets
}

// TestFloodBesideASession: forged packets of every kind, with random TSIs and TOIs from random ports, also from the
// address and with the TSI of a good sender, come before and beside a session of 100 Mbit/s. It is delivered in one
// pass with its FEC, memory stays within what Bounds says, and every packet that was read is counted. The long form is
// that with -flood 200000 -floodtime 30s.
//
// A machine that reads too slowly, so that the kernel loses more than the FEC can make up for, gets a quarter of both
// rates, and then a sixteenth: there, at the latest, the file comes.
func TestFloodBesideASession(t *testing.T) {
	for _, part := range []int{1, 4, 16} {
		if floodBeside(t, max(2, *flood/part), 100_000_000/part) {
			return
		}
	}
	t.Error("the file has not come at a sixteenth of the rates")
}

// floodBeside has rate forged packets a second come beside a session of so many bits a second, and reports whether its
// file has come.
func floodBeside(t *testing.T, rate, bits int) (came bool) {
	const tsi = 7
	group := newGroup(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second+2**floodTime)
	defer cancel()
	cfg := node.Config{Budget: 128 << 20}
	n, err := node.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, n)
	st := mem.New()
	receive := node.ReceiveConfig{Group: group, Interface: "lo", Store: st}
	_, most, err := cfg.Bounds(receive, 1)
	if err != nil {
		t.Fatal(err)
	}
	completed := n.Subscribe(node.SubscribeOptions{Filter: func(e notice.Event) bool {
		c, ok := e.(event.ObjectCompleted)
		return ok && !c.Sending
	}})
	ends := n.Subscribe(node.SubscribeOptions{Queue: 1 << 16, Filter: func(e notice.Event) bool {
		switch e := e.(type) {
		case event.SessionClosed:
			return !e.Sending
		case notice.KernelDrops:
			return true
		}
		return false
	}})
	r, err := n.Receive(ctx, receive)
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("good"), int(float64(bits)/8/1.4*floodTime.Seconds())/4)
	runtime.GC()
	base := live()

	closed := accounts{good: flute.SessionKey{Source: netip.MustParseAddr("127.0.0.1"), Group: group, TSI: tsi}}
	closed.gather(t, ends)
	var floods []func() uint64
	for i, address := range []string{"127.0.0.1", "127.0.0.2"} {
		floods = append(floods, startPouring(t, address, group, forgeAll(t, uint64(i), tsi), rate/2))
	}
	begin := time.Now()
	before, _ := iobench.Used()
	time.Sleep(100 * time.Millisecond) // it was there first
	s, err := n.Send(ctx, node.SendConfig{
		To: group, TSI: tsi, Interface: "lo", Rate: uint64(bits),
		Session: sender.Config{
			OTI:        fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 1400, MaxSourceBlockLength: 1000, Alignment: 4},
			Redundancy: 0.3,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(ctx, sender.File{
		ContentLocation: "good", Content: bytes.NewReader(content), Size: uint64(len(content)),
	}, nil); err != nil {
		t.Fatal(err)
	}
	var held, used uint64
	patience := time.After(30*time.Second + *floodTime)
	for done := false; !done; {
		select {
		case <-completed.Events():
			came, done = true, true
		case <-time.After(20 * time.Millisecond):
			held, used = max(held, live()), max(used, n.Used())
		case <-patience:
			done = true
		}
	}
	runtime.GC() // while the flood goes on
	held = max(held, live(), base) - base
	sent := uint64(0)
	for _, stop := range floods {
		sent += stop()
	}
	took := time.Since(begin)
	after, _ := iobench.Used()
	if got, ok := st.Get("good"); ok != came || ok && !bytes.Equal(got, content) {
		t.Error("the file is not there, or has other bytes")
	}
	// The store keeps the file in memory, which is no part of the node. What the sender has, little, is not in Bounds.
	most += uint64(len(content))
	if used > cfg.Budget || held > most {
		t.Errorf("%d bytes used of %d; %d more are in use, of at most %d", used, cfg.Budget, held, most)
	}
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
	read, dropped := r.Datagrams()
	stop(t, n)
	<-closed.done
	counted, kernel := closed.received, closed.kernel
	for _, n := range dropped {
		counted += n
	}
	t.Logf("%d forged packets, %.0f a second; %d read, %d lost by the kernel; %d MiB used, %d MiB in use", sent,
		float64(sent)/took.Seconds(), read, kernel, used>>20, held>>20)
	t.Logf("%v of a processor for a datagram; %d sessions; of the sender's address and TSI %+v",
		(after-before)/time.Duration(read), closed.sessions, closed.of)
	if few := kernel < (read+kernel)/100; !came && few {
		t.Error("the file has not come, though the kernel has lost little")
	}
	if counted != read {
		t.Errorf("%d datagrams were read, %d are counted", read, counted)
	}
	return came
}

// live returns the bytes of objects that were in use when the garbage was collected last, and of those made meanwhile.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// accounts adds up what the sessions of a node have counted, while they end: a flood has many of them.
type accounts struct {
	received, kernel uint64
	sessions         int
	good             flute.SessionKey
	of               flute.Counters // of good
	done             chan struct{}  // closed when the node has stopped
}

// gather takes the events of sub until the node stops.
func (a *accounts) gather(t *testing.T, sub *node.Subscription) {
	a.done = make(chan struct{})
	go func() {
		defer close(a.done)
		for e := range sub.Events() {
			switch e := e.(type) {
			case event.SessionClosed:
				a.sessions++
				a.received += e.Counters.Received
				if e.Session == a.good {
					a.of = e.Counters
				}
			case notice.KernelDrops:
				a.kernel = e.Total
			case notice.Missed:
				t.Errorf("%+v", e)
			}
		}
	}()
}
