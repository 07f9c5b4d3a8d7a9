package udp

import (
	"errors"
	"fmt"
)

// offloadError says that the system took no message of several datagrams, although it had said that it would. The
// datagrams can be sent one by one.
type offloadError struct{ err error }

// Error implements error.
func (e *offloadError) Error() string {
	return fmt.Sprintf("udp: the system refuses segmentation offload (%v): datagrams are sent one by one", e.err)
}

// Unwrap returns the cause.
func (e *offloadError) Unwrap() error { return e.err }

// Offload reports whether datagrams in a row are handed to the system as one message, which it cuts (UDP_SEGMENT). It
// is safe for concurrent use.
func (s *Sender) Offload() bool { return s.offload.Load() }

// Means returns by which means of the system datagrams began to be sent, and why not by better ones, in a few words for
// people.
func (s *Sender) Means() string { return s.means }

// meansOf returns what the configuration says of that; empty: it is up to the system.
func meansOf(cfg *SendConfig, f *flow) string {
	switch {
	case !batches:
		return ""
	case cfg.NoOffload:
		return "sendmmsg, without UDP_SEGMENT: it is switched off"
	case cfg.Unpaced && f == nil:
		return "sendmmsg, without UDP_SEGMENT: there is no rate, and receivers may be on other machines"
	}
	return ""
}

// Degraded returns what there is to tell people since the last call: the interface has no link, segmentation offload is
// not used any more. Empty: nothing. It is not safe for concurrent use with WriteBatch.
func (s *Sender) Degraded() (text string) {
	text, s.degraded = s.degraded, ""
	return text
}

// degrades reports whether err says that segmentation offload is not used any more. Nothing of the message was sent.
func (s *Sender) degrades(err error) bool {
	var refused *offloadError
	if !errors.As(err, &refused) {
		return false
	}
	s.degraded = refused.Error()
	s.offload.Store(false)
	return true
}
