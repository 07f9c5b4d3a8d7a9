package watch

import (
	"fmt"
	"time"
)

const (
	// warnAgain is the time in which a text is told once: a service runs for years, and what fails may fail again.
	warnAgain = time.Hour
	// maxWarnings bounds the texts of that time: there may be one for each of many files.
	maxWarnings = 100
)

// warnings chooses what people are told. Its zero value is ready to use.
type warnings struct {
	began time.Time       // when the time began that runs
	told  map[string]bool // since then
	more  int             // that were not told for want of room
}

// tell calls warn with a text, unless it was told already, or too much was.
func (w *warnings) tell(now time.Time, text string, warn func(string)) {
	if w.told == nil || now.Sub(w.began) >= warnAgain {
		if w.more > 0 {
			warn(fmt.Sprintf("%d warnings before this one were not told", w.more))
		}
		*w = warnings{began: now, told: map[string]bool{}}
	}
	switch {
	case w.told[text]:
	case len(w.told) < maxWarnings:
		w.told[text] = true
		warn(text)
	default:
		w.more++
	}
}

// forget has the text told the next time, whenever that is.
func (w *warnings) forget(text string) { delete(w.told, text) }
