package supervisor_test

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/supervisor"
)

// A tree of three actors, in which the second depends on the first and the third on the second.
func ExampleNew() {
	steps := make(chan string, 16)
	child := func(name string) supervisor.Child {
		return supervisor.Child{Name: name, Props: actors.Spec{Produce: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				switch ctx.Message().(type) {
				case *actor.Started:
					steps <- "start " + name
				case *actor.Restarting, *actor.Stopping:
					steps <- "end " + name
				case string:
					panic("a bug")
				}
			})
		}}.Props()}
	}
	sys := actors.NewSystem(actors.SystemConfig{})
	root := supervisor.New(supervisor.Config{
		Strategy: supervisor.RestForOne,
		Children: []supervisor.Child{child("store"), child("sessions"), child("sockets")},
	}, nil)
	pid, err := sys.Root().SpawnNamed(actors.Spec{Produce: root}.Props(), "node")
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(n int) {
		for range n {
			fmt.Println(<-steps)
		}
	}
	show(3)
	sys.Root().Send(sys.System().NewLocalPID("node/sessions"), "crash")
	show(4)
	if err := actors.Stop(context.Background(), sys, pid); err != nil {
		fmt.Println(err)
	}
	show(3)
	sys.Shutdown()
	// Output:
	// start store
	// start sessions
	// start sockets
	// end sockets
	// end sessions
	// start sessions
	// start sockets
	// end sockets
	// end sessions
	// end store
}
