//go:build linux && (amd64 || arm64)

package udp

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/internal/slab"
)

// refusing has the kernel refuse messages of several datagrams from call number from on, as one does whose interface
// loses its checksum offload: messages before that in the same call are sent. It counts the refusals.
func refusing(m *messages, from int, errno syscall.Errno) (refusals *int) {
	calls := 0
	refusals = new(int)
	m.refuse = func() syscall.Errno {
		if calls++; calls < from {
			return 0
		}
		for i := range m.want {
			if m.headers[i].header.Control == nil {
				continue
			}
			if m.want = i; i > 0 {
				return 0
			}
			*refusals++
			return errno
		}
		return 0
	}
	return refusals
}

// numbered returns n datagrams that begin with their number, most of them of one length.
func numbered(first, n int) (all [][]byte) {
	for i := first; i < first+n; i++ {
		length := 1000
		if i%7 == 3 {
			length = 100 + i%5
		}
		all = append(all, binary.BigEndian.AppendUint32(make([]byte, 0, length), uint32(i))[:length])
	}
	return all
}

// checkNumbered reads n datagrams, and checks that they are those that numbered(0, n) returns, each once and in order.
func checkNumbered(t *testing.T, r *Receiver, n int) {
	t.Helper()
	stop := time.AfterFunc(time.Minute, func() { _ = r.Close() })
	defer stop.Stop()
	b, out := slab.NewPool(64*2048, 1).Get(), make([]slab.Datagram, 64)
	for next := 0; next < n; {
		got, err := r.ReadBatch(b, out)
		if err != nil {
			t.Fatalf("%d of %d datagrams have come: %v", next, n, err)
		}
		for _, d := range out[:got] {
			want := numbered(next, 1)[0]
			if number := binary.BigEndian.Uint32(d.Data); int(number) != next || len(d.Data) != len(want) {
				t.Fatalf("datagram %d of %d bytes, want %d of %d", number, len(d.Data), next, len(want))
			}
			next++
		}
	}
}

// listenHere returns a Receiver of this machine.
func listenHere(t *testing.T) *Receiver {
	t.Helper()
	r, err := Listen(Config{Group: netip.MustParseAddrPort("127.0.0.1:0")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// dialHere returns a Sender to r that uses segmentation offload.
func dialHere(t *testing.T, r *Receiver) *Sender {
	t.Helper()
	s, err := Dial(SendConfig{To: r.LocalAddr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if !s.Offload() {
		t.Skip("the kernel has no segmentation offload")
	}
	return s
}

// TestKernelRefusesOffload: a kernel that says that it can, and then cannot, costs no datagram, is asked once, and is
// told of once, whether it refuses the first message or a later one.
func TestKernelRefusesOffload(t *testing.T) {
	for _, errno := range []syscall.Errno{unix.EIO, unix.EINVAL, unix.EMSGSIZE} {
		for _, from := range []int{1, 2} {
			r := listenHere(t)
			s := dialHere(t, r)
			refusals := refusing(&s.batch.messages, from, errno)
			for first := 0; first < 90; first += 30 {
				if n, err := s.WriteBatch(numbered(first, 30)); n != 30 || err != nil {
					t.Fatalf("%v: %d of 30: %v", errno, n, err)
				}
			}
			checkNumbered(t, r, 90)
			text := s.Degraded()
			if *refusals != 1 || s.Offload() || !strings.Contains(text, errno.Error()) || s.Degraded() != "" {
				t.Errorf("%v: refused %d times, in use %t, %q", errno, *refusals, s.Offload(), text)
			}
		}
	}
}

// TestKernelRefusesOffloadToAnyone: the same of a socket that sends to several addresses. Only EIO is of all messages.
func TestKernelRefusesOffloadToAnyone(t *testing.T) {
	for errno, want := range map[syscall.Errno]int{unix.EIO: 1, unix.EMSGSIZE: 2} {
		r := listenHere(t)
		s, err := Open(SocketConfig{Local: netip.MustParseAddrPort("127.0.0.1:0"), Offload: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		refusals := refusing(&s.writer.messages, 1, errno)
		for first := 0; first < 6; first += 3 {
			var batch []Outgoing
			for _, d := range numbered(first, 3) {
				batch = append(batch, Outgoing{Data: d, To: r.LocalAddr()})
			}
			if n, err := s.WriteBatch(batch); n != 3 || err != nil {
				t.Fatalf("%v: %d of 3: %v", errno, n, err)
			}
		}
		checkNumbered(t, r, 6)
		if *refusals != want {
			t.Errorf("%v: refused %d times, want %d", errno, *refusals, want)
		}
	}
}

// TestThisKernelRefusesOffload: Linux cuts no datagrams that are to go without a checksum.
func TestThisKernelRefusesOffload(t *testing.T) {
	r := listenHere(t)
	s := dialHere(t, r)
	if err := unix.SetsockoptInt(s.batch.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Skip(err)
	}
	if n, err := s.WriteBatch(numbered(0, 60)); n != 60 || err != nil {
		t.Fatalf("%d of 60: %v", n, err)
	}
	checkNumbered(t, r, 60)
	if s.Offload() || s.Degraded() == "" {
		t.Error("the kernel has cut datagrams without a checksum")
	}
}
