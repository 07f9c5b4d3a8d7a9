//go:build linux && (amd64 || arm64)

package pacebench

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// receiveBuffer outlasts a pause of the reader.
const receiveBuffer = 64 << 20

// Receiver hears one group on the loopback interface.
type Receiver struct {
	group    netip.AddrPort
	conn     *net.UDPConn
	began    time.Time
	arrivals []Arrival
	count    atomic.Int64 // of arrivals
	done     chan struct{}
}

// Listen begins to collect what arrives for group, an IPv4 one, on a port that nobody else uses.
func Listen(group netip.Addr) (*Receiver, error) {
	ifi, err := loopback()
	if err != nil {
		return nil, err
	}
	cfg := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = setOptions(int(fd)) })
		return errors.Join(err, failed)
	}}
	conn, err := cfg.ListenPacket(context.Background(), "udp4", netip.AddrPortFrom(group, 0).String())
	if err != nil {
		return nil, err
	}
	r := &Receiver{conn: conn.(*net.UDPConn), began: time.Now(), done: make(chan struct{})}
	r.group = netip.AddrPortFrom(group, r.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	to := &net.UDPAddr{IP: group.AsSlice()}
	if err := ipv4.NewPacketConn(r.conn).JoinGroup(ifi, to); err != nil {
		return nil, errors.Join(err, r.conn.Close())
	}
	go r.collect()
	return r, nil
}

func loopback() (*net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Flags&net.FlagLoopback != 0 {
			return &all[i], nil
		}
	}
	return nil, errors.New("pacebench: there is no loopback interface")
}

func setOptions(fd int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1) // an old kernel brings one datagram each
	return os.NewSyscallError("SO_TIMESTAMPNS", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1))
}

// collect reads until the socket is closed.
func (r *Receiver) collect() {
	defer close(r.done)
	data, control := make([]byte, 1<<16), make([]byte, 128)
	began := r.began.UnixNano() // kernel time is wall clock
	for {
		n, k, _, _, err := r.conn.ReadMsgUDPAddrPort(data, control)
		if err != nil {
			return
		}
		at, segment := parseControl(control[:k])
		a := Arrival{At: time.Duration(at - began), Bytes: n, Datagrams: 1}
		if segment > 0 {
			a.Datagrams = (n + segment - 1) / segment
		}
		r.arrivals = append(r.arrivals, a)
		r.count.Add(1)
	}
}

// parseControl returns when a message was taken in, in nanoseconds of Unix time, and the length of its segments, or 0.
func parseControl(b []byte) (at int64, segment int) {
	for len(b) >= unix.SizeofCmsghdr {
		// struct cmsghdr of 64-bit Linux: length, level, type.
		length := int(binary.NativeEndian.Uint64(b))
		level, kind := binary.NativeEndian.Uint32(b[8:]), binary.NativeEndian.Uint32(b[12:])
		if length < unix.SizeofCmsghdr || length > len(b) {
			return at, segment
		}
		switch data := b[unix.SizeofCmsghdr:length]; {
		case level == unix.SOL_SOCKET && kind == unix.SCM_TIMESTAMPNS && len(data) >= 16:
			at = int64(binary.NativeEndian.Uint64(data))*1e9 + int64(binary.NativeEndian.Uint64(data[8:]))
		case level == unix.IPPROTO_UDP && kind == unix.UDP_GRO && len(data) >= 4:
			segment = int(binary.NativeEndian.Uint32(data))
		}
		b = b[min(unix.CmsgSpace(length-unix.SizeofCmsghdr), len(b)):]
	}
	return at, segment
}

// Group returns where to send to.
func (r *Receiver) Group() netip.AddrPort { return r.group }

// Began returns the beginning of the measurement.
func (r *Receiver) Began() time.Time { return r.began }

// Close ends the measurement and returns what has arrived.
func (r *Receiver) Close() ([]Arrival, error) {
	err := r.conn.Close()
	<-r.done
	return r.arrivals, err
}
