package node

import "github.com/flute-node/flute-node/actors/session/sending"

// permitEach is how many datagrams are sent between two questions: they are one message to the system, or a few.
const permitEach = 64

// permitted is a writer that asks before each message whether it may still send.
type permitted struct {
	sending.Writer
	permit func() error
}

// Degraded returns what the writer has to tell.
func (w *permitted) Degraded() string {
	if d, ok := w.Writer.(interface{ Degraded() string }); ok {
		return d.Degraded()
	}
	return ""
}

// WriteBatch implements sending.Writer.
func (w *permitted) WriteBatch(datagrams [][]byte) (done int, err error) {
	for done < len(datagrams) {
		if err := w.permit(); err != nil {
			return done, err
		}
		next := datagrams[done:min(len(datagrams), done+permitEach)]
		n, err := w.Writer.WriteBatch(next)
		if done += n; err != nil || n < len(next) {
			return done, err
		}
	}
	return done, nil
}
