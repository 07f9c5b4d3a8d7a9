package lanes

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"
)

// inPart is a Work that may wait for a part of its disk.
type inPart struct {
	*work
	part string
}

func (w inPart) Part() string { return w.part }

// giveIn has w run for the named session, in a part of its disk.
func (r *rig) giveIn(session, part string, w *work) {
	r.Run(NewEntry(inPart{w, part}, session, func(*Entry) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ended = append(r.ended, session)
	}))
}

// TestPartThatHangs: what waits for a part of a disk that hangs keeps nobody for long from the rest, takes a bounded
// number of goroutines, and goes on when the part answers.
func TestPartThatHangs(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		hung := make(chan struct{})
		const works = 3600
		for range works {
			r.giveIn("dead", "a", &work{lane: "disk", run: func(sync.Locker) { <-hung }})
			r.giveIn("alive", "b", &work{lane: "disk", run: func(sync.Locker) { time.Sleep(10 * time.Millisecond) }})
			r.give("none", &work{lane: "disk", run: func(sync.Locker) { time.Sleep(10 * time.Millisecond) }})
			time.Sleep(time.Second)
		}
		ended := map[string]int{}
		for _, s := range r.order() {
			ended[s]++
		}
		if ended["dead"] > 0 || ended["alive"] < works-10 || ended["none"] < works-10 {
			t.Errorf("ended: %v", ended)
		}
		if r.live > perDisk {
			t.Errorf("%d goroutines", r.live)
		}
		close(hung)
		if order := r.order(); len(order) < works || len(order) > works+20 {
			t.Errorf("%d ended once the part had answered", len(order))
		}
	})
}

// TestPartThatHangsAtOnce: Works that take all places before the part is known to hang lend them.
func TestPartThatHangsAtOnce(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, r *rig) {
		hung := make(chan struct{})
		for range 1000 {
			r.giveIn("dead", "a", &work{lane: "disk", run: func(sync.Locker) { <-hung }})
		}
		for range 100 {
			r.giveIn("alive", "b", &work{lane: "disk", run: func(sync.Locker) { time.Sleep(time.Second) }})
		}
		time.Sleep(slowAfter + 2*tickInterval + 4*time.Second)
		if order := r.order(); len(order) != 100 {
			t.Errorf("%d ended beside a part that hangs", len(order))
		}
		time.Sleep(24 * time.Hour)
		if most := (1 + lends) * perDisk; r.live > most || r.live < perDisk {
			t.Errorf("%d goroutines, at most %d", r.live, most)
		}
		if told := r.told(); len(told) < 2 || told[1].Works != 1000 {
			t.Errorf("told: %+v", told)
		}
		running, most := 0, 0
		for range 200 {
			r.give("alive", &work{lane: "disk", run: func(cpu sync.Locker) {
				cpu.Lock()
				running++
				most = max(most, running)
				cpu.Unlock()
				time.Sleep(time.Second)
				cpu.Lock()
				running--
				cpu.Unlock()
			}})
		}
		close(hung)
		time.Sleep(time.Minute)
		if order := r.order(); len(order) != 1200 {
			t.Errorf("%d ended once the part had answered", len(order))
		}
		if most > perDisk {
			t.Errorf("%d ran at a time once the part had answered", most)
		}
	})
}

// TestFolderOfManyPartsThatHang: a disk below a part hangs in all of its parts, each of which is another name. Together
// they take no more places than one does, and what is beside them is served.
func TestFolderOfManyPartsThatHang(t *testing.T) {
	for _, below := range []string{"m/", "m/d/"} {
		inBubble(t, 1, func(t *testing.T, r *rig) {
			hung := make(chan struct{})
			const works = 20 * perDisk
			give := func(i int) {
				r.giveIn("dead", below+strconv.Itoa(i), &work{lane: "disk", run: func(sync.Locker) { <-hung }})
			}
			for i := range works {
				give(i)
			}
			time.Sleep(2 * slowAfter)
			for i := range works {
				give(works + i)
			}
			time.Sleep(slowAfter)
			for range 3 {
				for _, part := range []string{"b/c", "."} {
					r.giveIn("alive", part, &work{lane: "disk", run: func(sync.Locker) { time.Sleep(time.Second) }})
				}
				time.Sleep(slowAfter + 2*tickInterval)
			}
			if order := r.order(); len(order) != 3*2 {
				t.Errorf("%d of %d ended beside parts that hang", len(order), 3*2)
			}
			time.Sleep(time.Hour)
			if most := 2 * perDisk; r.live > most {
				t.Errorf("%d goroutines, at most %d", r.live, most)
			}
			close(hung)
			if order := r.order(); len(order) != 2*works {
				t.Errorf("%d of %d ended once the parts had answered", len(order), 2*works)
			}
		})
	}
}

