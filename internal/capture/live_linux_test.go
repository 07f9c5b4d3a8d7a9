package capture

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLiveOtherTraffic: Next returns after each frame that is no UDP: where these never pause, no interrupt would end
// whoever calls it.
func TestLiveOtherTraffic(t *testing.T) {
	l, err := Listen("lo")
	if err != nil {
		t.Skip("frames cannot be taken here: ", err)
	}
	defer l.Close()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	// Nobody listens at port 1: two frames, SYN and RST.
	_ = unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}})
	for range 4 { // each of them goes out, and comes in
		var d Datagram
		before := l.number
		if err := l.Next(&d); err != nil && !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		if l.number > before+1 {
			t.Errorf("Next took %d frames", l.number-before)
		}
	}
}

func TestLinkOf(t *testing.T) {
	for hardware, want := range map[uint16]linkType{
		unix.ARPHRD_ETHER: linkEthernet, unix.ARPHRD_LOOPBACK: linkEthernet, unix.ARPHRD_NONE: linkRaw,
	} {
		if got, err := linkOf(hardware); got != want || err != nil {
			t.Errorf("%d: %d, %v, want %d", hardware, got, err, want)
		}
	}
	if got, err := linkOf(unix.ARPHRD_IEEE80211_RADIOTAP); err == nil {
		t.Errorf("radiotap is read as %d", got)
	}
}
