// Command unicast-repair receives a file of which a tenth of the packets is lost, and gets what is missing from an HTTP
// server, range by range (3GPP calls it file repair). Sender, link, server and receiver are all in this program; the
// packets and the requests stay on loopback.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

const size = 1_000_000

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "unicast-repair-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	content := make([]byte, size)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range content {
		content[i] = byte(rng.Uint32())
	}
	server, err := serve(content)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(context.Background())) }()
	events := n.Subscribe(node.SubscribeOptions{}).Events()
	to, err := freePort()
	if err != nil {
		return err
	}
	r, err := n.Receive(ctx, node.ReceiveConfig{Group: to, Interface: "lo", Dir: dir})
	if err != nil {
		return err
	}
	link, err := lossyLink(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, link.Close()) }()
	s, err := n.Send(ctx, node.SendConfig{
		To: link.LocalAddr().(*net.UDPAddr).AddrPort(), TSI: 1, Interface: "lo", Rate: 80_000_000,
		Session: sender.Config{OTI: fec.OTI{EncodingID: fec.CompactNoCode}}, // no FEC that would repair it
	})
	if err != nil {
		return err
	}
	if _, err := s.Add(ctx, sender.File{
		ContentLocation: "file:///film.bin", Content: bytes.NewReader(content), Size: size,
	}, nil); err != nil {
		return err
	}

	var session flute.SessionKey
	var toi flute.TOI
	sent := false
	for {
		select {
		case e := <-events:
			switch e := e.(type) {
			case event.ObjectStarted:
				if !e.Sending {
					session, toi = e.Session, e.TOI
				}
			case event.ObjectCompleted:
				if !e.Sending {
					fmt.Fprintf(out, "received %s, %d bytes, checked: %v\n", e.Path, e.Size, e.Verified)
					return nil
				}
				sent = true // all packets are out
			case event.ObjectFailed:
				return fmt.Errorf("%s: %s: %s", e.ContentLocation, e.Reason, e.Detail)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		if sent && session != (flute.SessionKey{}) {
			sent = false
			time.Sleep(200 * time.Millisecond) // the last packets are on their way
			if err := repair(ctx, out, r, session, toi, server.url); err != nil {
				return err
			}
		}
	}
}

// repair gets what the object lacks from the server, and puts it.
func repair(ctx context.Context, out io.Writer, r *node.Reception, session flute.SessionKey, toi flute.TOI, url string,
) error {
	lacks, err := r.Missing(ctx, session, toi)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d bytes of %d have come, %d ranges are missing\n", lacks.Done, lacks.TransferLength,
		len(lacks.Missing))
	for _, m := range lacks.Missing {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		q.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", m[0], m[1]-1)) // its last byte is part of it
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			return err
		}
		if answer.StatusCode != http.StatusPartialContent {
			return errors.Join(errors.New(answer.Status), answer.Body.Close())
		}
		_, err = r.Put(ctx, session, toi, m[0], answer.Body)
		if err = errors.Join(err, answer.Body.Close()); err != nil {
			return err
		}
	}
	return nil
}

// repairServer is an HTTP server that has the file.
type repairServer struct {
	http.Server
	url string
}

func serve(content []byte) (*repairServer, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &repairServer{url: "http://" + l.Addr().String() + "/film.bin"}
	s.ReadHeaderTimeout = time.Second
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		http.ServeContent(w, q, "film.bin", time.Time{}, bytes.NewReader(content))
	})
	go func() { _ = s.Serve(l) }()
	return s, nil
}

// lossyLink forwards datagrams to an address, but for each tenth.
func lossyLink(to netip.AddrPort) (*net.UDPConn, error) {
	in, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		return nil, err
	}
	out, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	go func() {
		defer func() { _ = out.Close() }()
		b := make([]byte, 1<<16)
		for i := 1; ; i++ {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			if i%10 != 0 {
				_, _ = out.Write(b[:n]) // what is refused is lost too
			}
		}
	}()
	return in, nil
}

// freePort returns an address of loopback that nobody uses.
func freePort() (netip.AddrPort, error) {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		return netip.AddrPort{}, err
	}
	return c.LocalAddr().(*net.UDPAddr).AddrPort(), c.Close()
}
