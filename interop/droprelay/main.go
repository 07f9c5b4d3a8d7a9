package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	maxDatagram   = 1 << 16 // no UDP payload is longer
	receiveBuffer = 8 << 20 // bytes; the system may grant less
)

type config struct {
	from, to netip.AddrPort
	ifc      string
	oneIn    int
	loss     float64
	spareFDT bool
	flipAt   int
	seed     uint64

	reorder, duplicate float64
	lateAt             int
	lateFDT            bool
}

func main() {
	cfg, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		if cfg.from.Addr().IsMulticast() {
			err = run(ctx, cfg)
		} else {
			err = runPair(ctx, cfg)
		}
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "droprelay:", err)
		os.Exit(1)
	}
}

func parse(args []string) (config, error) {
	var cfg config
	fs := flag.NewFlagSet("droprelay", flag.ContinueOnError)
	fs.TextVar(&cfg.from, "from", netip.AddrPort{}, "group:port to join, or address:port to listen on")
	fs.TextVar(&cfg.to, "to", netip.AddrPort{}, "address:port to send to")
	fs.StringVar(&cfg.ifc, "interface", "lo", "interface for both")
	fs.IntVar(&cfg.oneIn, "one-in", 20, "drop one of so many datagrams; 0 drops none")
	fs.Float64Var(&cfg.loss, "loss", 0, "drop each datagram with this probability instead")
	fs.BoolVar(&cfg.spareFDT, "spare-fdt", false, "let packets of FDT Instances through")
	fs.IntVar(&cfg.flipAt, "flip-at", 0, "flip one bit in this packet of a file, counted from 1; 0 flips none")
	fs.Float64Var(&cfg.reorder, "reorder", 0, "hold each datagram back with this probability, behind up to 32 others")
	fs.Float64Var(&cfg.duplicate, "duplicate", 0, "send each datagram twice with this probability")
	fs.IntVar(&cfg.lateAt, "late-at", 0, "hold this packet of a file back until the last one is by; counted from 1")
	fs.BoolVar(&cfg.lateFDT, "late-fdt", false, "hold packets of FDT Instances back in the same way")
	fs.Uint64Var(&cfg.seed, "seed", 1, "decides which ones")
	if err := fs.Parse(args); err != nil {
		return config{}, err
	}
	if !cfg.from.IsValid() || !cfg.to.IsValid() || cfg.oneIn < 0 || cfg.flipAt < 0 || cfg.lateAt < 0 {
		return config{}, errors.New("want -from ADDRESS:PORT -to ADDRESS:PORT and counts of at least 0")
	}
	for _, p := range []float64{cfg.loss, cfg.reorder, cfg.duplicate} {
		if !(p >= 0 && p <= 1) {
			return config{}, errors.New("want -loss, -reorder and -duplicate from 0 to 1")
		}
	}
	if cfg.from.Addr().IsMulticast() && cfg.to.Addr().IsMulticast() && cfg.from.Port() == cfg.to.Port() {
		return config{}, errors.New("want another port for -to: a socket gets what comes for any group on its port, " +
			"so that the relay would relay what it has sent")
	}
	return cfg, nil
}

func (cfg config) dropper() *dropper {
	d := newDropper(cfg.oneIn, cfg.seed)
	if cfg.loss > 0 {
		d = newRandomDropper(cfg.loss, cfg.seed)
	}
	d.spare = cfg.spareFDT
	return d
}

// run relays until ctx is done, then prints its counters.
func run(ctx context.Context, cfg config) error {
	ifc, err := net.InterfaceByName(cfg.ifc)
	if err != nil {
		return err
	}
	local, err := ipv4Of(ifc)
	if err != nil {
		return err
	}
	in, err := net.ListenMulticastUDP("udp4", ifc, net.UDPAddrFromAddrPort(cfg.from))
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it only reads
	if err := in.SetReadBuffer(receiveBuffer); err != nil {
		return err
	}
	// A source address on the interface makes the kernel send multicast through it.
	out, err := net.DialUDP("udp4", &net.UDPAddr{IP: local}, net.UDPAddrFromAddrPort(cfg.to))
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // UDP has nothing to flush
	defer context.AfterFunc(ctx, func() { _ = in.Close() })()

	fmt.Printf("listening on %s, sending to %s from %s\n", cfg.from, cfg.to, out.LocalAddr())
	var forwarded, dropped, flipped int
	d, f, s, b := cfg.dropper(), flipper{at: cfg.flipAt}, newShuffler(cfg), make([]byte, maxDatagram)
	emit := func(b []byte) error {
		// With nobody on a local port the kernel may answer a datagram with "refused" for the next: that is loss as
		// well.
		if _, err := out.Write(b); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		forwarded++
		return nil
	}
	for {
		if err := in.SetReadDeadline(s.deadline(time.Now())); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		n, _, err := in.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			fmt.Printf("forwarded %d dropped %d flipped %d overtaken %d repeated %d\n",
				forwarded, dropped, flipped, s.overtaken, s.repeated)
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := s.flush(emit); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case d.drop(b[:n]):
			dropped++
			continue
		case f.flip(b[:n]):
			flipped++
		}
		if err := s.pass(b[:n], emit); err != nil {
			return err
		}
	}
}

// ipv4Of returns the first IPv4 address of an interface.
func ipv4Of(ifc *net.Interface) (net.IP, error) {
	addrs, err := ifc.Addrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			return n.IP.To4(), nil
		}
	}
	return nil, fmt.Errorf("%s has no IPv4 address", ifc.Name)
}
