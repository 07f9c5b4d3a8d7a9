package event

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
