// Package wheel is a timer wheel: setting, moving and stopping one of ten thousand timers costs the same few
// nanoseconds, and timers that are far away cost nothing. It has no clock and no goroutine: whoever owns it calls
// Advance, at the latest at Next.
//
//	w := wheel.New(now)
//	t := wheel.NewTimer(func() { … })
//	w.Set(t, now.Add(time.Second))
//	sleepUntil(w.Next())
//	w.Advance(time.Now()) // calls what is due
//
// # Limitations
//
// A timer is due up to a millisecond late, and never early. The package is not safe for concurrent use.
package wheel
