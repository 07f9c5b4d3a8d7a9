package core

import (
	"testing"
	"time"
)

const testPacket = 1000

func newTestLEDBAT(cfg Config) *ledbat {
	cfg.MinPacket = testPacket
	v, err := validated(cfg)
	if err != nil {
		panic(err)
	}
	l := newLEDBAT(v)
	l.threshold = 0 // not in slow start
	l.rests.next = never
	return l
}

// roundTrip acknowledges a window in packets of testPacket bytes.
func roundTrip(c congestion, now instant, delay time.Duration, limited bool) {
	inFlight := c.window()
	for sent := 0; sent < inFlight; sent += testPacket {
		c.acked(progress{
			now: now, bytes: testPacket, inFlight: inFlight, packet: testPacket, rtt: 50 * ms, leastRTT: 50 * ms,
			delay: delay, hasDelay: true, limited: limited,
		})
	}
}

// TestLEDBATSteers: by how many packets the window changes in a round trip, of 100 packets, by the queueing delay.
func TestLEDBATSteers(t *testing.T) {
	for _, tt := range []struct {
		delay       time.Duration
		limited     bool
		least, most float64
	}{
		{0, true, 0.99, 1.0},
		{0, false, 0, 0},
		{25 * time.Millisecond, true, 0.74, 0.76},
		{50 * time.Millisecond, true, 0.49, 0.51},
		{75 * time.Millisecond, true, -2.3, -2.2}, // a quarter of a packet more, a fortieth of the window less
		{100 * time.Millisecond, true, -5, -4.8},
		{100 * time.Millisecond, false, -5, -4.8},
		{125 * time.Millisecond, true, -34, -31}, // and by a quarter of the window for the queue beyond the target
		{time.Second, true, -50, -50},            // by half at most
	} {
		l := newTestLEDBAT(Config{})
		l.cwnd = 100 * testPacket
		roundTrip(l, time.Second, tt.delay, tt.limited)
		if got := l.cwnd/testPacket - 100; got < tt.least || got > tt.most {
			t.Errorf("delay %v, limited %v: %+.2f packets, want %v to %v", tt.delay, tt.limited, got, tt.least, tt.most)
		}
	}
}

// TestUnusedWindow: a window that is not used falls to what is in flight and one packet (RFC 6817, section 2.4.2), not
// at an acknowledgement of many that come together, and slow start leads back to it.
func TestUnusedWindow(t *testing.T) {
	l := newTestLEDBAT(Config{})
	l.cwnd = 100 * testPacket
	now := time.Second
	roundTrip(l, now, 0, true)
	ack := func(inFlight int, limited bool) {
		l.acked(progress{
			now: now, bytes: testPacket, inFlight: inFlight, packet: testPacket, rtt: 50 * ms, leastRTT: 50 * ms,
			hasDelay: true, limited: limited,
		})
	}
	was := l.cwnd
	for i := range 100 { // what was in flight when many acknowledgements came at once
		ack((100-i)*testPacket, false)
	}
	if l.cwnd != was {
		t.Errorf("%v bytes after one round trip, was %v", l.cwnd, was)
	}
	for _, inFlight := range []int{70, 70, 70, 10, 10, 10} {
		now += 60 * ms
		ack(inFlight*testPacket, false)
	}
	if l.cwnd != 11*testPacket || !l.slowStart() {
		t.Errorf("%v bytes with 10 packets in flight, slow start %v", l.cwnd, l.slowStart())
	}
	now += 60 * ms
	for range 20 {
		ack(10*testPacket, true)
	}
	if l.cwnd != (11+20)*testPacket {
		t.Errorf("%v bytes after a round trip with much to send", l.cwnd)
	}
	now += time.Minute
	ack(testPacket, false)
	now += 60 * ms
	ack(testPacket, false)
	now += 60 * ms
	ack(testPacket, false)
	for range 20 {
		now += 60 * ms
		roundTrip(l, now, 0, true)
	}
	if l.cwnd < 71*testPacket || l.cwnd > 100*testPacket {
		t.Errorf("%v bytes later, was 71 packets when it was last used", l.cwnd)
	}
}

