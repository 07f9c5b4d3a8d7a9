package sender

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

// inTransfer returns a transfer of an object without content, which is described for an hour.
func inTransfer(q *queue) *carrier {
	o := &object{Object: &Object{}, state: active}
	o.covered = start.Add(time.Hour)
	o.left = 1
	c := &carrier{object: o, queue: q}
	c.coding = &coding{}
	return c
}

// TestChangesAreLookedAt: whatever may let a file begin, or go on, has the schedule looked at with the next packet.
// What cannot, does not: most packets have nothing looked at.
func TestChangesAreLookedAt(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
		do   func(s *schedule, q *queue)
	}{
		{"nothing", false, func(*schedule, *queue) {}},
		{"push", true, func(s *schedule, _ *queue) { s.push(&object{}) }},
		{"push to the front", true, func(s *schedule, _ *queue) { s.pushFront(&object{}) }},
		{"a delay", true, func(s *schedule, _ *queue) { s.delay(&object{}, start.Add(time.Hour)) }},
		{"the end of a transfer", true, func(s *schedule, q *queue) { s.release(q.active[0], start) }},
		{"one that is paused", true, func(s *schedule, q *queue) { s.hold(q.active[0].object, start) }},
		{"one that was paused", true, func(s *schedule, _ *queue) { s.resume(&object{}, start) }},
		{"one that was paused in transfer", true, func(s *schedule, q *queue) {
			c := inTransfer(q)
			q.held = append(q.held, c)
			s.resume(c.object, start)
		}},
		{"a source that has answered", true, func(s *schedule, q *queue) {
			q.parked = append(q.parked, inTransfer(q))
			s.fillQueue(q, start)
		}},
		{"one whose time is over", true, func(s *schedule, q *queue) {
			o := &object{}
			o.carousel.until = start
			q.push(o, false)
			s.head(q, start)
		}},
		{"one whose time is not over", false, func(s *schedule, q *queue) {
			o := &object{}
			o.carousel.until = start.Add(1)
			q.push(o, false)
			s.head(q, start)
		}},
		{"a wait", false, func(s *schedule, q *queue) { s.wait(q.active[0], start) }},
		{"a wait for an FDT Instance", true, func(s *schedule, q *queue) {
			q.active[0].held = true
			s.wait(q.active[0], start)
		}},
		{"a wait while another queue may send", true, func(s *schedule, q *queue) {
			s.queues = append(s.queues, &queue{priority: 2})
			s.wait(q.active[0], start)
		}},
		{"the same wait, looked at again", false, func(s *schedule, q *queue) {
			s.queues = append(s.queues, &queue{priority: 2})
			q.active[0].since = start.Add(-1)
			s.wait(q.active[0], start)
		}},
		{"a source that stalls", true, func(s *schedule, q *queue) { waitForSource(s, q, stallTime) }},
		{"a source that does not stall yet", false, func(s *schedule, q *queue) { waitForSource(s, q, stallTime-1) }},
		{"too many sources that stall", false, func(s *schedule, q *queue) {
			for range openFiles + maxStalled {
				q.parked = append(q.parked, hung(start))
			}
			waitForSource(s, q, stallTime)
		}},
		{"one less", true, func(s *schedule, q *queue) {
			for range openFiles + maxStalled - 1 {
				q.parked = append(q.parked, hung(start))
			}
			waitForSource(s, q, stallTime)
		}},
	} {
		q := &queue{priority: 1, parallel: 2}
		s := &schedule{cfg: &Config{FDTDuration: time.Hour}, works: &worklist{}, queues: []*queue{q}}
		q.active = append(q.active, inTransfer(q))
		q.active[0].waiting = &Work{}
		c.do(s, q)
		if s.isDue(start) != c.want {
			t.Errorf("%s: %v, want %v", c.name, s.changed, c.want)
		}
	}
}

// waitForSource has the first file of q wait for its source for so long.
func waitForSource(s *schedule, q *queue, since time.Duration) {
	h := hung(start.Add(-since))
	c := q.active[0]
	c.since, c.content.work, c.content.job = h.since, h.content.work, h.content.job
	c.waiting = c.content.work
	s.wait(c, start)
}

