package receiver

import (
	"testing"
	"time"
)

// An object that Selection.MaxAge gives up is given up at that age, and looked at then; one that has ended, or that
// nothing describes, is not.
func TestAgeOfObjects(t *testing.T) {
	const age = time.Minute
	for name, c := range map[string]struct {
		after time.Duration
		edit  func(e *entry)
		old   bool
		again bool
	}{
		"just in time":      {age - 1, func(*entry) {}, false, true},
		"too old":           {age, func(*entry) {}, true, false},
		"ended":             {age, func(e *entry) { e.phase = failed }, false, false},
		"being published":   {age, func(e *entry) { e.phase = finishing }, false, false},
		"nothing describes": {age, func(e *entry) { e.file = nil }, false, false},
	} {
		r := newRig(t, func(cfg *Config) { cfg.Selection.MaxAge = age })
		e := described(t, r)
		c.edit(e)
		if got := r.l.isTooOld(e.born.Add(c.after), e); got != c.old || r.l.wake.Equal(e.born.Add(age)) != c.again {
			t.Errorf("%s: too old %v, looked at again at %v", name, got, r.l.wake)
		}
	}
	r := newRig(t)
	if e := described(t, r); r.l.isTooOld(e.born.Add(time.Hour*1e5), e) || !r.l.wake.IsZero() {
		t.Error("an object becomes too old though nobody said when")
	}
}
