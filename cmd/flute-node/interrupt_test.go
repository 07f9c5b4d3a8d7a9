package main

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestKilledCommandReturns: what is called before a process is killed lets its command return. That must not end the
// process with the command's exit code before the signal does.
func TestKilledCommandReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops, ended := newInterrupts(newStandardError(os.Stderr)), make(chan struct{})
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

// TestSignalToldTwice: timeout(1) sends its signal twice at once, to the process and to its group. The second copy does
// not kill a command that is stopping in order; a signal that comes later does.
func TestSignalToldTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stops, signals := newInterrupts(newStandardError(os.Stderr)), make(chan os.Signal, 2)
		began := time.Now()
		signals <- os.Interrupt
		time.AfterFunc(2*time.Second, func() { signals <- syscall.SIGTERM })
		if s := stops.second(signals); s != syscall.SIGTERM || time.Since(began) != 2*time.Second {
			t.Errorf("%v kills it after %v", s, time.Since(began))
		}
		began = time.Now()
		if s := stops.second(signals); s != nil || time.Since(began) != stopLimit {
			t.Errorf("without a second signal %v kills it after %v", s, time.Since(began))
		}
	})
}
