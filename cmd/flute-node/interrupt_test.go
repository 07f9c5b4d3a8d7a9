package main

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestKilledCommandReturns: what is called before a process is killed lets its command return. That must not end the
// process with the command's exit code before the signal does.
func TestKilledCommandReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops, ended := newInterrupts(os.Stderr), make(chan struct{})
		stops.before(func() {
			close(ended)
			time.Sleep(lastLimit / 2)
		})
		began := time.Now()
		if stops.leave(); time.Since(began) > 0 {
			t.Error("a command that nobody kills waits")
		}
		go stops.end()
		<-ended
		if stops.leave(); time.Since(began) <= lastLimit {
			t.Errorf("it leaves after %v", time.Since(began))
		}
	})
}
