package pacing

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"
)

var start = time.Unix(1_000_000, 0)

// The schedule is exact for every rate and size, however late the timers are, as long as they are not later than the
// depth.
func TestAverageRate(t *testing.T) {
	for _, rate := range []uint64{10_000, 10_000_000, 1_000_000_000, 20_000_000_000, 333_333_333} {
		for _, size := range []int{1, 64, 1400, 9000} {
			t.Run(fmt.Sprintf("%d bit per s, %d bytes", rate, size), func(t *testing.T) {
				b := NewBucket(rate, Frames{}, 0)
				now := start
				sent := 0
				for sent < 5000*size && (sent < 100*size || now.Before(start.Add(200*time.Millisecond))) {
					for b.Take(now, size) {
						sent += size
					}
					now = b.Deadline(now).Add(300 * time.Microsecond)
				}
				// At the last refusal all but less than one datagram and one quantum had been sent.
				elapsed := now.Sub(start).Seconds()
				most := float64(rate)/8*elapsed + float64(size)
				least := float64(rate)/8*(elapsed-0.0008) - float64(size)*1.1
				if got := float64(sent); got > most || got < least {
					t.Errorf("%d bytes in %.6f s, want %.0f to %.0f", sent, elapsed, least, most)
				}
			})
		}
	}
}

func TestNoBurstAtTheBeginning(t *testing.T) {
	b := NewBucket(1_000_000_000, Frames{}, 0)
	if !b.Take(start, 1400) {
		t.Fatal("the first datagram has to wait")
	}
	if b.Take(start, 1400) {
		t.Error("a burst before any time has passed")
	}
}

// run takes datagrams as fast as b permits, late by as much as the timer is, until the end, and returns when which byte
// had left.
func run(b *Bucket, now, end time.Time, size int, late time.Duration) (sent []departure) {
	total := 0
	for now.Before(end) {
		for b.Take(now, size) {
			total += size
			sent = append(sent, departure{now, total})
		}
		now = b.Deadline(now).Add(late)
	}
	return sent
}

type departure struct {
	at    time.Time
	bytes int // so far
}

// burst returns the most bytes that are ahead of a steady rate in bits per second at any time.
func burst(sent []departure, rate float64) (most int) {
	level := 0.0
	for i, d := range sent {
		n := d.bytes
		if i > 0 {
			n -= sent[i-1].bytes
			level = max(0, level-rate/8*d.at.Sub(sent[i-1].at).Seconds())
		}
		level += float64(n)
		most = max(most, int(level))
	}
	return most
}

// TestBurst: neither at the beginning, nor after a pause in which nobody wanted to send, nor after one of the process
// does more leave at once than a millisecond of data, 8 KiB, or 5 ms of data below 64 KiB. What a short pause of the
// process cost is made good.
func TestBurst(t *testing.T) {
	const size = 1400
	for _, rate := range []uint64{10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000} {
		for _, pause := range []time.Duration{0, 3 * time.Millisecond, 15 * time.Millisecond, time.Minute} {
			t.Run(fmt.Sprintf("%d bit per s, %v", rate, pause), func(t *testing.T) {
				b := NewBucket(rate, Frames{}, 0)
				sent := run(b, start, start.Add(100*time.Millisecond), size, 0)
				again := sent[len(sent)-1].at.Add(pause)
				before := sent[len(sent)-1].bytes
				for _, d := range run(b, again, again.Add(time.Second), size, 0) {
					sent = append(sent, departure{d.at, before + d.bytes})
				}
				bound := max(int(rate/8/1000), 8<<10, min(int(rate/8/200), MaxMessage)) + size
				if got := burst(sent, float64(rate)*9/8); got > bound {
					t.Errorf("%d bytes ahead, want at most %d", got, bound)
				}
				elapsed := sent[len(sent)-1].at.Sub(start)
				lost := pause
				if pause <= Memory {
					lost = 0
				}
				want := float64(rate) / 8 * (elapsed - lost).Seconds()
				if got := float64(sent[len(sent)-1].bytes); math.Abs(got-want) > want/100 {
					t.Errorf("%.0f bytes in %v, want %.0f", got, elapsed, want)
				}
			})
		}
	}
}

// TestLeft: what leaves later than it was taken pushes what comes next: both do not leave at once.
func TestLeft(t *testing.T) {
	const rate, size = 1_000_000_000, 1400
	b := NewBucket(rate, Frames{}, 0)
	b.Take(start, size)
	now, sent := start.Add(10*time.Millisecond), 0 // a pause
	take := func() {
		for b.Take(now, size) {
			sent += size
		}
	}
	take()
	now = now.Add(900 * time.Microsecond) // it took so long to make that and to hand it over
	b.Left(now)
	take()
	if sent > rate/8/1000 || sent < rate/8/1000/2 {
		t.Errorf("%d bytes at once", sent)
	}
	now = b.Deadline(now).Add(time.Millisecond)
	b.Left(now) // of nothing
	before := sent
	if take(); sent-before < rate/8/1000/2 {
		t.Errorf("%d bytes a millisecond later", sent-before)
	}
}

