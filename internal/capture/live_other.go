//go:build !linux

package capture

import "errors"

// ErrNone is returned by Live.Next when nothing came for a while.
var ErrNone = errors.New("capture: nothing came")

// Live takes the frames of an interface, on Linux.
type Live struct{}

// Listen fails: other systems have other means for it.
func Listen(string) (*Live, error) {
	return nil, errors.New("capture: packets of an interface can be taken on Linux only")
}

// Next fails.
func (*Live) Next(*Datagram) error { return ErrNone }

// Counts returns nothing.
func (*Live) Counts() (c Counts, dropped uint64) { return Counts{}, 0 }

// Close does nothing.
func (*Live) Close() error { return nil }
