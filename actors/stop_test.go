package actors_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
)

func TestStopTimeout(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		gate := make(chan struct{})
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if ctx.Message() == "block" {
				<-gate
			}
		}}
		pid := actortest.Spawn(t, sys, "stuck", actors.Spec{Produce: p.Produce})
		sys.Root().Send(pid, "block")
		synctest.Wait()
		before := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		err := actors.Stop(ctx, sys, pid)
		if !errors.Is(err, context.DeadlineExceeded) ||
			err.Error() != "actors: stuck has not stopped: context deadline exceeded" {
			t.Errorf("err = %v", err)
		}
		if d := time.Since(before); d != 25*time.Second {
			t.Errorf("gave up after %v", d)
		}
		close(gate)
	})
}

// TestStopIsNotEarly: a second Stop waits for the actor as well, though protoactor answers Watch at once.
func TestStopIsNotEarly(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		slow := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Stopping); ok {
				time.Sleep(10 * time.Second)
			}
		}}
		p := &actortest.Probe{Handle: func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				ctx.Spawn(actors.Spec{Produce: slow.Produce}.Props())
			}
		}}
		pid := actortest.Spawn(t, sys, "a", actors.Spec{Produce: p.Produce})
		synctest.Wait()
		sys.Root().Stop(pid)
		synctest.Wait()
		before := time.Now()
		actortest.Stop(t, sys, pid)
		if d := time.Since(before); d != 10*time.Second {
			t.Errorf("Stop returned after %v, want 10s", d)
		}
		if n := len(actortest.Received[*actor.Stopped](p.Take())); n != 1 {
			t.Errorf("Stopped handled %d times when Stop returned", n)
		}
		actortest.Stop(t, sys, pid) // gone
	})
}

func TestSystem(t *testing.T) {
	var letters []any
	sys := actors.NewSystem(actors.SystemConfig{OnDeadLetter: func(l *actor.DeadLetterEvent) {
		letters = append(letters, l.Message)
		panic("in the hook")
	}})
	p := &actortest.Probe{}
	pid, err := sys.Root().SpawnNamed(actors.Spec{Produce: p.Produce}.Props(), "a")
	if err != nil {
		t.Fatal(err)
	}
	stopParent(t, sys, pid)
	d := &actortest.Data{}
	sys.Root().Send(pid, d)
	sys.Root().Request(pid, &actortest.Data{})
	sys.Root().Stop(pid)
	sys.Root().Send(pid, "late")
	mustReleaseOnce(t, d)
	if len(letters) != 3 || letters[0] != d || letters[2] != "late" {
		t.Errorf("dead letters: %v", letters)
	}
	sys.Shutdown()
	sys.Shutdown()
	time.Sleep(5 * time.Millisecond) // protoactor's throttle of one millisecond, outside of a bubble
}

// TestEscalationThatPanics: protoactor has no recover around the failure of a root actor; the process must survive.
func TestEscalationThatPanics(t *testing.T) {
	sys := actors.NewSystem(actors.SystemConfig{})
	defer sys.Shutdown()
	sub := sys.System().EventStream.Subscribe(func(event any) {
		if _, ok := event.(*actor.SupervisorEvent); ok {
			panic("subscriber")
		}
	})
	defer sys.System().EventStream.Unsubscribe(sub)
	stopped := make(chan struct{})
	p := &actortest.Probe{Handle: func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case string:
			panic("root")
		case *actor.Stopped:
			close(stopped)
		}
	}}
	pid, err := sys.Root().SpawnNamed(actors.Spec{Produce: p.Produce}.Props(), "a")
	if err != nil {
		t.Fatal(err)
	}
	sys.Root().Send(pid, "crash")
	<-stopped
}
