package node_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

const repairText = "what the network has lost, a server still has"

// A file of which a packet is lost: Missing tells which bytes it lacks, Put takes them from elsewhere.
func ExampleReception_Put() {
	ctx := context.Background()
	n, err := node.Start(node.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = n.Stop(ctx) }()
	events := n.Subscribe(node.SubscribeOptions{}).Events()
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort())
	r, err := n.Receive(ctx, node.ReceiveConfig{Group: to, Interface: "lo", Store: mem.New()})
	if err != nil {
		log.Fatal(err)
	}
	if err := sendWithLoss(ctx, to); err != nil {
		log.Fatal(err)
	}
	for e := range events {
		switch e := e.(type) {
		case event.ObjectStarted:
			lacks, err := r.Missing(ctx, e.Session, e.TOI)
			for ; err == nil && lacks.Needed > 1; lacks, err = r.Missing(ctx, e.Session, e.TOI) {
				time.Sleep(time.Millisecond) // the other packets are on their way
			}
			if err != nil {
				log.Fatal(err)
			}
			for _, m := range lacks.Missing {
				fmt.Printf("bytes %d to %d are missing\n", m[0], m[1]-1)
				elsewhere := strings.NewReader(repairText[m[0]:m[1]]) // a program asks a server for the range
				if _, err := r.Put(ctx, e.Session, e.TOI, m[0], elsewhere); err != nil {
					log.Fatal(err)
				}
			}
		case event.ObjectCompleted:
			fmt.Println("completed", e.Path, e.Size, e.Verified)
			return
		}
	}
	// Output:
	// bytes 20 to 29 are missing
	// completed text.txt 45 [sha-256]
}

// sendWithLoss sends a file once, in symbols of 10 bytes, but for its third.
func sendWithLoss(ctx context.Context, to netip.AddrPort) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp4", to.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	s, err := sender.New(sender.Config{
		Session: flute.SessionKey{TSI: 1}, Registry: schemes.Default(),
		OTI: fec.OTI{EncodingID: fec.CompactNoCode, SymbolLength: 10, MaxSourceBlockLength: 64},
	})
	if err != nil {
		return err
	}
	o, err := sender.Prepare(ctx, sender.File{
		ContentLocation: "file:///text.txt", Content: strings.NewReader(repairText), Size: uint64(len(repairText)),
	}, nil)
	if err != nil {
		return err
	}
	if _, err = s.Add(o); err != nil {
		return err
	}
	now, files := time.Now(), 0
	for files < 5 {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			return err
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		p, err := alc.Parse(b)
		if err != nil {
			return err
		}
		if !p.TOI.IsFDT() {
			files++
		}
		if p.TOI.IsFDT() || files != 3 {
			if _, err = conn.Write(b); err != nil {
				return err
			}
		}
	}
	return nil
}
