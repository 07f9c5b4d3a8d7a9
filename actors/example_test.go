package actors_test

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// batch is a message of the data queue. A real one is pooled, and Release gives its buffer back.
type batch struct{ packets [][]byte }

func (b *batch) Bytes() int {
	n := 0
	for _, p := range b.packets {
		n += len(p)
	}
	return n
}
func (b *batch) Release()               { fmt.Println("released") }
func (*batch) IgnoreDeadLetterLogging() {}

// A session actor on a goroutine of its own, fed without a look-up.
func Example() {
	sys := actors.NewSystem(actors.SystemConfig{})
	loop := actors.NewLoop(nil)
	box := actors.NewMailbox(actors.Limits{}, nil)
	handled := make(chan struct{})

	pid, err := sys.Root().SpawnNamed(actors.Spec{
		Produce: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if b, ok := ctx.Message().(*batch); ok {
					fmt.Println(len(b.packets), "packets of", b.Bytes(), "bytes")
					close(handled)
				}
			})
		},
		Mailbox:    box,
		Dispatcher: loop,
	}.Props(), "session")
	if err != nil {
		fmt.Println(err)
		return
	}
	box.Offer(&batch{packets: [][]byte{make([]byte, 1400), make([]byte, 1400)}})
	<-handled

	if err := actors.Stop(context.Background(), sys, pid); err != nil {
		fmt.Println(err)
	}
	loop.Stop()
	sys.Shutdown()
	// Output:
	// 2 packets of 2800 bytes
	// released
}