// TestLEDBATLoss: what a loss leaves of the window.
func TestLEDBATLoss(t *testing.T) {
	for _, tt := range []struct {
		name     string
		tolerant bool
		delay    time.Duration
		want     float64
	}{
		{"long queue", false, 80 * time.Millisecond, 0.5},
		{"short queue", false, 5 * time.Millisecond, gentle},
		{"short queue, tolerant", true, 5 * time.Millisecond, 1},
		{"long queue, tolerant", true, 80 * time.Millisecond, 0.5},
	} {
		l := newTestLEDBAT(Config{LossTolerant: tt.tolerant})
		l.cwnd = 100 * testPacket
		l.target.saw(150*time.Millisecond, 0, ms) // there are longer queues
		l.target.recent = tt.delay
		l.lost(0)
		if got := l.cwnd / 100 / testPacket; got != tt.want {
			t.Errorf("%s: %v of the window, want %v", tt.name, got, tt.want)
		}
		l.undo()
		if l.cwnd != 100*testPacket {
			t.Errorf("%s: %v bytes after undo", tt.name, l.cwnd)
		}
	}
}

// TestLeastWindow: nothing brings the window below two packets; aiutp stops at 3888 bytes, libutp at 10.
func TestLeastWindow(t *testing.T) {
	for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus, Cubic} {
		v, err := validated(Config{Congestion: control, MinPacket: testPacket})
		if err != nil {
			t.Fatal(err)
		}
		c := newCongestion(v)
		for i := range 100 {
			c.lost(time.Duration(i) * time.Second)
			roundTrip(c, time.Duration(i)*time.Second, time.Second, false)
		}
		if got := c.window(); got < leastPackets*testPacket {
			t.Errorf("%d: %d bytes after losses", control, got)
		}
		c.timeout(time.Hour)
		if got := c.window(); got != leastPackets*testPacket {
			t.Errorf("%d: %d bytes after a timeout", control, got)
		}
	}
}

// TestSlowStart doubles in a round trip, while the window is used, and ends where a queue begins.
func TestSlowStart(t *testing.T) {
	for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus, Cubic} {
		v, err := validated(Config{Congestion: control, MinPacket: testPacket})
		if err != nil {
			t.Fatal(err)
		}
		c := newCongestion(v)
		roundTrip(c, 1, 0, false)
		if got := c.window(); got != initialPackets*testPacket {
			t.Errorf("%d: %d bytes without use", control, got)
		}
		for i := range 3 {
			roundTrip(c, 2, 0, true)
			if got := c.window(); got != initialPackets*testPacket<<(i+1) {
				t.Errorf("%d: %d bytes after %d round trips", control, got, i+1)
			}
		}
		roundTrip(c, 1*ms, 90*ms, true) // LEDBAT waits for half of a round trip whether it lasts
		roundTrip(c, 20*ms, 90*ms, true)
		roundTrip(c, 40*ms, 90*ms, true)
		roundTrip(c, 66*ms, 90*ms, true)
		if c.slowStart() {
			t.Errorf("%d: goes on with a queue of 90 ms", control)
		}
	}
}

