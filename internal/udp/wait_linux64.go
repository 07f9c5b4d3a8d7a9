//go:build linux && (amd64 || arm64)

package udp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// Wait blocks until a datagram is there, for atMost at most unless that is 0, and reports whether one is. It belongs to
// the goroutine of ReadBatch, which needs no memory until then. A read that was full is followed by another one most
// often: then Wait does not look. After Close the error is net.ErrClosed.
func (r *Receiver) Wait(atMost time.Duration) (bool, error) { return waitFor(r.conn, &r.batch, atMost) }

func waitFor(conn *net.UDPConn, batch *batchReader, atMost time.Duration) (bool, error) {
	if batch.full() {
		return true, nil
	}
	if atMost > 0 {
		// To set a deadline costs more than to look once.
		if there, err := batch.isThere(); there || err != nil && errors.Is(err, net.ErrClosed) {
			return there, err
		}
		// The errors say that the socket is closed, and so does wait.
		_ = conn.SetReadDeadline(time.Now().Add(atMost))
		defer conn.SetReadDeadline(time.Time{}) //nolint:errcheck // as above
	}
	switch err := batch.wait(); {
	case err == nil:
		return true, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, nil
	case errors.Is(err, net.ErrClosed):
		return false, net.ErrClosed
	default:
		return false, fmt.Errorf("udp: wait: %w", cause(err))
	}
}
