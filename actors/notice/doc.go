// Package notice holds what the runtime of a node announces, whatever protocol it runs: actors that were restarted,
// datagrams that the system dropped, warnings about this machine. Each protocol has a package of its own for its
// events, such as flute/event. All of them are an [Event], so that a subscriber gets one stream.
//
//	for e := range subscription.Events() {
//		switch e := e.(type) {
//		case notice.Missed:
//			log.Printf("%d events were lost", e.Count)
//		case event.ObjectCompleted:
//			log.Print(e.Path)
//		}
//	}
//
// # Limitations
//
// Which types there are is known to the packages that declare them: a switch over all of them needs a default.
package notice
