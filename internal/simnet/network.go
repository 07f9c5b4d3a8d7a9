package simnet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxDatagram is the most payload that UDP over IPv4 takes.
const maxDatagram = 65507

// firstPort is the source port of the first Sender that does not ask for one.
const firstPort = 49152

// Network connects Senders to Receivers by destination address. It is safe for concurrent use.
type Network struct {
	seed uint64

	mu        sync.Mutex
	receivers []*Receiver
	joined    uint64 // ever
	dialled   uint64 // ever
}

// New returns a Network without faults of its own: those are on the Link of each Receiver.
func New(seed uint64) *Network { return &Network{seed: seed} }

// JoinConfig says what a Receiver hears. Group is required.
type JoinConfig struct {
	Group  netip.AddrPort // multicast group or unicast address, with the port
	Source netip.Addr     // the one sender to hear; zero: any
	Link   Link           // how each flow reaches this Receiver; its Seed is added to that of the Network
	Buffer int            // bytes that may wait to be read; zero: DefaultBuffer
}

// Join returns a Receiver that gets, from now on, what is sent to the group. Each one gets its own copy, also of
// unicast.
func (n *Network) Join(cfg JoinConfig) *Receiver {
	if cfg.Buffer == 0 {
		cfg.Buffer = DefaultBuffer
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.joined++
	r := &Receiver{network: n, cfg: cfg, number: n.joined, flows: map[*Sender]*flow{}, wake: make(chan struct{}, 1)}
	n.receivers = append(n.receivers, r)
	return r
}

func (n *Network) leave(r *Receiver) {
	n.mu.Lock()
	defer n.mu.Unlock()
	// A new list: Senders may be walking over the old one.
	n.receivers = slices.DeleteFunc(slices.Clone(n.receivers), func(other *Receiver) bool { return other == r })
}

// Dial returns a Sender from one address to a group or unicast address. A source port of 0 gets a free one.
func (n *Network) Dial(source, to netip.AddrPort) *Sender {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialled++
	if source.Port() == 0 {
		source = netip.AddrPortFrom(source.Addr(), uint16(firstPort+n.dialled-1))
	}
	return &Sender{network: n, number: n.dialled, source: source, to: to}
}

// flowSeed makes one seed of those of the Network and of the Link and of the order in which the ends were made.
func (n *Network) flowSeed(link, receiver, sender uint64) uint64 {
	return rand.NewPCG(n.seed^link<<32, receiver<<32|sender).Uint64()
}

// Sender is one end of flows. WriteBatch is not safe for concurrent use.
type Sender struct {
	network    *Network
	number     uint64
	source, to netip.AddrPort

	mu     sync.Mutex
	closed bool
}

// WriteBatch sends all datagrams, in order, and returns how many were sent. The bytes may be used again at once.
func (s *Sender) WriteBatch(datagrams [][]byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	s.network.mu.Lock()
	receivers := s.network.receivers
	s.network.mu.Unlock()
	sent := len(datagrams)
	var err error
	for i, d := range datagrams {
		if len(d) > maxDatagram {
			sent, err = i, fmt.Errorf("simnet: write %d bytes to %v: %w", len(d), s.to, errTooLong)
			break
		}
	}
	now := time.Now()
	for _, r := range receivers {
		if r.hears(s) {
			r.take(s, datagrams[:sent], now)
		}
	}
	return sent, err
}

var errTooLong = errors.New("message too long")

// LocalAddr returns the source address that Receivers see.
func (s *Sender) LocalAddr() netip.AddrPort { return s.source }

// Close ends the Sender. What it has sent arrives.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	return nil
}
