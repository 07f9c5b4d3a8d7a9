package sending

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/pacing"
)

var start = time.Unix(1_000_000, 0)

func datagrams(b *batch, n int) {
	for i := range n {
		b.add(append(b.buffer(), bytes.Repeat([]byte{byte(i)}, 1000)...))
	}
}

// Events wait for the datagrams before them, in order.
func TestBatchHoldsEvents(t *testing.T) {
	var b batch
	b.hold([]event.Event{event.Warning{Text: "0"}})
	datagrams(&b, 2)
	b.hold([]event.Event{event.Warning{Text: "2"}})
	datagrams(&b, 1)
	b.hold([]event.Event{event.Warning{Text: "3"}, event.Warning{Text: "3"}})
	for i, want := range []int{1, 0, 1, 2} {
		b.sent = i
		events := b.told()
		if len(events) != want {
			t.Errorf("after %d datagrams: %v", i, events)
		}
		for _, e := range events {
			if e.(event.Warning).Text != string(rune('0'+i)) {
				t.Errorf("after %d datagrams: %v", i, e)
			}
		}
	}
}

// What the rate does not permit yet stays, with the events behind it, and is the first of the next batch.
func TestBatchKeepsTheRest(t *testing.T) {
	var b batch
	bucket := pacing.NewBucket(8_000_000, pacing.Frames{}, 0) // 1000 bytes a millisecond
	datagrams(&b, 1)
	if !b.grant(bucket, start) {
		t.Fatal("the first is not granted")
	}
	datagrams(&b, 1)
	b.datagrams[1][0] = 77
	b.hold([]event.Event{event.Warning{}})
	if b.grant(bucket, start) || b.granted != 1 {
		t.Fatalf("%d are granted", b.granted)
	}
	b.sent = 1
	if b.renew(); len(b.datagrams) != 1 || b.datagrams[0][0] != 77 || b.granted != 0 || len(b.told()) != 0 {
		t.Fatalf("%+v", b)
	}
	datagrams(&b, 1)
	if b.datagrams[0][0] != 77 || b.datagrams[1][0] != 0 {
		t.Error("the next one overwrites it")
	}
	if b.grant(bucket, start.Add(time.Millisecond)) || b.granted != 1 {
		t.Errorf("%d are granted after a millisecond", b.granted)
	}
	b.sent = 1
	if len(b.told()) != 1 {
		t.Error("the event is not told")
	}
}

// The datagrams of a batch follow each other in memory once there is room for as many, and nothing is allocated then.
func TestBatchIsOnePiece(t *testing.T) {
	var b batch
	fill := func() {
		for range batchPackets {
			b.add(append(b.buffer(), make([]byte, 1400)...))
		}
	}
	fill()
	b.granted, b.sent = len(b.datagrams), len(b.datagrams)-1
	b.datagrams[b.sent][0] = 77
	b.renew()
	if b.datagrams[0][0] != 77 {
		t.Error("what was not sent is lost")
	}
	renewed := func() {
		b.sent = len(b.datagrams)
		b.renew()
		fill()
	}
	if n := testing.AllocsPerRun(10, renewed); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for i, d := range b.datagrams {
		if &d[0] != &b.memory[i*1400] {
			t.Fatalf("datagram %d is elsewhere", i)
		}
	}
}

// TestBatchTakesRows: rows of datagrams lie where they were made until they are out, between others; what is longer
// than the memory has its own.
func TestBatchTakesRows(t *testing.T) {
	b := batch{spare: &spare{}}
	var want [][]byte
	made := func(to []byte, n int) []byte {
		want = append(want, bytes.Repeat([]byte{byte(len(want) + 1)}, n))
		return append(to, want[len(want)-1]...)
	}
	for range 2 {
		for i := 0; !b.isFull(); i++ {
			b.add(made(b.buffer(), 100+i))
			row, n := b.rowBuffer(), 0
			for ; n < i%5 && cap(row)-len(row) >= 1000; n++ {
				row = made(row, 1000)
			}
			b.addRow(row, n)
			if i == 7 {
				b.add(made(b.buffer(), 9000))
			}
		}
		if len(b.datagrams) != len(want) {
			t.Fatalf("%d datagrams, want %d", len(b.datagrams), len(want))
		}
		for i, d := range b.datagrams {
			if !bytes.Equal(d, want[i]) {
				t.Fatalf("datagram %d of %d bytes is another one", i, len(d))
			}
		}
		b.granted, b.sent = len(b.datagrams), len(b.datagrams)
		b.renew()
		want = nil
	}
}

// A datagram that is longer than the memory for it has memory of its own, and the next one is not in its way.
func TestBatchGrows(t *testing.T) {
	var b batch
	want := [][]byte{bytes.Repeat([]byte{1}, 5000), bytes.Repeat([]byte{2}, 1500), bytes.Repeat([]byte{3}, 9000), {4}}
	for _, d := range want {
		b.add(append(b.buffer(), d...))
	}
	for i, d := range want {
		if !bytes.Equal(b.datagrams[i], d) {
			t.Errorf("datagram %d has other bytes", i)
		}
	}
}

