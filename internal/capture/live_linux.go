package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// liveBuffer is what is asked of the system for frames that wait.
const liveBuffer = 64 << 20

// liveTimeout is how long Live.Next waits for a frame.
const liveTimeout = 200 * time.Millisecond

// ErrNone is returned by Live.Next when no UDP came: nothing for a while, or a frame of something else.
var ErrNone = errors.New("capture: nothing came")

// linkOf returns the link type of an interface by its hardware type (ARPHRD of linux/if_arp.h).
func linkOf(hardware uint16) (linkType, error) {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return linkEthernet, nil
	case unix.ARPHRD_NONE, unix.ARPHRD_PPP, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_SIT:
		// tun, IP in IP: no header before that of IP
		return linkRaw, nil
	}
	return 0, fmt.Errorf("frames of hardware type %d are not read: take a group", hardware)
}

// Live takes the frames of an interface. It is not safe for concurrent use.
type Live struct {
	fd       int
	loopback bool
	link     linkType
	reader   Reader // of one frame
	buf, oob []byte
	number   uint64
	whole    Datagram // several datagrams in one piece
	size     int      // of each
	dropped  uint64
}

// Listen takes the frames of the interface of that name, those of all multicast groups included, if somebody has joined
// them. It needs the right to do that (root, CAP_NET_RAW).
func Listen(name string) (*Live, error) {
	// The protocol is set by Bind, so that no frame of another interface comes before.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("capture: packets of %s: %w", name, err)
	}
	l := &Live{fd: fd, buf: make([]byte, maxRecord), oob: make([]byte, 256)}
	if err := l.open(name); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("capture: packets of %s: %w", name, err)
	}
	return l, nil
}

func (l *Live) open(name string) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFINDEX, request); err != nil {
		return err
	}
	index := int(request.Uint32())
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	l.loopback = request.Uint16()&unix.IFF_LOOPBACK != 0
	if err := unix.IoctlIfreq(l.fd, unix.SIOCGIFHWADDR, request); err != nil {
		return err
	}
	if l.link, err = linkOf(request.Uint16()); err != nil { // sa_family of ifr_hwaddr
		return err
	}
	// In front of each frame: how the machine has joined datagrams in it (UDP_SEGMENT).
	if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		return err
	}
	if unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, liveBuffer) != nil {
		_ = unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, liveBuffer)
	}
	if err := unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	wait := unix.NsecToTimeval(liveTimeout.Nanoseconds())
	if err := unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return err
	}
	all := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_ALLMULTI}
	if err := unix.SetsockoptPacketMreq(l.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &all); err != nil {
		return err
	}
	return unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index})
}

// networkOrder returns v as its bytes are in a packet.
func networkOrder(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// Next fills d with the next UDP datagram; its payload is valid until the next call. ErrNone: no UDP came. It returns
// at least every 200 ms, also where other traffic never pauses.
func (l *Live) Next(d *Datagram) error {
	for {
		if l.size > 0 {
			l.piece(d)
			return nil
		}
		n, oobn, _, from, err := unix.Recvmsg(l.fd, l.buf, l.oob, unix.MSG_TRUNC)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return ErrNone
		case err != nil:
			return fmt.Errorf("capture: %w", err)
		}
		sender, ok := from.(*unix.SockaddrLinklayer)
		// What a machine sends to itself comes twice over the loopback interface: going out, and coming in.
		if !ok || l.loopback && sender.Pkttype == unix.PACKET_OUTGOING {
			return ErrNone
		}
		l.number++
		if !l.frame(d, n, oobn) {
			return ErrNone
		}
		return nil
	}
}

// frame finds a datagram in the frame of n bytes that was read.
func (l *Live) frame(d *Datagram, n, oobn int) bool {
	const virtioLen, gsoUDP = 10, 5 // struct virtio_net_hdr, VIRTIO_NET_HDR_GSO_UDP_L4
	if n < virtioLen {
		return false
	}
	length := n - virtioLen
	f := frame{link: l.link, bytes: l.buf[virtioLen:min(n, len(l.buf))], length: length}
	_ = l.reader.release()
	l.reader.counts.Packets++
	if !l.reader.dissect(&f, d) {
		return false
	}
	l.reader.counts.Datagrams++
	d.Number, d.Time = l.number, l.stamp(oobn)
	size := int(binary.NativeEndian.Uint16(l.buf[4:]))
	if l.buf[1]&0x7f == gsoUDP && size > 0 && size < len(d.Payload) {
		l.whole, l.size = *d, size
		l.piece(d)
	}
	return true
}

// piece fills d with the next datagram of those that came in one piece.
func (l *Live) piece(d *Datagram) {
	n := min(l.size, len(l.whole.Payload))
	*d = l.whole
	d.Payload, d.Length = l.whole.Payload[:n], n
	l.whole.Payload = l.whole.Payload[n:]
	if len(l.whole.Payload) == 0 {
		l.size = 0
	}
}

// stamp returns when the system has seen the frame.
func (l *Live) stamp(oobn int) time.Time {
	for rest := l.oob[:oobn]; ; {
		head, data, next, err := unix.ParseOneSocketControlMessage(rest)
		if err != nil {
			return time.Now()
		}
		if head.Level == unix.SOL_SOCKET && head.Type == unix.SCM_TIMESTAMPNS && len(data) >= 16 {
			sec, nsec := binary.NativeEndian.Uint64(data), binary.NativeEndian.Uint64(data[8:])
			return timeOf(int64(sec), int64(nsec))
		}
		rest = next
	}
}

// Counts returns what became of the frames, and how many the system has dropped since they were not read in time.
func (l *Live) Counts() (c Counts, dropped uint64) {
	if s, err := unix.GetsockoptTpacketStats(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		l.dropped += uint64(s.Drops) // the system begins anew with each question
	}
	c = l.reader.counts
	return c, l.dropped
}

// Close gives the interface back.
func (l *Live) Close() error { return unix.Close(l.fd) }
