package lanes

import (
	"fmt"
	"time"
)

const (
	// slowAfter is for how long a disk may keep a Work before that is told. It is told again when it has lasted twice
	// as long.
	slowAfter = 5 * time.Second
	// quietFor is for how long nothing is told of a disk that has answered again: it may be slow all the time.
	quietFor = time.Minute
	// tickInterval is how often that is looked at while something waits for a disk.
	tickInterval = time.Second
)

// Delay tells of a disk that does not answer, or that answers again.
type Delay struct {
	Lane  any           // as Work.Lane returned it
	Name  string        // of Lane, for people: what its method String returns, else its type
	Age   time.Duration // of what it has not answered, the oldest
	Works int           // that wait for it, or run
	Over  bool          // it has answered now
}

// name returns the name of the disk.
func (d *disk) name() string {
	if s, ok := d.key.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", d.key)
}

// startClock has the delays looked at. l.mu is held.
func (l *Lanes) startClock() {
	if !l.ticking {
		l.ticking = true
		l.clock.Reset(tickInterval)
	}
}

// tick looks for disks that do not answer.
func (l *Lanes) tick() {
	l.mu.Lock()
	defer l.unlock()
	l.ticking = false
	now := time.Now()
	for _, d := range l.disks {
		l.startClock()
		if age := d.age(now); age >= max(slowAfter, 2*d.told) && !now.Before(d.quiet) {
			d.told = age
			l.delays = append(l.delays, d.delay(age))
		}
		d.lend(l, now)
	}
}

// age returns for how long the disk has not answered a Work.
func (d *disk) age(now time.Time) (oldest time.Duration) {
	for _, v := range d.visits {
		if !v.since.IsZero() {
			oldest = max(oldest, now.Sub(v.since))
		}
	}
	return oldest
}

func (d *disk) delay(age time.Duration) Delay {
	n := d.waiting.n + len(d.visits)
	for _, p := range d.parts {
		n += p.parks.n
	}
	return Delay{Lane: d.key, Name: d.name(), Age: age, Works: n}
}

// answered notes that the disk has answered v. l.mu is held.
func (v *visit) answered() {
	if v.since.IsZero() {
		return
	}
	now, d := time.Now(), v.disk
	age := now.Sub(v.since)
	v.since = time.Time{}
	if d.told > 0 && d.age(now) < slowAfter {
		d.told, d.quiet = 0, now.Add(quietFor)
		over := d.delay(age)
		over.Over = true
		v.lanes.delays = append(v.lanes.delays, over)
	}
}
