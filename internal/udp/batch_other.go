//go:build !linux || !(amd64 || arm64)

package udp

import (
	"errors"
	"net"
	"net/netip"

	"github.com/flute-node/flute-node/internal/slab"
)

// batchReader reads one datagram at a time.
type batchReader struct{ conn *net.UDPConn }

func (r *batchReader) init(conn *net.UDPConn) error {
	r.conn = conn
	return nil
}

// errNoRoom is a mistake of the caller.
var errNoRoom = errors.New("udp: no room for a datagram in the slab")

// read blocks until a datagram is there, and puts it into out[0]. It gets len(b)/len(out) bytes of b.
func (r *batchReader) read(b []byte, out []slab.Datagram) (int, error) {
	if len(out) == 0 || len(b) < len(out) {
		return 0, errNoRoom
	}
	slot := len(b) / len(out)
	n, _, flags, from, err := r.conn.ReadMsgUDPAddrPort(b[:slot:slot], nil)
	truncated := flags&msgTrunc != 0 || isTooLong(err) // a flag, but on Windows an error
	if err != nil && !truncated {
		return 0, err
	}
	out[0] = slab.Datagram{
		Data:      b[:n:slot],
		Source:    netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port()),
		Truncated: truncated,
	}
	return 1, nil
}

// joinDatagrams does nothing: each read brings one.
func (r *batchReader) joinDatagrams(*net.UDPConn) {}

// joins returns false.
func (r *batchReader) joins() bool { return false }

// batchWriter writes one datagram at a time to a connected socket.
type batchWriter struct{ conn *net.UDPConn }

func (w *batchWriter) init(conn *net.UDPConn, _ bool) error {
	w.conn = conn
	return nil
}

// batches says that each call takes one datagram.
const batches = false

// oneByOne says so to people.
const oneByOne = "one datagram a call: more are for Linux on amd64 and arm64"

func (w *batchWriter) means() string { return oneByOne }

func (r *batchReader) means() string { return oneByOne }

// offloads returns false: there is no segmentation offload.
func (w *batchWriter) offloads() bool { return false }

func (w *batchWriter) close() error { return w.conn.Close() }

func (w *batchWriter) write(datagrams [][]byte) (int, error) {
	if _, err := w.conn.Write(datagrams[0]); err != nil {
		return 0, err
	}
	return 1, nil
}

// addressedWriter writes one datagram at a time to any address.
type addressedWriter struct{ conn *net.UDPConn }

func (w *addressedWriter) init(conn *net.UDPConn, _ bool) error {
	w.conn = conn
	return nil
}

func (w *addressedWriter) write(datagrams []Outgoing) (int, error) {
	to := netip.AddrPortFrom(datagrams[0].To.Addr().Unmap(), datagrams[0].To.Port())
	if _, err := w.conn.WriteToUDPAddrPort(datagrams[0].Data, to); err != nil {
		return 0, err
	}
	return 1, nil
}