// A file whose last packet is dropped has not been sent.
func TestBatchDrop(t *testing.T) {
	var b batch
	datagrams(&b, 1)
	b.hold([]event.Event{event.ObjectCompleted{TOI: flute.NewTOI(1)}})
	datagrams(&b, 1)
	b.hold([]event.Event{event.ObjectStarted{TOI: flute.NewTOI(2)}, event.ObjectCompleted{TOI: flute.NewTOI(2)}})
	b.sent = 1
	events := b.drop("the end")
	if len(events) != 3 {
		t.Fatal(events)
	}
	if _, ok := events[0].(event.ObjectCompleted); !ok {
		t.Errorf("%+v, which was sent", events[0])
	}
	if f, ok := events[2].(event.ObjectFailed); !ok || f.Reason != event.FailClosed || f.Detail != "the end" ||
		f.TOI != flute.NewTOI(2) {
		t.Errorf("%+v, which was not sent", events[2])
	}
	if len(b.datagrams) != 0 || len(b.told()) != 0 {
		t.Error("something is left")
	}
}

// Of the progress of one object that is told at once, the last is told.
func TestBatchTellsTheLatest(t *testing.T) {
	var b batch
	of := func(toi, n uint64) event.Event { return event.ObjectProgress{TOI: flute.NewTOI(toi), Received: n} }
	b.hold([]event.Event{of(1, 1), of(1, 2), of(2, 1), event.Warning{}, of(2, 2), of(2, 3)})
	want := []event.Event{of(1, 2), of(2, 1), event.Warning{}, of(2, 3)}
	if got := b.told(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Sessions share memory: what one keeps for its next batch is not in it any more, and nothing is allocated. A batch
// that the network does not take keeps it.
func TestBatchesShareMemory(t *testing.T) {
	var list spare
	a, b := batch{spare: &list}, batch{spare: &list}
	datagram := make([]byte, 1000)
	of := func(b *batch, first byte) {
		datagram[0] = first
		for len(b.datagrams) < 4 {
			b.add(append(b.buffer(), datagram...))
		}
		b.granted, b.sent = 3, 3
	}
	of(&a, 1)
	shared := a.block
	a.renew()
	of(&b, 2)
	if b.block != shared || a.block != nil || a.datagrams[0][0] != 1 {
		t.Errorf("the other has its own memory, or the first has lost a datagram: %d", a.datagrams[0][0])
	}
	if of(&a, 3); a.block == shared {
		t.Error("two sessions have the same memory at once")
	}
	b.renew()
	a.renew()
	if n := testing.AllocsPerRun(10, func() { of(&a, 4); a.renew(); of(&b, 5); b.renew() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if a.drop(""); a.spare != &list {
		t.Error("it has left the others")
	}
}

// TestSharedMemoryIsBounded: what sessions share is no larger than datagrams of a usual length need, and none is left
// when they have ended. What a session needs beyond that it keeps to itself, within its bound.
func TestSharedMemoryIsBounded(t *testing.T) {
	var list spare
	bound := Pace{}.BatchMemory
	fill := func(b *batch, n int) {
		datagram := make([]byte, n)
		for !b.isFull() {
			b.add(append(b.buffer(), datagram...))
		}
		b.granted, b.sent = len(b.datagrams), len(b.datagrams)
		if held := uint64(cap(b.memory) + cap(b.rest)); held > bound(n) {
			t.Errorf("datagrams of %d bytes: it holds %d bytes, and the bound is %d", n, held, bound(n))
		}
	}
	shared := func() (n, bytes int) {
		var all []*[]byte
		for v := list.Get(); v != nil; v = list.Get() {
			all = append(all, v)
			bytes += cap(*v)
		}
		for _, v := range all {
			list.Put(v, maxSpare)
		}
		return len(all), bytes
	}
	batches := make([]batch, 4)
	for i := range batches {
		batches[i].spare = &list
		fill(&batches[i], 1452)
	}
	for i := range batches {
		batches[i].renew()
	}
	if n, bytes := shared(); n != 4 || bytes > 4*maxShared {
		t.Errorf("%d blocks, %d bytes", n, bytes)
	}
	for range 2 { // the second time in memory for all of them
		fill(&batches[0], 9000)
		batches[0].renew()
	}
	if n, bytes := shared(); n > 4 || bytes > 4*maxShared {
		t.Errorf("%d blocks, %d bytes after long datagrams", n, bytes)
	}
	if n := testing.AllocsPerRun(5, func() { fill(&batches[0], 9000); batches[0].renew() }); n > 1 { // the datagram
		t.Errorf("%v allocations", n)
	}
	for i := range batches {
		batches[i].drop("")
		batches[i].leave(len(batches) - 1 - i)
	}
	if n, _ := shared(); n != 0 {
		t.Errorf("%d blocks are left", n)
	}
}

// TestBatchLetsGo: memory that was given back is not held, should others have no use for it.
func TestBatchLetsGo(t *testing.T) {
	b := batch{spare: &spare{}}
	for range maxSpare {
		b.spare.Put(new([]byte), maxSpare)
	}
	datagrams(&b, 20)
	b.granted, b.sent = 20, 19
	b.renew()
	for i, d := range b.datagrams[:cap(b.datagrams)] {
		if i > 0 && d != nil {
			t.Fatalf("datagram %d of those that are out is held", i)
		}
	}
}