// TestShortQueue: the target is halved until it is no longer than the queue that overflows, for as long as somebody
// fills it.
func TestShortQueue(t *testing.T) {
	const rtt = 50 * ms
	fresh := func(cfg Config) *target {
		cfg.Target = 100 * ms
		x := newTarget(&cfg)
		return &x
	}
	x := fresh(Config{})
	now := instant(0)
	for range 4 {
		x.saw(60*ms, now, rtt)
		now += rtt
	}
	x.lost(now, rtt)
	if x.current != 50*ms {
		t.Errorf("target %v after an overflow at 60 ms", x.current)
	}
	for range 200 { // the queue is short again, and a loss there is none of an overflow
		now += ms
		x.saw(20*ms, now, rtt)
	}
	x.lost(now, rtt)
	if x.current != 50*ms {
		t.Errorf("target %v after a loss at 20 ms", x.current)
	}
	for range 2 { // two moments in which nothing moves are no longer queue
		x.saw(300*ms, now, rtt)
		now += 2 * rtt
	}
	if x.current != 50*ms {
		t.Errorf("target %v after two standstills", x.current)
	}
	x = fresh(Config{})
	for range 4 {
		x.saw(30*ms, now, rtt)
		now += rtt
	}
	x.lost(now, rtt)
	if x.current != 25*ms {
		t.Errorf("target %v after an overflow at 30 ms", x.current)
	}
	for range 3 {
		x.saw(60*ms, now, rtt)
		now += rtt
	}
	if x.current != 50*ms {
		t.Errorf("target %v after a queue of 60 ms", x.current)
	}
	for ; now < 5*time.Minute; now += 100 * ms { // TCP fills it, and has the losses
		x.saw(40*ms+now%(5*time.Second)/250, now, rtt)
	}
	if x.current != 50*ms {
		t.Errorf("target %v while others fill the queue", x.current)
	}
	x.saw(30*ms, now+overflowLife-5*time.Second, rtt)
	if x.current != 50*ms {
		t.Errorf("target %v before a minute is over", x.current)
	}
	x.saw(30*ms, now+overflowLife, rtt)
	if x.current != 100*ms {
		t.Errorf("target %v when nobody fills the queue any more", x.current)
	}
	x = fresh(Config{})
	x.saw(60*ms, 0, rtt)
	x.lost(0, rtt)
	for i := range instant(3) {
		x.saw(250*ms, (i+1)*rtt, rtt)
	}
	if x.current != 100*ms {
		t.Errorf("target %v in a queue of 250 ms", x.current)
	}
	x = fresh(Config{FixedTarget: true})
	x.saw(60*ms, 0, rtt)
	x.lost(0, rtt)
	if x.current != 100*ms {
		t.Errorf("target %v, which is fixed", x.current)
	}
	x = fresh(Config{})
	x.saw(5*ms, 0, rtt)
	x.lost(0, rtt)
	if x.current != 100*ms {
		t.Errorf("target %v after a loss at 5 ms", x.current)
	}
	x = fresh(Config{})
	x.saw(200*ms, 0, rtt)
	x.lost(0, rtt)
	if x.current != 100*ms {
		t.Errorf("target %v after an overflow at 200 ms", x.current)
	}
}

// TestStandstillIsNoPeak: a loss at the queue that was the longest but for two moments is one of an overflow, and a
// loss at less than that is none for minutes.
func TestStandstillIsNoPeak(t *testing.T) {
	const rtt = 50 * ms
	cfg := Config{Target: 100 * ms}
	x := newTarget(&cfg)
	now := instant(0)
	see := func(delays ...instant) {
		for _, d := range delays {
			x.saw(d, now, rtt)
			now += rtt / 4
		}
	}
	for range 4 {
		see(50*ms, 60*ms, 60*ms, 55*ms)
	}
	see(190*ms, 180*ms, 60*ms, 60*ms, 60*ms, 150*ms, 60*ms, 60*ms)
	if got := x.peaks[0].believed(); got != 60*ms {
		t.Errorf("longest queue %v", got)
	}
	for range 80 {
		see(40 * ms)
	}
	if x.lost(now, rtt); x.current != 100*ms {
		t.Errorf("target %v after a loss at 40 ms", x.current)
	}
	see(60 * ms)
	if x.lost(now, rtt); x.current != 50*ms {
		t.Errorf("target %v after a loss at the longest queue", x.current)
	}
	x.current = 100 * ms
	now += peakPeriod
	see(40 * ms)
	for range 80 {
		see(40 * ms)
	}
	if x.lost(now, rtt); x.current != 100*ms {
		t.Errorf("target %v after a loss at 40 ms, one period later", x.current)
	}
	now += peakPeriod
	see(40*ms, 40*ms)
	if x.lost(now, rtt); x.current != 25*ms {
		t.Errorf("target %v after a loss at 40 ms, two periods later", x.current)
	}
}

