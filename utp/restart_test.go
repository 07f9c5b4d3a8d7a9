package utp_test

import (
	"testing"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/utp"
)

// TestOnRestart: whoever starts a Stack is told of an actor that crashed, and of nothing else.
func TestOnRestart(t *testing.T) {
	told := make(chan notice.ActorRestarted, 10)
	stack(t, utp.Config{
		Faults:    inject.New(1, inject.Rule{Actor: "channels", Message: "started", Nth: 1}),
		OnRestart: func(a notice.ActorRestarted) { told <- a },
	})
	a := <-told
	if a.Actor != "utp/channels" || a.Outcome != "restarted" || a.Reason == "" || a.Stack == "" {
		t.Errorf("told %+v", a)
	}
	if len(told) > 0 {
		t.Errorf("told %+v too", <-told)
	}
}
