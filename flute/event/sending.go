package event

// AsSending marks an event of a sending session as such: a node may receive what it sends, and both sides have the same
// kinds of events.
func AsSending(e Event) Event {
	switch e := e.(type) {
	case SessionOpened:
		e.Sending = true
		return e
	case SessionClosed:
		e.Sending = true
		return e
	case ObjectStarted:
		e.Sending = true
		return e
	case ObjectProgress:
		e.Sending = true
		return e
	case ObjectCompleted:
		e.Sending = true
		return e
	case ObjectFailed:
		e.Sending = true
		return e
	case SessionStats, FDTReceived, FDTRejected, MatrixDetected, ActorRestarted, KernelDrops, Missed, Warning:
	}
	return e
}
