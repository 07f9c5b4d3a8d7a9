//go:build linux && (amd64 || arm64)

package udp

import (
	"errors"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// addressedWriter writes to any address with sendmmsg. Datagrams of one length in a row to one address are one message,
// as those of a batchWriter.
type addressedWriter struct {
	messages
	names    [writeSize]unix.RawSockaddrInet6
	controls [writeSize]segment
	counts   [writeSize]int // datagrams of each message
	offload  bool
	single   int // so many of the next datagrams go one by one: the kernel did not take them in one message
}

func (w *addressedWriter) init(conn *net.UDPConn, offload bool) error {
	w.grow(writeSize)
	w.offload = offload
	for i := range w.controls {
		c := &w.controls[i]
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(int(unsafe.Sizeof(c.length))))
	}
	return w.messages.init(conn, unix.SYS_SENDMMSG)
}

// put makes messages of the first datagrams.
func (w *addressedWriter) put(datagrams []Outgoing) {
	datagrams = datagrams[:min(len(datagrams), writeSize)]
	for i := range datagrams {
		w.set(i, datagrams[i].Data)
	}
	w.want = 0
	for first := 0; first < len(datagrams); w.want++ {
		n := 1
		if w.offload && first >= w.single {
			n = runTo(datagrams[first:])
		}
		h := &w.headers[w.want].header
		h.Name = (*byte)(unsafe.Pointer(&w.names[w.want]))
		h.Namelen = addressOf(&w.names[w.want], datagrams[first].To)
		h.Iov = &w.iovecs[first]
		h.SetIovlen(n)
		h.Control = nil
		h.SetControllen(0)
		if n > 1 {
			c := &w.controls[w.want]
			c.length = uint16(len(datagrams[first].Data))
			h.Control = (*byte)(unsafe.Pointer(c))
			h.SetControllen(int(unsafe.Sizeof(*c)))
		}
		w.counts[w.want] = n
		first += n
	}
}

// runTo returns how many of the datagrams, at least one, can be one message.
func runTo(datagrams []Outgoing) int {
	length, n, size := len(datagrams[0].Data), 0, 0
	for i := range datagrams {
		d := &datagrams[i]
		size += len(d.Data)
		if n == maxSegments || len(d.Data) > length || len(d.Data) == 0 || size > maxMessage ||
			d.To != datagrams[0].To {
			break
		}
		if n++; len(d.Data) < length {
			break
		}
	}
	return max(n, 1)
}

// write sends as many datagrams as one call takes: at least one, or none and an error that concerns the first.
func (w *addressedWriter) write(datagrams []Outgoing) (int, error) {
	for {
		w.put(datagrams)
		_, err := w.send()
		switch {
		case err != nil && w.counts[0] > 1 && w.errno != 0 && refusesSegments(w.errno):
			w.single = w.counts[0]
			w.offload = !errors.Is(err, unix.EIO) // of all messages
			continue
		case err != nil:
			return 0, err
		}
		sent := 0
		for _, n := range w.counts[:w.got] {
			sent += n
		}
		w.single = max(0, w.single-sent)
		return sent, nil
	}
}
