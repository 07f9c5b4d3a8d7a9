package doctor

import "golang.org/x/sys/unix"

// clock looks at whether something keeps the clock right.
func clock() Finding {
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return Finding{Name: "clock", Grade: Unknown, Found: err.Error()}
	}
	return judgeClock(t.Status&unix.STA_UNSYNC == 0)
}