// TestWaitsPassTheTurn: one that waits gives its turn away, and keeps its place; one whose source stalls, its place. A
// Work for repair symbols, which takes long, is no source that stalls.
func TestWaitsPassTheTurn(t *testing.T) {
	for _, c := range []struct {
		name          string
		since         time.Duration
		repair        bool
		waits, parked int
	}{
		{"its first wait", 0, false, 1, 0},
		{"it waits for long", stallTime - 1, false, 1, 0},
		{"it stalls", stallTime, false, 0, 1},
		{"it waits for repair symbols", stallTime, true, 1, 0},
	} {
		q := &queue{parallel: 2}
		s := &schedule{cfg: &Config{}, works: &worklist{}, queues: []*queue{q}}
		q.active = []*carrier{inTransfer(q), inTransfer(q)}
		first, next := q.active[0], q.active[1]
		if c.repair {
			h := hung(start)
			first.since, first.content.work, first.content.job = start.Add(-c.since), h.content.work, h.content.job
			first.waiting = &Work{}
			s.wait(first, start)
		} else {
			waitForSource(s, q, c.since)
		}
		if q.active[q.turn] != next || q.waits != c.waits || len(q.parked) != c.parked {
			t.Errorf("%s: %d wait, %d are parked, turn %d", c.name, q.waits, len(q.parked), q.turn)
		}
		if first.since.IsZero() {
			t.Errorf("%s: since when it waits is not noted", c.name)
		}
	}
}

// TestAppendEndsAWait: a packet ends the wait of its file, and begins the count of those that wait anew; one that is
// not due yet is no wait for a Work. With so many packets left the next files are opened.
func TestAppendEndsAWait(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 10}, FDTCollect: -1}, 10*(openLead+3))
	for s.schedule.next() == nil {
		if _, _, err := s.AppendNext(nil, start); err != nil {
			t.Fatal(err)
		}
	}
	q := s.schedule.queue(0)
	c := q.active[0]
	for c.left > openLead-2 {
		left := c.left
		c.waiting, c.since, q.waits, s.schedule.changed = &Work{}, start, 1, false
		if _, _, err := s.schedule.append(nil, q, start); err != nil || c.left != left-1 {
			t.Fatal(err, left, c.left)
		}
		if c.waiting != nil || !c.since.IsZero() || q.waits != 0 {
			t.Error("it waits although it has sent")
		}
		if s.schedule.changed != (c.left == openLead) {
			t.Errorf("with %d packets left: looked at again: %v", c.left, s.schedule.changed)
		}
	}
	c.target.due = start.Add(1)
	if _, _, err := s.schedule.append(nil, q, start); !errors.Is(err, errBusy) || q.waits != 1 || !c.since.IsZero() {
		t.Errorf("one that is not due: %v, %d wait", err, q.waits)
	}
}

// TestPausedQueueGoesOn: nothing of a queue that is paused is sent. It goes on with the next packet after that, behind
// its description, if that has expired meanwhile (RFC 6726, section 3.3).
func TestPausedQueueGoesOn(t *testing.T) {
	for _, paused := range []time.Duration{time.Millisecond, 30 * time.Second, time.Hour} {
		cfg := Config{
			OTI: fec.OTI{SymbolLength: 10}, FDTOTI: fec.OTI{SymbolLength: 1400}, FDTDuration: 30 * time.Second,
		}
		s, toi := oneFile(t, cfg, 1000)
		next := func(at time.Time) (file bool) {
			t.Helper()
			pkt, ok, err := s.AppendNext(nil, at)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return false
			}
			p, err := alc.Parse(pkt)
			if err != nil {
				t.Fatal(err)
			}
			return p.TOI == toi
		}
		for n := 0; n < 10; {
			if next(start) {
				n++
			}
		}
		s.PauseQueue(0, true)
		for range 20 {
			if next(start) {
				t.Fatal("a packet of a queue that is paused")
			}
		}
		s.PauseQueue(0, false)
		if got, want := next(start.Add(paused)), paused < 30*time.Second; got != want {
			t.Errorf("after %v the next packet is of the file: %v", paused, got)
		}
		for n := 0; !next(start.Add(paused)); n++ {
			if n > 20 {
				t.Fatalf("after %v it does not go on", paused)
			}
		}
	}
}