// TestLately: what arrives at once after a moment in which nothing moved is no queue, unless its last part was kept
// back as well.
func TestLately(t *testing.T) {
	const rtt = 80 * ms
	type sample struct{ at, delay, want instant }
	for _, tt := range []struct {
		name    string
		samples []sample
	}{
		{"first", []sample{{time.Second, 30 * ms, 30 * ms}}},
		{"falls at once", []sample{{0, 30 * ms, 30 * ms}, {1 * ms, 20 * ms, 20 * ms}, {12 * ms, 10 * ms, 10 * ms}}},
		{"rises after an eighth", []sample{
			{0, 10 * ms, 10 * ms},
			{9 * ms, 50 * ms, 10 * ms},
			{10 * ms, 50 * ms, 10 * ms},
			{19 * ms, 50 * ms, 10 * ms},
			{20 * ms, 50 * ms, 50 * ms},
		}},
		{"standstill", []sample{
			{0, 10 * ms, 10 * ms},
			{90 * ms, 100 * ms, 10 * ms},
			{90 * ms, 60 * ms, 10 * ms},
			{90 * ms, 12 * ms, 10 * ms},
			{100 * ms, 12 * ms, 12 * ms},
			{110 * ms, 13 * ms, 12 * ms},
			{120 * ms, 14 * ms, 13 * ms},
		}},
		{"idle", []sample{{0, 10 * ms, 10 * ms}, {10*ms + rtt + standstill, 50 * ms, 50 * ms}}},
	} {
		var l lately
		for _, s := range tt.samples {
			if got := l.add(s.delay, s.at, rtt); got != s.want {
				t.Errorf("%s: %v at %v, want %v", tt.name, got, s.at, s.want)
			}
		}
	}
}

// TestSlowStartWaits half of a round trip whether a queue lasts.
func TestSlowStartWaits(t *testing.T) {
	v, err := validated(Config{MinPacket: testPacket})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Second
	fresh := func() *ledbat {
		l := newLEDBAT(v)
		roundTrip(l, now, 0, true)
		return l
	}
	after := func(l *ledbat, d, delay instant) {
		l.acked(progress{
			now: now + d, bytes: testPacket, inFlight: 10 * testPacket, packet: testPacket, rtt: 50 * ms,
			leastRTT: 50 * ms, delay: delay, hasDelay: true, limited: true,
		})
	}
	l := fresh()
	window := l.window()
	for d := 10 * ms; d <= 80*ms; d += 5 * ms {
		after(l, d, 90*ms)
		if grown := l.window() > window; grown != (d < 20*ms) && d != 15*ms {
			t.Errorf("%v after the queue began: grows %v", d, grown)
		}
		window = l.window()
		if l.slowStart() && d >= 50*ms || !l.slowStart() && d < 35*ms {
			t.Errorf("%v after the queue began: slow start %v", d, l.slowStart())
		}
	}
	l = fresh()
	for d := 10 * ms; d < 40*ms; d += 5 * ms {
		after(l, d, 90*ms)
	}
	after(l, 40*ms, 5*ms)
	window = l.window()
	for d := 45 * ms; d < 200*ms; d += 5 * ms {
		after(l, d, 5*ms)
	}
	if !l.slowStart() || l.window() != window+31*testPacket {
		t.Errorf("slow start %v, window %d, was %d, after a queue that did not last", l.slowStart(), l.window(), window)
	}
}

// TestSlowdown: some round trips after slow start, and then again and again, LEDBAT lets the queue empty, and comes
// back.
func TestSlowdown(t *testing.T) {
	for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus} {
		v, err := validated(Config{Congestion: control, MinPacket: testPacket})
		if err != nil {
			t.Fatal(err)
		}
		l := newLEDBAT(v)
		var rests []instant
		resting := false
		for now := instant(0); now < time.Minute; now += 50 * time.Millisecond {
			delay := instant(0)
			if l.cwnd > 60*testPacket {
				delay = 70 * time.Millisecond
			}
			roundTrip(l, now, delay, true)
			if r := l.rests.until > 0; r != resting {
				if resting = r; r {
					rests = append(rests, now)
					if l.cwnd != leastPackets*testPacket {
						t.Errorf("%d: rests with %v bytes", control, l.cwnd)
					}
				}
			}
		}
		if len(rests) < 5 || len(rests) > 20 || rests[0] > time.Second || rests[1]-rests[0] < 2*time.Second {
			t.Errorf("%d: rests at %v", control, rests)
		}
	}
}

