//go:build linux && (amd64 || arm64)

package udp

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// reports reads what ICMP says of datagrams that a socket has sent. The kernel has checked that they are of this
// socket, and not that they are true.
type reports struct {
	tell func(Report)

	mu      sync.Mutex
	quoted  [256]byte
	control [512]byte
}

// Hear has tell called with what ICMP says of datagrams that were sent, on the goroutines of ReadBatch, Wait and
// WriteBatch; tell must not block. It is called before them. Other systems than Linux tell nothing.
func (s *Socket) Hear(tell func(Report)) error {
	raw, err := s.conn.SyscallConn()
	if err != nil {
		return err
	}
	o := option{"IPV6_RECVERR", unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1, false}
	if s.is4 {
		o = option{"IP_RECVERR", unix.IPPROTO_IP, unix.IP_RECVERR, 1, false}
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = o.set(int(fd)) }); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	b := &s.batch
	b.reports = &reports{tell: tell}
	b.ready = func(fd uintptr) bool {
		if b.call(fd) {
			return true
		}
		// sendmmsg that has sent something loses the error of what follows, and what woke us may be that.
		b.reports.drain(fd)
		return false
	}
	return nil
}

// heard tells what is there to be told, where somebody hears. It reports whether somebody does: then an error of a
// system call may be about a datagram sent before.
func (s *Socket) heard() bool {
	if s.batch.reports == nil {
		return false
	}
	_ = s.batch.raw.Control(s.batch.reports.drain) // fails once the socket is closed
	return true
}

// reported reports whether an error is about datagrams that were sent, which it has told then.
func (r *batchReader) reported(err error) bool {
	var errno syscall.Errno
	if r.reports == nil || !errors.As(err, &errno) || !slices.Contains(icmpErrors[:], errno) {
		return false
	}
	_ = r.raw.Control(r.reports.drain) // fails once the socket is closed
	return true
}

// icmpErrors are what Linux makes of the messages of ICMP.
var icmpErrors = [...]syscall.Errno{
	unix.ECONNREFUSED, unix.EMSGSIZE, unix.EHOSTUNREACH, unix.EHOSTDOWN, unix.ENETUNREACH, unix.EPROTO,
	unix.ENOPROTOOPT, unix.EACCES, unix.EOPNOTSUPP, unix.ENONET,
}

// drain tells what the kernel has of a socket.
func (r *reports) drain(fd uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var name unix.RawSockaddrInet6
		iov := unix.Iovec{Base: &r.quoted[0], Len: uint64(len(r.quoted))}
		h := unix.Msghdr{
			Name: (*byte)(unsafe.Pointer(&name)), Namelen: uint32(unsafe.Sizeof(name)),
			Iov: &iov, Iovlen: 1, Control: &r.control[0], Controllen: uint64(len(r.control)),
		}
		n, _, errno := unix.Syscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&h)),
			unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return
		}
		if reason, ok := reasonOf(r.control[:h.Controllen]); ok {
			reason.To, reason.Quoted = sourceOf(&name), r.quoted[:n]
			r.tell(reason)
		}
	}
}

// reasonOf returns what the control message says, if it is one that is told.
func reasonOf(control []byte) (Report, bool) {
	const (
		// struct sock_extended_err: ee_errno, ee_origin, and ee_info.
		origin, info, size = 4, 8, 16
	)
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return Report{}, false
	}
	for i := range messages {
		m := &messages[i]
		is4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
		is6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if !is4 && !is6 || len(m.Data) < size {
			continue
		}
		if o := m.Data[origin]; o != unix.SO_EE_ORIGIN_ICMP && o != unix.SO_EE_ORIGIN_ICMP6 {
			continue
		}
		errno := syscall.Errno(binary.LittleEndian.Uint32(m.Data))
		if errno == unix.ECONNREFUSED {
			return Report{Refused: true}, true
		}
		if errno == unix.EMSGSIZE {
			return Report{MTU: int(binary.LittleEndian.Uint32(m.Data[info:]))}, true
		}
	}
	return Report{}, false
}
