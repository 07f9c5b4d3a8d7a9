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
	case SessionComplete, SessionStats, FDTReceived, FDTPublished, FDTRejected, MatrixDetected, Warning,
		Late, TransferStarted, TransferDone, QueueEmpty:
	}
	return e
}

// IsSending reports whether e is about a session that the node sends. What is no event of this package is not.
func IsSending(e any) bool {
	switch e := e.(type) {
	case SessionOpened:
		return e.Sending
	case SessionClosed:
		return e.Sending
	case ObjectStarted:
		return e.Sending
	case ObjectProgress:
		return e.Sending
	case ObjectCompleted:
		return e.Sending
	case ObjectFailed:
		return e.Sending
	case Late, TransferStarted, TransferDone, QueueEmpty, FDTPublished:
		return true
	}
	return false
}
