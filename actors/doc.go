// Package actors is the runtime kit of the node over github.com/asynkron/protoactor-go. It knows nothing of FLUTE.
//
// From protoactor it takes contexts, PIDs, the registry and the restart machinery. It brings its own mailbox,
// dispatchers, guard and stop, because those of protoactor spin, leak, revive stopped actors, or lose messages without
// telling anyone.
//
// A Spec puts the parts together; every actor of the node is spawned from one:
//
//	loop := actors.NewLoop(nil)
//	box := actors.NewMailbox(actors.Limits{Bytes: 16 << 20}, count)
//	pid, err := ctx.SpawnNamed(actors.Spec{
//		Produce:    func() actor.Actor { return newSession(config) },
//		Mailbox:    box,
//		Dispatcher: loop,
//		Strategy:   supervisor.NewDynamic(supervisor.DynamicConfig{}),
//	}.Props(), "239.1.1.1-7")
//	...
//	box.Offer(batch) // from the reader goroutine, without a look-up
//
// # Two queues
//
// A message that implements Data waits in the data queue: bounded in bytes and in messages, tail-dropped when full,
// each loss shown to the callback of the Mailbox. Every other message is control: its queue never drops and goes first.
// Messages of the runtime itself (Stop, Terminated, Failure, ...) go before both, and so does supervisor.ChildGaveUp.
// So a control message overtakes queued Data, and a Poison overtakes it too; within a queue the order of posting is
// kept.
//
// # Who releases Data
//
// One rule: whoever posts a Data message gives its reference away, in every case, also when Offer returns false. The
// Mailbox calls Release exactly once for each: after the handler returned, after the handler panicked, when the data
// queue is full, when the actor is stopping or gone. A handler therefore never calls Release on the message that it
// handles, and must not keep the message, or any bytes that it lends, after it returned. What it needs longer it
// copies. What it passes on gets its own reference first: build the new message, retain the buffer for it, and Offer it
// at once, so that no panic can fall between.
//
// A message sent to a PID that no longer exists is a dead letter; System releases the Data among them.
//
// # Where actors run
//
// With the Dispatcher nil an actor gets a goroutine whenever it has work. A Loop runs a session actor and all of its
// objects one after the other; it has a goroutine of a crew as long as it has work. The session hands Data to an object
// with Mailbox.Deliver, which runs the object at once, inside of the session's handler; everything else, whoever sends
// it, is queued on the Loop. What an object sends to its session meanwhile is queued as well, never nested. A crash
// inside of Deliver is caught there; the session does not notice until the Failure reaches its strategy. What takes
// long goes to package lanes and comes back as a message.
//
// # Crashes
//
// Every actor runs behind a Guard. A panic becomes a *Crash, with the stack, the kind of message and what the actor
// blames (blamer). Panics in Restarting, Stopping and Stopped are caught and reported, so that they neither hang nor
// revive. User messages after Stopping are ignored. After a restart the queues are as they were; the message in flight
// is lost. The actor is built when it starts, not when it is spawned: a panic while building is the child's, not the
// parent's. An actor that ends its goroutine (runtime.Goexit), as a callback of a program may, has crashed as well; one
// that a Deliver of it runs inside of crashes with it.
//
// An actor that has to stop its children in order implements Leaver.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// 64-bit machines only: the registry of protoactor indexes with a signed 32-bit hash. The following parts of protoactor
// are not to be used beside the kit: SetReceiveTimeout and Future on busy paths (data races), Stash (last in, first
// out), MessageBatch (delivers twice), Bounded mailboxes (spin), ReceiverMiddleware and metrics (allocate per message).
package actors