// TestPartIsTriedAgain: a part of which the Works that run are lost, and never answer, is served again.
func TestPartIsTriedAgain(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, r *rig) {
		lost := make(chan struct{})
		for range perDisk {
			r.giveIn("lost", "a", &work{lane: "disk", run: func(sync.Locker) { <-lost }})
		}
		time.Sleep(time.Minute)
		for range 100 {
			r.giveIn("later", "a", &work{lane: "disk", run: func(sync.Locker) { time.Sleep(time.Second) }})
		}
		time.Sleep(time.Minute)
		if order := r.order(); len(order) != 100 {
			t.Errorf("%d of 100 ended", len(order))
		}
		close(lost)
	})
}

// TestSlowPart: a part that is slow, or of which one Work hangs, is served as fast as without a name.
func TestSlowPart(t *testing.T) {
	const takes = slowAfter + tickInterval/2
	for _, part := range []string{"", "a"} {
		inBubble(t, 2, func(t *testing.T, r *rig) {
			hung := make(chan struct{})
			r.giveIn("hung", part, &work{lane: "disk", run: func(sync.Locker) { <-hung }})
			for range 4 * (perDisk - 1) {
				r.giveIn("slow", part, &work{lane: "disk", run: func(sync.Locker) { time.Sleep(takes) }})
			}
			time.Sleep(4*takes + time.Millisecond)
			if order := r.order(); len(order) != 4*(perDisk-1) {
				t.Errorf("part %q: %d ended", part, len(order))
			}
			close(hung)
		})
	}
}

// TestPartsThatHangAtRandom: whatever parts do, places that are lent are given back once, no Work is forgotten, and
// goroutines are bounded.
func TestPartsThatHangAtRandom(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		inBubble(t, 2, func(t *testing.T, r *rig) {
			var mu sync.Mutex
			hung := map[string]chan struct{}{}
			for _, part := range []string{"a", "b", "c", "c/d", "c/e"} {
				hung[part] = make(chan struct{})
			}
			answer := func(part string) {
				mu.Lock()
				defer mu.Unlock()
				close(hung[part])
				hung[part] = make(chan struct{})
			}
			parts := []string{"a", "b", "c", "c/d", "c/e", "c/e/answers", "answers", ""}
			const works = 3000
			for i := range works {
				part, takes := parts[random.IntN(len(parts))], time.Duration(random.Int64N(int64(7*time.Second)))
				panics := random.IntN(20) == 0
				r.giveIn("s", part, &work{lane: "disk", run: func(cpu sync.Locker) {
					mu.Lock()
					answers := hung[part]
					mu.Unlock()
					if answers != nil {
						<-answers
					}
					cpu.Lock()
					if panics {
						panic("while it computes")
					}
					cpu.Unlock()
					time.Sleep(takes)
				}})
				if i%20 == 0 {
					time.Sleep(time.Duration(random.Int64N(int64(10 * time.Second))))
				}
				if i%100 == 0 {
					answer(parts[random.IntN(len(hung))])
				}
				checkLent(t, r.Lanes)
			}
			ended := 0
			for range works { // those that have waited for the part to answer wait again
				for part := range hung {
					answer(part)
				}
				time.Sleep(time.Minute)
				ended += len(r.order())
			}
			if ended != works {
				t.Errorf("seed %d: %d of %d ended", seed, ended, works)
			}
		})
	}
}

// checkLent checks what is lent.
func checkLent(t *testing.T, l *Lanes) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.disks {
		lent := 0
		for _, v := range d.visits {
			if v.lent {
				lent++
			}
		}
		if lent != d.lent || lent > lends*d.atOnce || len(d.visits) > (1+lends)*d.atOnce {
			t.Fatalf("%d goroutines have lent %d places, counted %d", len(d.visits), lent, d.lent)
		}
	}
}
