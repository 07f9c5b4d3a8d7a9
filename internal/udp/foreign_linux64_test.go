//go:build linux && (amd64 || arm64)

package udp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/internal/slab"
)

// sendSegments sends a message that the kernel cuts into datagrams of that length. It skips the test if the kernel
// takes none of so many.
func sendSegments(t *testing.T, conn *net.UDPConn, message []byte, length int) {
	t.Helper()
	oob := make([]byte, unix.CmsgSpace(2))
	binary.NativeEndian.PutUint64(oob, uint64(unix.CmsgLen(2)))
	binary.NativeEndian.PutUint32(oob[8:], unix.IPPROTO_UDP)
	binary.NativeEndian.PutUint32(oob[12:], unix.UDP_SEGMENT)
	binary.NativeEndian.PutUint16(oob[unix.CmsgLen(0):], uint16(length))
	_, _, err := conn.WriteMsgUDP(message, oob, nil)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EMSGSIZE):
		t.Skipf("the kernel takes no message of %d datagrams: %v", len(message)/length, err)
	case err != nil:
		t.Fatal(err)
	}
}

// TestMessagesOfOthers: a sender that is not ours may hand over messages of other shapes: more datagrams than ours
// sends in one, tiny ones, a last one of one byte, one as long as UDP takes. Each datagram is told as it was sent.
func TestMessagesOfOthers(t *testing.T) {
	for _, c := range []struct {
		name         string
		size, length int
		messages     int // few enough for the receive buffer that a system gives everybody
	}{
		{"as many as a kernel takes", 128 * 100, 100, 8},
		{"one more than ours", 65 * 300, 300, 6},
		{"of one byte", 64, 1, 50},
		{"the last one of one byte", 9*1400 + 1, 1400, 8},
		{"the last one shorter by a byte", 10*1400 - 1, 1400, 8},
		{"full", 65_507, 1400, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Listen(Config{Group: netip.MustParseAddrPort("127.0.0.1:0"), Offload: true})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if !r.Joins() {
				t.Skip("the kernel does not join datagrams")
			}
			conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(r.LocalAddr()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var want [][]byte
			for i := range c.messages {
				m := make([]byte, c.size)
				for j := range m {
					m[j] = byte(i + j*j/c.length)
				}
				sendSegments(t, conn, m, c.length)
				for len(m) > 0 {
					n := min(len(m), c.length)
					want, m = append(want, m[:n]), m[n:]
				}
			}
			checkMessages(t, r, want, 4)
		})
	}
}

// checkMessages reads with so many slots, and fails unless exactly these datagrams come.
func checkMessages(t *testing.T, r *Receiver, want [][]byte, slots int) {
	t.Helper()
	quiet := time.AfterFunc(time.Minute, func() { _ = r.Close() })
	defer quiet.Stop()
	b := slab.NewPool(slots*slab.MessageSize, 1).Get()
	out := make([]slab.Datagram, slots*slab.MessageDatagrams)
	for got := 0; got < len(want); {
		n, err := r.ReadBatch(b, out)
		if err != nil {
			t.Fatalf("%d of %d datagrams, then %v", got, len(want), err)
		}
		for _, d := range out[:n] {
			if got == len(want) || d.Truncated || !bytes.Equal(d.Data, want[got]) {
				t.Fatalf("datagram %d: %d bytes, truncated %t; want %d", got, len(d.Data), d.Truncated, len(want[got]))
			}
			got++
		}
	}
	if drops := r.KernelDrops(); drops != 0 {
		t.Errorf("%d datagrams were dropped", drops)
	}
}

// TestLongDatagramIsJoinedWhole: where datagrams are joined, the longest that UDP has fits a slot, between others.
func TestLongDatagramIsJoinedWhole(t *testing.T) {
	r, err := Listen(Config{Group: netip.MustParseAddrPort("127.0.0.1:0"), Offload: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(r.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var want [][]byte
	for i, size := range []int{1, 65_507, 0, 1400, 65_000, 3} {
		d := bytes.Repeat(fmt.Append(nil, i), size)[:size]
		if _, err := conn.Write(d); err != nil {
			t.Fatal(err)
		}
		want = append(want, d)
	}
	checkMessages(t, r, want, 2)
}
