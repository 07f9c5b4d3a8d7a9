//go:build !linux || !(amd64 || arm64)

package pacebench

import (
	"fmt"
	"net/netip"
	"time"
)

// Receiver is not there.
type Receiver struct{}

// Listen returns an error.
func Listen(netip.Addr) (*Receiver, error) {
	return nil, fmt.Errorf("pacebench: datagrams are stamped by 64-bit Linux only")
}

// Group is never called.
func (r *Receiver) Group() netip.AddrPort { return netip.AddrPort{} }

// Began is never called.
func (r *Receiver) Began() time.Time { return time.Time{} }

// Close is never called.
func (r *Receiver) Close() ([]Arrival, error) { return nil, nil }
