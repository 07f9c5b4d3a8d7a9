package sending

import "github.com/flute-node/flute-node/flute/event"

// marked marks an event of a sending session as such: a node may receive what it sends, and both sides have the same
// kinds of events.
func marked(e event.Event) event.Event {
	switch e := e.(type) {
	case event.SessionOpened:
		e.Sending = true
		return e
	case event.SessionClosed:
		e.Sending = true
		return e
	case event.ObjectStarted:
		e.Sending = true
		return e
	case event.ObjectProgress:
		e.Sending = true
		return e
	case event.ObjectCompleted:
		e.Sending = true
		return e
	case event.ObjectFailed:
		e.Sending = true
		return e
	case event.SessionComplete, event.SessionStats, event.FDTReceived, event.FDTPublished, event.FDTRejected,
		event.MatrixDetected, event.ObjectRefused, event.FeedState, event.Warning, event.Late,
		event.TransferStarted, event.TransferDone, event.QueueEmpty:
	}
	return e
}
