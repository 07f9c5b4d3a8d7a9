package core_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/utp/core"
)

// Two ends in one program. A real one has a socket between them, takes id and seq from crypto/rand, and waits for
// Deadline.
func Example() {
	now := time.Now()
	from := netip.MustParseAddrPort("192.0.2.1:1234")
	door, err := core.NewHandshakes(core.Config{}, func() uint16 { return 4711 })
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := core.Dial(now, core.Config{}, 7, 42)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.Write(now, []byte("hello")); err != nil {
		fmt.Println(err)
		return
	}
	client.CloseWrite(now)

	var server *core.Conn
	for end := now.Add(time.Second); now.Before(end); now = now.Add(time.Millisecond) {
		for {
			pkt, _, ok := client.AppendNext(nil, now)
			if !ok {
				break
			}
			if server != nil {
				server.Handle(now, pkt)
				continue
			}
			var answer []byte
			if server, answer = door.Handle(now, from, pkt, nil); answer != nil {
				client.Handle(now, answer)
			}
		}
		for server != nil {
			pkt, _, ok := server.AppendNext(nil, now)
			if !ok {
				break
			}
			client.Handle(now, pkt)
		}
	}
	buf := make([]byte, 100)
	n, err := server.Read(now, buf)
	fmt.Printf("%q %v\n", buf[:n], err)
	_, err = server.Read(now, buf)
	fmt.Println(errors.Is(err, io.EOF))
	// Output:
	// "hello" <nil>
	// true
}
