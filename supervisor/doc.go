// Package supervisor restarts actors that crash, as the supervisors of Erlang/OTP do. It knows nothing of FLUTE.
//
// A static tree is built of New: an actor that starts its children in order, each after the one before has handled
// Started (a tree below: when all of its children have), and stops them in the reverse order, each after the one before
// has terminated.
//
//	root := supervisor.New(supervisor.Config{
//		Strategy: supervisor.RestForOne,
//		Children: []supervisor.Child{
//			{Name: "hub", Props: hub},
//			{Name: "store", Props: store},
//			{Name: "sockets", Props: sockets},
//		},
//		OnEnd: func(err error) { ended <- err },
//	}, hook)
//	pid, err := system.Root().SpawnNamed(actors.Spec{Produce: root}.Props(), "node")
//
// # Strategies
//
// OneForOne restarts the child that failed. RestForOne also those that were started after it, which depend on it.
// OneForAll all of them. A child that failed under OneForOne or RestForOne is restarted in place: its PID, its Mailbox
// and the messages in it stay; what it handled is lost. The others of the group are stopped and spawned again under the
// same name: a PID keeps leading to the new actor, but what was queued is lost.
//
// # Intensity
//
// More than Intensity failures of all children together within Period, and the supervisor gives up: it stops its
// children in order and fails itself with a *GaveUpError, which is a failure for the supervisor above. At the top,
// where OnEnd is set, it stops instead, and OnEnd gets the error. It never ends the process.
//
// # Dynamic children
//
// NewDynamic returns a strategy for an actor that spawns its children itself, such as a session and its objects
// (simple_one_for_one). It restarts a child up to a limit. When the limit is exceeded, or when the child blames the
// same work twice, the child is stopped, and its parent told by ChildGaveUp; nothing else is affected.
//
// # Events
//
// Every decision is shown to a hook as an Event. The hook runs on the goroutine of the supervisor: it must not block. A
// panic in it is swallowed. Logging and metrics belong there.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// An actor that is blocked in its handler cannot be stopped; the ordered stop waits for it. Give the whole tree a
// deadline with actors.Stop. Children must be built with actors.Spec: the ordered stop of a tree below, and the
// protection from panics while stopping, are those of its Mailbox and Guard.
package supervisor
