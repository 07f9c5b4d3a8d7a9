//go:build linux && (amd64 || arm64)

package udp

import (
	"net"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/internal/slab"
)

// segmentControl is room for the control message that tells the length of datagrams.
type segmentControl struct {
	unix.Cmsghdr
	length int32
	_      [4]byte
}

// joined is what a batchReader needs for messages of several datagrams (UDP_GRO, Linux 5.0): of one sender, one behind
// the other, all of one length but the last, which may be shorter.
type joined struct{ controls []segmentControl }

// joinDatagrams has the kernel join datagrams, if it can.
func (r *batchReader) joinDatagrams(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
	if err == nil && failed == nil {
		r.joined = &joined{}
	}
}

// means says how datagrams are received, for people.
func (r *batchReader) means() string {
	if r.joined != nil {
		return "recvmmsg with UDP_GRO"
	}
	return "recvmmsg, without UDP_GRO: the kernel has none (Linux 5.0 has)"
}

// joins reports whether the kernel joins datagrams.
func (r *batchReader) joins() bool { return r.joined != nil }

// slots returns how many messages b has room for, whose datagrams fit into out.
func (*joined) slots(b []byte, out []slab.Datagram) int {
	return max(1, min(len(b)/slab.MessageSize, len(out)/slab.MessageDatagrams))
}

// prepare gives message i its control message.
func (j *joined) prepare(h *unix.Msghdr, i int) {
	h.Control = (*byte)(unsafe.Pointer(&j.controls[i]))
	h.SetControllen(int(unsafe.Sizeof(j.controls[i])))
}

// length returns the length of the datagrams of message i; 0: it is one datagram.
func (j *joined) length(h *unix.Msghdr, i int) int {
	c := &j.controls[i]
	if h.Controllen < unix.SizeofCmsghdr || c.Level != unix.IPPROTO_UDP || c.Type != unix.UDP_GRO {
		return 0
	}
	return int(c.length)
}

// split fills out with the datagrams of the messages that r has got, and returns how many.
func (j *joined) split(r *batchReader, b []byte, slot int, out []slab.Datagram) (n int) {
	for i := range r.got {
		m := &r.headers[i]
		from := sourceOf(&r.names[i])
		data := b[i*slot : i*slot+int(m.n) : (i+1)*slot]
		length := j.length(&m.header, i)
		for length > 0 && length < len(data) && n < len(out)-1 {
			out[n] = slab.Datagram{Data: data[:length:length], Source: from}
			data = data[length:]
			n++
		}
		cut := m.header.Flags&unix.MSG_TRUNC != 0
		if length > 0 && length < len(data) {
			data, cut = data[:length], true // of more datagrams than a message can have, the rest is lost
		}
		out[n] = slab.Datagram{Data: data, Source: from, Truncated: cut}
		n++
		if n == len(out) {
			return n
		}
	}
	return n
}
