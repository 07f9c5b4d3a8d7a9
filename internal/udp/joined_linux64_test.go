//go:build linux && (amd64 || arm64)

package udp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/flute-node/flute-node/internal/slab"
)

// message is what the kernel may say of a slot that it has filled.
type message struct {
	size   int
	length int32 // of the control message; -1: there is none
	flags  int
}

// cut has messages of slots of that size cut into datagrams, with room for that many.
func cut(slot, room int, messages ...message) (b []byte, out []slab.Datagram) {
	b, out = make([]byte, slot*len(messages)), make([]slab.Datagram, room)
	for i := range b {
		b[i] = byte(i) + byte(i>>8)
	}
	r := &batchReader{joined: &joined{controls: make([]segmentControl, len(messages))}}
	r.grow(len(messages))
	r.names, r.got = make([]unix.RawSockaddrInet6, len(messages)), len(messages)
	for i, m := range messages {
		r.joined.prepare(&r.headers[i].header, i)
		r.headers[i].n, r.headers[i].header.Flags = uint32(m.size), int32(m.flags)
		if m.length < 0 {
			r.headers[i].header.SetControllen(0)
			continue
		}
		c := &r.joined.controls[i]
		c.Level, c.Type, c.length = unix.IPPROTO_UDP, unix.UDP_GRO, m.length
	}
	return b, out[:r.joined.split(r, b, slot, out)]
}

// TestCutting: a message is cut where the kernel says. Only the last datagram may be shorter or truncated. What there
// is no room for is told as truncated, too, so that it is counted.
func TestCutting(t *testing.T) {
	const truncated = unix.MSG_TRUNC
	for _, c := range []struct {
		name     string
		room     int
		messages []message
		want     []int // lengths, negative for a truncated datagram
	}{
		{"one datagram", 8, []message{{700, -1, 0}}, []int{700}},
		{"empty", 8, []message{{0, -1, 0}}, []int{0}},
		{"equal lengths", 8, []message{{900, 300, 0}}, []int{300, 300, 300}},
		{"the last one is shorter", 8, []message{{901, 300, 0}}, []int{300, 300, 300, 1}},
		{"longer than the message", 8, []message{{900, 1400, 0}}, []int{900}},
		{"length 0", 8, []message{{900, 0, 0}}, []int{900}},
		{"a truncated datagram", 8, []message{{1000, -1, truncated}}, []int{-1000}},
		{"a message longer than its slot", 8, []message{{1000, 300, truncated}}, []int{300, 300, 300, -100}},
		{"two messages", 8, []message{{600, 300, 0}, {500, 400, 0}}, []int{300, 300, 400, 100}},
		{"no room for all", 3, []message{{900, 200, 0}}, []int{200, 200, -200}},
		{"room for just all", 3, []message{{600, 200, 0}}, []int{200, 200, 200}},
		{"no room for another message", 2, []message{{600, 300, 0}, {500, -1, 0}}, []int{300, 300}},
	} {
		_, out := cut(1000, c.room, c.messages...)
		if len(out) != len(c.want) {
			t.Errorf("%s: %d datagrams, want %d", c.name, len(out), len(c.want))
			continue
		}
		for i, want := range c.want {
			if d := out[i]; len(d.Data) != max(want, -want) || d.Truncated != (want < 0) {
				t.Errorf("%s: datagram %d: %d bytes, truncated %t; want %d", c.name, i, len(d.Data), d.Truncated, want)
			}
		}
	}
}

// TestCuttingAnything: whatever the kernel says, the datagrams are the bytes of the messages in their order, and each
// ends where the next begins.
func TestCuttingAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		slot := 1 + random.IntN(3000)
		messages := make([]message, 1+random.IntN(4))
		var want []byte
		for i := range messages {
			messages[i] = message{size: random.IntN(slot + 1), length: random.Int32N(2*int32(slot)) - 1}
		}
		b, out := cut(slot, 4*3000+4, messages...)
		for i, m := range messages {
			want = append(want, b[i*slot:i*slot+m.size]...)
		}
		var got []byte
		for _, d := range out {
			got = append(got, d.Data...)
			if d.Truncated {
				t.Fatalf("%v: truncated", messages)
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("slots of %d bytes, %v: %d bytes, want %d", slot, messages, len(got), len(want))
		}
	}
}
