package pacing

import "time"

// meterPeriod is over how long a rate is measured: long enough that bursts and pauses of a batch do not count.
const meterPeriod = time.Second

// Meter measures the rate at which bytes pass. The zero value is ready to use.
type Meter struct {
	began time.Time // of the period that runs; zero: nothing has passed
	bytes uint64    // in it
	bits  uint64    // per second, in the period before
}

// Note notes that datagrams have passed.
func (m *Meter) Note(datagrams [][]byte, now time.Time) {
	n := 0
	for _, d := range datagrams {
		n += len(d)
	}
	m.Add(n, now)
}

// Add notes that n bytes have passed.
func (m *Meter) Add(n int, now time.Time) {
	m.turn(now)
	if m.began.IsZero() {
		m.began = now
	}
	m.bytes += uint64(n)
}

// turn ends the period if it is over.
func (m *Meter) turn(now time.Time) {
	if d := now.Sub(m.began); !m.began.IsZero() && d >= meterPeriod {
		m.bits = uint64(float64(8*m.bytes) / d.Seconds())
		m.began, m.bytes = now, 0
	}
}

// Rate returns the bits per second of the latest whole period, which lasts a second, or longer if nothing passed
// meanwhile; 0 in the first one.
func (m *Meter) Rate(now time.Time) uint64 {
	m.turn(now)
	return m.bits
}
