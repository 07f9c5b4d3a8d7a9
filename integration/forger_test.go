package integration

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestForgerBesideACarousel: between a sender and a receiver each hundredth datagram comes twice, first with other
// bytes at its end. The file arrives after some turns of the carousel, and nothing else does.
func TestForgerBesideACarousel(t *testing.T) {
	t.Parallel()
	from, group := newGroup(t), newGroup(t)
	var forgeries atomic.Int32
	relayed(t, from, func(i int, datagram []byte, send func(netip.AddrPort, []byte)) {
		if i%100 == 57 && len(datagram) > 1000 {
			forged := bytes.Clone(datagram)
			forged[len(forged)-10] ^= byte(1 + i/100)
			send(group, forged)
			forgeries.Add(1)
		}
		send(group, datagram)
	})
	dir := t.TempDir()
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "1", "--timeout", "60s", dir)
	listening(t, group)
	path := write(t, t.TempDir(), "file", 1_000_000)
	start(t, "send", "--to", from.String(), "--interface", "lo", "--rate", "30Mbit", "--fec", "no-code",
		"--repeat", "6", path).ok()
	r.ok()
	same(t, path, filepath.Join(dir, "file"))
	if got := names(t, dir); len(got) != 1 || forgeries.Load() == 0 {
		t.Errorf("%d datagrams were forged, and %q arrived", forgeries.Load(), got)
	}
}
