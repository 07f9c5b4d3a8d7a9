//go:build linux && (amd64 || arm64)

package udp

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// What sock_diag(7) takes and answers: a header of netlink, a request or a socket, attributes.
const (
	diagRequestLen = 56 // struct inet_diag_req_v2
	diagSocketLen  = 72 // struct inet_diag_msg
	diagMemory     = 7  // INET_DIAG_SKMEMINFO
	diagByFamily   = 20 // SOCK_DIAG_BY_FAMILY
	// diagBuffer takes some hundred sockets at once.
	diagBuffer = 32 << 10
	// A request and an answer have the name of a socket here: two ports, two addresses, an interface, and a cookie that
	// no other socket has.
	diagRequestID, diagSocketID = 8, 4
	diagPort, diagPeerPort      = 0, 2
	diagAddress, diagPeer       = 4, 20
	diagAddressLen              = 16
	diagInterface, diagNameLen  = 36, 48
	// lookAtAll is each how many looks all sockets are looked at, as long as there is one receiver: others may come.
	lookAtAll = 8
)

// queues asks the system for the buffers of the sockets that are bound to one address and port, or to the port alone.
// close may be called from any goroutine.
type queues struct {
	to      netip.AddrPort
	request []byte
	alone   []byte // asks for the only receiver; empty: there is none, or there are several
	looks   int    // that may ask for it until all are looked at again
	answer  []byte
	mu      sync.Mutex // held while fd is in use
	fd      int
	closed  bool
}

// lookAt returns what looks at the receivers of an address, or nil if the system does not tell.
func lookAt(to netip.AddrPort) queueLook {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil
	}
	q := &queues{to: to, fd: fd, request: diagRequest(to), answer: make([]byte, diagBuffer)}
	// The answers come before the request returns; the timeout is for a system that breaks that.
	err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000})
	if _, _, _, told := q.ask(); err != nil || !told {
		_ = unix.Close(fd)
		return nil
	}
	return q
}

// diagRequest asks for all UDP sockets with the port of an address.
func diagRequest(to netip.AddrPort) []byte {
	native := binary.NativeEndian
	b := make([]byte, unix.SizeofNlMsghdr+diagRequestLen)
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], diagByFamily)
	native.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	r := b[unix.SizeofNlMsghdr:]
	if r[0] = unix.AF_INET; to.Addr().Is6() {
		r[0] = unix.AF_INET6
	}
	r[1] = unix.IPPROTO_UDP
	r[2] = 1 << (diagMemory - 1)
	native.PutUint32(r[4:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(r[diagRequestID+diagPort:], to.Port())
	return b
}

// look implements queueLook.
func (q *queues) look() (waiting, size int, ok bool) {
	waiting, size, ok, _ = q.ask()
	return waiting, size, ok
}

// ask is look, and tells whether the system has answered.
func (q *queues) ask() (waiting, size int, ok, told bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, 0, false, false
	}
	if q.looks--; q.looks >= 0 && len(q.alone) > 0 {
		if waiting, size, ok = q.askAlone(); ok {
			return waiting, size, true, true
		}
	}
	q.alone, q.looks = q.alone[:0], lookAtAll-1
	if _, err := unix.Write(q.fd, q.request); err != nil {
		return 0, 0, false, false
	}
	for {
		b, err := q.receive()
		if err != nil {
			return 0, 0, false, false
		}
		done, valid := q.read(b, &waiting, &size, &ok)
		if done || !valid {
			return waiting, size, ok, valid
		}
	}
}

// receive waits for the next messages of an answer. They are valid until it is called again.
func (q *queues) receive() ([]byte, error) {
	for {
		n, err := unix.Read(q.fd, q.answer)
		if err == nil {
			return q.answer[:n], nil
		}
		if !errors.Is(err, unix.EINTR) {
			return nil, err
		}
	}
}

// read takes in messages of netlink. done tells that they were the last; valid is false if they are an error.
func (q *queues) read(b []byte, waiting, size *int, ok *bool) (done, valid bool) {
	native := binary.NativeEndian
	for len(b) >= unix.SizeofNlMsghdr {
		n := int(native.Uint32(b))
		if n < unix.SizeofNlMsghdr || n > len(b) {
			return true, false
		}
		switch body := b[unix.SizeofNlMsghdr:n]; native.Uint16(b[4:]) {
		case unix.NLMSG_DONE:
			return true, true
		case unix.NLMSG_ERROR:
			return true, false
		case diagByFamily:
			if w, s, found := q.socket(body); found {
				q.isAlone(body, !*ok)
				if *waiting = max(*waiting, w); !*ok || s < *size {
					*size = s
				}
				*ok = true
			}
		}
		b = b[min(len(b), (n+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
	}
	return false, true
}

// isAlone makes alone the question for the socket that body is about, if it is the first one; else there are several.
func (q *queues) isAlone(body []byte, first bool) {
	if q.alone = q.alone[:0]; !first {
		return
	}
	name := body[diagSocketID:][:diagNameLen]
	q.alone = append(q.alone, q.request...)
	native := binary.NativeEndian
	native.PutUint16(q.alone[6:], unix.NLM_F_REQUEST)
	r := q.alone[unix.SizeofNlMsghdr:]
	r[0] = body[0]
	// The system looks for the receiver of a datagram: the address and the port of the socket are the destination.
	id := r[diagRequestID:]
	copy(id[diagInterface:], name[diagInterface:])
	copy(id[diagPeerPort:][:2], name[diagPort:])
	copy(id[diagPeer:][:diagAddressLen], name[diagAddress:])
	clear(id[diagPort:][:2])
	clear(id[diagAddress:][:diagAddressLen])
}

// askAlone looks at the only receiver. The system finds it at once; for all sockets it goes through a table of some
// thousand places, which are most often empty. ok is false if it is not there any more.
func (q *queues) askAlone() (waiting, size int, ok bool) {
	if _, err := unix.Write(q.fd, q.alone); err != nil {
		return 0, 0, false
	}
	b, err := q.receive()
	if err != nil || len(b) < unix.SizeofNlMsghdr || binary.NativeEndian.Uint16(b[4:]) != diagByFamily {
		return 0, 0, false
	}
	return q.socket(b[unix.SizeofNlMsghdr:])
}

// socket returns what waits in the buffer of a socket, and how much it takes. found is false if the socket does not
// receive what is sent to the address.
func (q *queues) socket(b []byte) (waiting, size int, found bool) {
	if len(b) < diagSocketLen {
		return 0, 0, false
	}
	name := b[diagSocketID:][:diagNameLen]
	local, _ := netip.AddrFromSlice(name[diagAddress:][:4])
	if b[0] == unix.AF_INET6 {
		local, _ = netip.AddrFromSlice(name[diagAddress:][:diagAddressLen])
	}
	hasPeer := binary.BigEndian.Uint16(name[diagPeerPort:]) != 0
	if hasPeer || !local.IsUnspecified() && local != q.to.Addr().WithZone("") {
		return 0, 0, false
	}
	native := binary.NativeEndian
	for a := b[diagSocketLen:]; len(a) >= unix.SizeofRtAttr; {
		n := int(native.Uint16(a))
		if n < unix.SizeofRtAttr || n > len(a) {
			break
		}
		if native.Uint16(a[2:]) == diagMemory && n >= unix.SizeofRtAttr+8 {
			return int(native.Uint32(a[4:])), int(native.Uint32(a[8:])), true
		}
		a = a[min(len(a), (n+3)&^3):]
	}
	return 0, 0, false
}

// close ends the use of the system's socket.
func (q *queues) close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	return os.NewSyscallError("close", unix.Close(q.fd))
}
