package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// NewTimer returns a timer that sends m to the running actor when it fires. It does not run yet: Reset starts it. The
// actor stops it when it handles Restarting and Stopping; m may wait in its queue then.
func NewTimer(ctx actor.Context, m any) *time.Timer {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	t := time.AfterFunc(time.Hour, func() { root.Send(self, m) })
	t.Stop()
	return t
}
