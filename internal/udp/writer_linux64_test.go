//go:build linux && (amd64 || arm64)

package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestSenderIsNotPolled: no thread that waits for events is woken by what a Sender sends.
func TestSenderIsNotPolled(t *testing.T) {
	s, err := Dial(SendConfig{To: netip.MustParseAddrPort("127.0.0.1:9")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	polls := 0
	for _, d := range descriptors {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", d.Name()))
		if err != nil || !strings.Contains(target, "eventpoll") {
			continue
		}
		polls++
		info, err := os.ReadFile(filepath.Join("/proc/self/fdinfo", d.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(info)) {
			var fd int
			if _, err := fmt.Sscanf(line, "tfd: %d", &fd); err == nil && fd == s.batch.fd {
				t.Errorf("descriptor %d of the Sender is polled", fd)
			}
		}
	}
	if polls == 0 {
		t.Error("no netpoller is there to look at")
	}
}

// fullWriter returns a writer whose buffer is full, and the descriptor of what reads it: a pair of sockets of the
// system, since what is sent over a loopback interface never waits.
func fullWriter(t *testing.T) (w *batchWriter, reader int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(pair[1]) })
	w = &batchWriter{fd: pair[0]}
	w.use(false)
	w.trap = unix.SYS_SENDMMSG
	for range 10_000 {
		if err := unix.Sendto(w.fd, []byte("x"), unix.MSG_DONTWAIT, nil); errors.Is(err, unix.EAGAIN) {
			return w, pair[1]
		}
	}
	t.Fatal("the buffer is never full")
	return nil, 0
}

// drain reads what is there.
func drain(reader int) error {
	for {
		_, _, err := unix.Recvfrom(reader, make([]byte, 8), unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// TestFullBuffer: a write waits until there is room, and no longer than until the socket is closed.
func TestFullBuffer(t *testing.T) {
	for name, end := range map[string]struct {
		of   func(w *batchWriter, reader int) error
		want error
	}{
		"room":  {func(_ *batchWriter, reader int) error { return drain(reader) }, nil},
		"close": {func(w *batchWriter, _ int) error { return w.close() }, net.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			w, reader := fullWriter(t)
			written := make(chan error, 1)
			go func() {
				_, err := w.write([][]byte{[]byte("y")})
				written <- err
			}()
			select {
			case err := <-written:
				t.Fatalf("written to a full buffer: %v", err)
			case <-time.After(50 * time.Millisecond): // it waits, most likely; if it does not yet, it will
			}
			if err := end.of(w, reader); err != nil {
				t.Fatal(err)
			}
			if err := <-written; !errors.Is(err, end.want) {
				t.Errorf("%v, want %v", err, end.want)
			}
			if err := w.close(); (err != nil) != (end.want != nil) {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// TestRun: a message has datagrams of one length, of which the last may be shorter, and no more than the kernel takes.
func TestRun(t *testing.T) {
	lengths := func(n ...int) (d [][]byte) {
		for _, n := range n {
			d = append(d, make([]byte, n))
		}
		return d
	}
	same := func(n, length int) [][]byte { return lengths(slices.Repeat([]int{length}, n)...) }
	for _, test := range []struct {
		datagrams [][]byte
		want      int
	}{
		{lengths(7), 1},
		{lengths(7, 7, 7), 3},
		{lengths(7, 7, 5, 7), 3},
		{lengths(7, 5, 5), 2},
		{lengths(5, 7, 7), 1},
		{lengths(7, 7, 0), 2},
		{lengths(0, 7), 1},
		{lengths(65508, 1), 1},
		{same(100, 1), maxSegments},
		{same(100, 1400), 46},
		{append(same(46, 1400), lengths(1107)...), 47},
		{append(same(46, 1400), lengths(1108)...), 46},
	} {
		if got := run(test.datagrams); got != test.want {
			t.Errorf("%d of %d datagrams, the first of %d bytes; want %d",
				got, len(test.datagrams), len(test.datagrams[0]), test.want)
		}
	}
}

// TestOffloadIsUsed: the kernel gets few messages for many datagrams.
func TestOffloadIsUsed(t *testing.T) {
	s, err := Dial(SendConfig{To: netip.MustParseAddrPort("239.255.77.24:9"), Interface: "lo"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !s.Offload() {
		t.Skip("the kernel has no segmentation offload")
	}
	n, err := s.batch.write(slices.Repeat([][]byte{make([]byte, 1400)}, 100))
	if n != 100 || s.batch.got != 3 || err != nil {
		t.Errorf("%d datagrams in %d messages: %v", n, s.batch.got, err)
	}
	plain, err := Dial(SendConfig{To: netip.MustParseAddrPort("239.255.77.24:9"), Interface: "lo", NoOffload: true})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	n, err = plain.batch.write(slices.Repeat([][]byte{make([]byte, 1400)}, 100))
	if n != writeSize || plain.batch.got != writeSize || plain.Offload() || err != nil {
		t.Errorf("without: %d datagrams in %d messages: %v", n, plain.batch.got, err)
	}
}

// TestGather: datagrams that follow each other in memory are one piece of a message, and its bytes are the same.
func TestGather(t *testing.T) {
	memory := []byte("aabbccddee")
	piece := func(from, to int) []byte { return memory[from:to:to] }
	for _, test := range []struct {
		name      string
		datagrams [][]byte
		want      []string
	}{
		{"one", [][]byte{piece(0, 2)}, []string{"aa"}},
		{"in a row", [][]byte{piece(0, 2), piece(2, 4), piece(4, 5)}, []string{"aabbc"}},
		{"with a gap", [][]byte{piece(0, 2), piece(4, 6), piece(6, 8)}, []string{"aa", "ccdd"}},
		{"backwards", [][]byte{piece(2, 4), piece(0, 2)}, []string{"bb", "aa"}},
		{"the same", [][]byte{piece(0, 2), piece(0, 2)}, []string{"aa", "aa"}},
	} {
		w := batchWriter{}
		w.use(true)
		w.put(test.datagrams)
		if w.want != 1 || w.counts[0] != len(test.datagrams) {
			t.Fatalf("%s: %d messages, %d datagrams in the first", test.name, w.want, w.counts[0])
		}
		var got []string
		for _, v := range w.iovecs[:w.headers[0].header.Iovlen] {
			got = append(got, string(unsafe.Slice(v.Base, v.Len)))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestGatherSeveralMessages: the pieces of each message are its own.
func TestGatherSeveralMessages(t *testing.T) {
	memory, apart := make([]byte, 4), make([]byte, 2)
	w := batchWriter{}
	w.use(true)
	w.put([][]byte{memory[0:1], memory[1:2], apart, memory[2:4]})
	if w.want != 2 || w.headers[0].header.Iovlen != 1 || w.headers[1].header.Iovlen != 2 ||
		w.headers[1].header.Iov != &w.iovecs[1] || w.iovecs[1].Base != &apart[0] || w.iovecs[2].Base != &memory[2] {
		t.Errorf("%d messages of %d and %d pieces", w.want, w.headers[0].header.Iovlen, w.headers[1].header.Iovlen)
	}
}
