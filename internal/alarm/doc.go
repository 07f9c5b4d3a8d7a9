// Package alarm has timers that are late by some microseconds only. The timers of package time are late by up to a
// millisecond while a program is idle: it sleeps in epoll_wait, which counts milliseconds. A sender of 1 Gbit/s would
// send 90 datagrams at once then.
//
//	c := alarm.NewClock()
//	t := c.NewTimer(func() { … })
//	t.Reset(500 * time.Microsecond)
//
// # Limitations
//
// On systems other than Linux, and where Linux has no descriptor to spare, the timers are those of package time.
package alarm
