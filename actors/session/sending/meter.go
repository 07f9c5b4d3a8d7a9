package sending

import "time"

// meterPeriod is over how long a rate is measured: long enough that bursts and pauses of a batch do not count.
const meterPeriod = time.Second

// meter measures the rate at which datagrams go out. The zero value is ready to use.
type meter struct {
	began time.Time // of the period that runs; zero: nothing was sent
	bytes uint64    // sent in it
	bits  uint64    // per second, in the period before
}

// note notes datagrams that are out.
func (m *meter) note(datagrams [][]byte, now time.Time) {
	m.turn(now)
	if m.began.IsZero() {
		m.began = now
	}
	for _, d := range datagrams {
		m.bytes += uint64(len(d))
	}
}

// turn ends the period if it is over.
func (m *meter) turn(now time.Time) {
	if d := now.Sub(m.began); !m.began.IsZero() && d >= meterPeriod {
		m.bits = uint64(float64(8*m.bytes) / d.Seconds())
		m.began, m.bytes = now, 0
	}
}

// rate returns the bits of UDP payload per second of the latest whole period, which lasts a second, or longer if
// nothing was sent meanwhile; 0 in the first one.
func (m *meter) rate(now time.Time) uint64 {
	m.turn(now)
	return m.bits
}