// TestCubicGrows back to where the loss was, slower the nearer it is, and then faster (RFC 9438).
func TestCubicGrows(t *testing.T) {
	v, err := validated(Config{Congestion: Cubic, MinPacket: testPacket})
	if err != nil {
		t.Fatal(err)
	}
	c := newCubic(v)
	c.cwnd, c.threshold = 1000*testPacket, 0
	c.lost(0)
	if c.window() != 700*testPacket {
		t.Fatalf("%d bytes after a loss", c.window())
	}
	var at []float64 // packets, every two seconds: K is 9.1 s
	for now := instant(0); now <= 14*time.Second; now += 50 * time.Millisecond {
		if now%(2*time.Second) == 0 {
			at = append(at, c.cwnd/testPacket)
		}
		roundTrip(c, now, 0, true)
	}
	if d := at[1] - at[0]; d < at[4]-at[3] || at[4]-at[3] < 0 || at[7]-at[6] < at[5]-at[4] {
		t.Errorf("window %.0f", at)
	}
	if at[4] < 970 || at[4] > 1005 || at[7] < 1010 {
		t.Errorf("window %.0f", at)
	}
}

// TestPacer: what is sent over time is the rate, after a pause not more than a burst ahead.
func TestPacer(t *testing.T) {
	var p pacer
	p.set(100_000, 100*time.Millisecond, false) // 1.25 MB/s
	sent := 0
	for now := instant(0); now < time.Second; now += 100 * time.Microsecond {
		for p.ready(now) {
			p.sent(1000, now)
			sent += 1000
		}
	}
	if sent < 1_245_000 || sent > 1_260_000 {
		t.Errorf("%d bytes in a second", sent)
	}
	burst := 0
	for p.ready(10 * time.Second) {
		p.sent(1000, 10*time.Second)
		burst++
	}
	if burst < paceBurst || burst > paceBurst+1 {
		t.Errorf("%d packets at once", burst)
	}
}

// newControl returns a control whose window is so many packets and which is not in slow start.
func newControl(t *testing.T, control Congestion, packets float64) congestion {
	t.Helper()
	v, err := validated(Config{Congestion: control, MinPacket: testPacket})
	if err != nil {
		t.Fatal(err)
	}
	c := newCongestion(v)
	switch c := c.(type) {
	case *ledbat:
		c.cwnd, c.threshold, c.rests.next = packets*testPacket, 0, never
	case *cubic:
		c.cwnd, c.threshold = packets*testPacket, 0
	}
	return c
}

// TestWindowAfterTimeout: a retransmission timeout leaves two packets, and undo gives the window back.
func TestWindowAfterTimeout(t *testing.T) {
	for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus, Cubic} {
		c := newControl(t, control, 100)
		c.timeout(time.Second)
		if got := c.window(); got != leastPackets*testPacket {
			t.Errorf("%d: %d bytes", control, got)
		}
		if c.undo(); c.window() != 100*testPacket {
			t.Errorf("%d: %d bytes after undo", control, c.window())
		}
	}
	l := newControl(t, LEDBAT, 100)
	l.timeout(time.Second)
	for i := range 7 {
		roundTrip(l, 2*time.Second+instant(i)*50*ms, 0, true)
	}
	if got := l.window(); got < 50*testPacket || got > 54*testPacket {
		t.Errorf("%d bytes after seven round trips: slow start leads back to half", got)
	}
}

// TestGrowthIsOfWhatWasInFlight: what was given up as lost, and acknowledged all the same, does not make a window grow.
func TestGrowthIsOfWhatWasInFlight(t *testing.T) {
	for _, control := range []Congestion{LEDBAT, LEDBATPlusPlus, Cubic} {
		v, err := validated(Config{Congestion: control, MinPacket: testPacket})
		if err != nil {
			t.Fatal(err)
		}
		c := newCongestion(v)
		before := c.window()
		c.acked(progress{
			now: ms, bytes: 5 * testPacket, inFlight: testPacket, packet: testPacket, rtt: 50 * ms, leastRTT: 50 * ms,
			limited: true,
		})
		if got := c.window() - before; got != testPacket {
			t.Errorf("%d: grows by %d bytes", control, got)
		}
	}
}