// TestSetRate: the new rate holds from then on, also for a datagram that would have waited for hours.
func TestSetRate(t *testing.T) {
	for _, rates := range [][2]uint64{{8, 8e6}, {8e6, 80e6}, {80e6, 8e6}, {8e6, 8e6}, {1e10, 1e6}} {
		b := NewBucket(rates[0], Frames{}, 0)
		before := run(b, start, start.Add(100*time.Millisecond), 1000, 0)
		now := start.Add(200 * time.Millisecond)
		b.SetRate(now, rates[1])
		if b.Rate() != rates[1] {
			t.Errorf("rate %d", b.Rate())
		}
		sent := run(b, now, now.Add(time.Second), 1000, 0)
		want := float64(rates[1]) / 8
		got := float64(sent[len(sent)-1].bytes)
		if got < want*0.99 || got > want*(1+1/8.0*Memory.Seconds()*8)+float64(rates[0]/8)*Memory.Seconds()+1000 {
			t.Errorf("from %d to %d bit/s: %.0f bytes in a second, want %.0f (%d before)",
				rates[0], rates[1], got, want, before[len(before)-1].bytes)
		}
	}
}

// TestLate: with late timers more leaves at once, and the rate is met.
func TestLate(t *testing.T) {
	const rate, late = 1_000_000_000, 2 * time.Millisecond
	sent := run(NewBucket(rate, Frames{}, late), start, start.Add(time.Second), 1400, late/2)
	if got := sent[len(sent)-1].bytes; got < rate/8*99/100 {
		t.Errorf("%d bytes in a second", got)
	}
	if got := burst(sent, rate*MaxSpeed); got > rate/8*3/1000+1400 {
		t.Errorf("%d bytes at once", got)
	}
}

// TestCrowd: one session of many wakes up once for several datagrams. Its rate is exact all the same, also where
// wake-ups are late, and no more leaves at once than one message, or a millisecond of data. What is more than 8 KiB, or
// than 5 ms of data, is 100 ms at most, or half a millisecond for each session beyond the few.
func TestCrowd(t *testing.T) {
	const size, seconds = 1400, 3
	for _, test := range []struct {
		rate uint64
		busy int
		each float64 // datagrams of a wake-up, at least
	}{
		{2_000_000, 1, 1},
		{2_000_000, fewSessions, 1},
		{2_000_000, 1000, 15},
		{20_000_000, 100, 35},
		{2_000_000, 20, 1},
		{50_000_000, 20, 20},
		{200_000_000, 100, 25},
		{2_000_000_000, 9, 89},
		{10_000, 1000, 1},
	} {
		for _, late := range []time.Duration{0, 300 * time.Microsecond, 2 * time.Millisecond} {
			if late > Quantum && test.rate > 100_000_000 {
				continue // no rate is met then
			}
			t.Run(fmt.Sprintf("%d sessions of %d bit per s, %v late", test.busy, test.rate, late), func(t *testing.T) {
				b := NewBucket(test.rate, Frames{}, 0)
				b.Crowd(test.busy)
				sent := run(b, start, start.Add(seconds*time.Second), size, late)
				wakes := 1
				for i := range sent[1:] {
					if sent[i+1].at != sent[i].at {
						wakes++
					}
				}
				if each := float64(len(sent)) / float64(wakes); each < test.each {
					t.Errorf("%.2f datagrams for each wake-up, want %.2f", each, test.each)
				}
				bound := max(int(test.rate/8/1000), 8<<10, min(int(test.rate/8/200), MaxMessage)) + size
				if test.busy > fewSessions {
					long := min(float64(test.busy-fewSessions)*Quantum.Seconds(), 0.1)
					bound = max(bound, min(int(float64(test.rate)/8*long), MaxMessage)+size)
				}
				want := float64(test.rate) / 8 * seconds
				if got := float64(len(sent) * size); math.Abs(got-want) > want/100+float64(bound) {
					t.Errorf("%.0f bytes in %d s, want %.0f", got, seconds, want)
				}
				if got := burst(sent, float64(test.rate)*MaxSpeed); got > bound {
					t.Errorf("%d bytes ahead, want at most %d", got, bound)
				}
			})
		}
	}
}

