package notice_test

import (
	"fmt"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
)

func Example() {
	for _, e := range []notice.Event{
		event.ObjectCompleted{Path: "a"},
		event.Warning{Text: "of a session"},
		notice.Missed{Count: 3},
		notice.KernelDrops{New: 1, Total: 4},
		notice.ActorRestarted{Actor: "node/hub"},
		notice.Warning{Text: "of this machine"},
	} {
		switch e := e.(type) {
		case event.ObjectCompleted:
			fmt.Println(e.EventName(), e.Path)
		case event.Warning:
			fmt.Println(e.EventName(), e.Text)
		case notice.Warning:
			fmt.Println(e.EventName(), e.Text)
		default:
			fmt.Println(e.EventName())
		}
	}
	// Output:
	// object_completed a
	// warning of a session
	// missed
	// kernel_drops
	// actor_restarted
	// warning of this machine
}