// TestLEDBATPlusGain: the shorter the path is beside the target, the slower LEDBAT++ grows
// (draft-irtf-iccrg-ledbat-plus-plus-01, section 4.2).
func TestLEDBATPlusGain(t *testing.T) {
	for _, tt := range []struct {
		leastRTT instant
		want     float64
	}{
		{0, 1}, {200 * ms, 1}, {120 * ms, 1}, {60 * ms, 1.0 / 2}, {50 * ms, 1.0 / 3}, {10 * ms, 1.0 / 12}, {ms, 1.0 / 16},
	} {
		l := newControl(t, LEDBATPlusPlus, 100).(*ledbat)
		if got := l.plusGain(progress{leastRTT: tt.leastRTT}); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.leastRTT, got, tt.want)
		}
	}
	l := newControl(t, LEDBATPlusPlus, 100).(*ledbat)
	roundTrip(l, time.Second, 0, true)
	if got := l.cwnd/testPacket - 100; got < 0.32 || got > 0.34 {
		t.Errorf("grows by %v packets in a round trip of 50 ms", got)
	}
}

// TestShortestTarget: the target is the configured one, halved until it is no longer than the queue, or below 20 ms.
func TestShortestTarget(t *testing.T) {
	for _, tt := range []struct{ configured, queue, want instant }{
		{100 * ms, 99 * ms, 50 * ms},
		{100 * ms, 50 * ms, 50 * ms},
		{100 * ms, 49 * ms, 25 * ms},
		{100 * ms, 12 * ms, 12500 * time.Microsecond},
		{60 * ms, 12 * ms, 15 * ms},
		{5 * ms, 12 * ms, 5 * ms},
		{100 * ms, 250 * ms, 100 * ms},
	} {
		x := newTarget(&Config{Target: tt.configured})
		x.saw(tt.queue, 0, 50*ms)
		if x.lost(0, 50*ms); x.current != tt.want {
			t.Errorf("%v configured, overflow at %v: target %v, want %v", tt.configured, tt.queue, x.current, tt.want)
		}
	}
}

// TestCubicConverges: a flow that loses again before it was back gives up more (RFC 9438, section 4.7), and where the
// round trip is short the window grows as Reno's does (section 4.3).
func TestCubicConverges(t *testing.T) {
	c := newControl(t, Cubic, 100).(*cubic)
	if c.lost(0); c.most != 100 {
		t.Errorf("W_max %v after a loss at 100", c.most)
	}
	if c.lost(time.Second); c.most < 59.4 || c.most > 59.6 {
		t.Errorf("W_max %v after a loss at 70", c.most)
	}
	c = newControl(t, Cubic, 10).(*cubic)
	c.lost(0)
	for i := range 20 { // 0.2 s; K is 2 s
		now := instant(i) * 10 * ms
		for range c.window() / testPacket {
			c.acked(progress{
				now: now, bytes: testPacket, inFlight: c.window(), packet: testPacket, rtt: 10 * ms, leastRTT: 10 * ms,
				limited: true,
			})
		}
	}
	if got := c.cwnd / testPacket; got < 15 || got > 19 {
		t.Errorf("%v packets after 20 round trips, was 7: Reno would have 17", got)
	}
}

// TestPacerGain: in slow start the pacer lets the window double.
func TestPacerGain(t *testing.T) {
	for slowStart, want := range map[bool]float64{false: 1_250_000, true: 2_000_000} {
		var p pacer
		if p.set(100_000, 100*ms, slowStart); p.rate != want {
			t.Errorf("slow start %v: %v bytes a second, want %v", slowStart, p.rate, want)
		}
	}
}

// TestRoundTripBoundsDelay: a peer that reports a queue longer than the round trip is not believed.
func TestRoundTripBoundsDelay(t *testing.T) {
	x := connect(t, Config{NoPacing: true, NoDelay: true})
	for i := range 12 {
		x.write(100)
		if n := x.all(); n == 0 {
			t.Fatal("nothing is sent")
		}
		x.pass(20 * ms)
		if i == 4 {
			x.peer.Delay += 900_000
		}
		x.peer.Ack++
		x.give(x.peer)
		if st := x.c.Stats(); st.Delay > 20*ms {
			t.Fatalf("queueing delay %v, round trip %v", st.Delay, st.RTT)
		}
	}
}