// TestCrowdStaysSpread: sessions that wake up at different times do so after a pause of all, too: they never become one
// burst.
func TestCrowdStaysSpread(t *testing.T) {
	const rate, size, sessions = 2_000_000, 1400, 200
	after := start.Add(10 * time.Second) // of the pause
	first := make([]time.Time, 0, sessions)
	for i := range sessions {
		b := NewBucket(rate, Frames{}, 0)
		b.Crowd(sessions)
		begin := start.Add(time.Duration(i) * 450 * time.Microsecond) // spread over the time of a burst
		run(b, begin, start.Add(time.Second), size, 0)
		for b.Take(after, size) {
		}
		first = append(first, b.Deadline(after))
	}
	slices.SortFunc(first, time.Time.Compare)
	most := 0
	for i := range first {
		n := 0
		for _, t := range first[i:] {
			if t.Sub(first[i]) < 5*time.Millisecond {
				n++
			}
		}
		most = max(most, n)
	}
	if most > sessions/5 {
		t.Errorf("%d of %d sessions wake up within 5 ms, the first after %v, the last after %v", most, sessions,
			first[0].Sub(after), first[sessions-1].Sub(after))
	}
}

// TestCrowdEnds: what a session has gathered is not lost when all others end at once, and is no burst either.
func TestCrowdEnds(t *testing.T) {
	const rate, size = 2_000_000, 1400
	b := NewBucket(rate, Frames{}, 0)
	b.Crowd(1000)
	sent := run(b, start, start.Add(time.Second), size, 0)
	begun, most := sent[len(sent)-1].at, 0
	now, end := b.Deadline(begun), begun.Add(2*time.Second)
	b.Crowd(1)
	after := run(b, now, end, size, 0)
	for i := range after {
		n := 0
		for _, d := range after[i:] {
			if d.at != after[i].at {
				break
			}
			n += size
		}
		most = max(most, n)
	}
	if got, want := float64(after[len(after)-1].bytes), end.Sub(begun).Seconds()*rate/8; got < want*0.99 || got > want {
		t.Errorf("%.0f bytes in the two seconds after, want %.0f", got, want)
	}
	if most > 8<<10+size {
		t.Errorf("%d bytes at once", most)
	}
}

// TestFrames: a rate counts what it is told to count.
func TestFrames(t *testing.T) {
	v4, v6 := netip.MustParseAddr("239.1.1.1"), netip.MustParseAddr("ff02::1")
	for _, test := range []struct {
		frames Frames
		n      int
		want   int
	}{
		{Frames{}, 1400, 1400},
		{IP(v4), 1400, 1428},
		{IP(netip.MustParseAddr("::ffff:239.1.1.1")), 1400, 1428},
		{IP(v6), 1400, 1448},
		{Ethernet(v4), 1472, 1538}, // a full frame of 1500 bytes
		{Ethernet(v4), 4, 84},      // the shortest frame: 64 bytes, preamble and gap
		{Ethernet(v6), 4, 90},
	} {
		if got := test.frames.Bytes(test.n); got != test.want {
			t.Errorf("%+v of %d: %d, want %d", test.frames, test.n, got, test.want)
		}
		b := NewBucket(uint64(8*test.want), test.frames, 0) // one a second
		b.Take(start, test.n)
		if b.Take(start, test.n); b.Deadline(start) != start.Add(time.Second) {
			t.Errorf("%+v of %d: the next after %v", test.frames, test.n, b.Deadline(start).Sub(start))
		}
	}
}

func TestDeadline(t *testing.T) {
	for _, test := range []struct {
		name string
		rate uint64
		size int
		want time.Duration
	}{
		{"datagrams are far apart", 10_000_000, 1400, 1120 * time.Microsecond},
		{"a quantum gathers several", 1_000_000_000, 1400, Quantum},
		{"a quantum is three messages at most", 5_000_000_000, 1400, 309120 * time.Nanosecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := NewBucket(test.rate, Frames{}, 0)
			b.Take(start, test.size)
			if b.Take(start, test.size) {
				t.Fatal("not refused")
			}
			if got := b.Deadline(start).Sub(start); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
			if !b.Take(b.Deadline(start), test.size) {
				t.Error("refused at its own deadline")
			}
		})
	}
}

func TestTakeDoesNotAllocate(t *testing.T) {
	b := NewBucket(1e9, Frames{}, 0)
	now := start
	if n := testing.AllocsPerRun(100, func() {
		b.Take(now, 1400)
		now = b.Deadline(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTake(b *testing.B) {
	bucket := NewBucket(1e9, Frames{}, 0)
	now := start
	b.ReportAllocs()
	for b.Loop() {
		if !bucket.Take(now, 1400) {
			now = bucket.Deadline(now)
		}
	}
}
