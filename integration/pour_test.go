package integration

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/flute-node/flute-node/internal/child"
)

const (
	// pourWord as the first argument makes the program of these tests the generator of a flood. It is a process of its
	// own: a forger is another machine, and no part of the runtime under test.
	pourWord = "pour"
	// pourRound is how many packets a port sends.
	pourRound = 64
	// firstForgedTSI is the first of those that sessions of nobody's have.
	firstForgedTSI = 1 << 20
)

// startPouring has packets sent to a group from random ports of address, rate of them a second. The function that it
// returns ends that, and returns how many the system took.
func startPouring(t *testing.T, address string, group netip.AddrPort, packets [][]byte, rate int) (stop func() uint64) {
	t.Helper()
	var list []byte
	for _, p := range packets {
		list = append(binary.BigEndian.AppendUint16(list, uint16(len(p))), p...)
	}
	path := filepath.Join(t.TempDir(), "packets")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, pourWord, address, group.String(), path, strconv.Itoa(rate))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Bind(cmd).Start(); err != nil {
		t.Fatal(err)
	}
	return func() uint64 {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("the generator: %v\n%s", err, &errs)
		}
		sent, err := strconv.ParseUint(strings.TrimSpace(out.String()), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return sent
	}
}

// pour sends the packets of a file again and again until standard input ends, and prints how many the system took.
func pour(args []string) error {
	if len(args) != 4 {
		return errors.New("want address, group, file and rate")
	}
	from, err1 := netip.ParseAddr(args[0])
	group, err2 := netip.ParseAddrPort(args[1])
	list, err3 := os.ReadFile(args[2])
	rate, err4 := strconv.Atoi(args[3])
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	var messages []ipv4.Message
	for len(list) > 2 {
		n := 2 + int(binary.BigEndian.Uint16(list))
		messages, list = append(messages, ipv4.Message{Buffers: [][]byte{list[2:n]}}), list[n:]
	}
	over := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(over)
	}()
	begin, sent := time.Now(), 0
	for n := 0; ; n += pourRound {
		round := messages[n%(len(messages)-pourRound+1):][:pourRound]
		for _, m := range round {
			renew(m.Buffers[0])
		}
		took, err := pourFromPort(from, group, round)
		if err != nil {
			return err
		}
		sent += took
		select {
		case <-over:
			fmt.Println(sent)
			return nil
		case <-time.After(time.Until(begin.Add(time.Duration(n) * time.Second / time.Duration(rate)))):
		}
	}
}

// renew gives a packet that was sent before another TOI and, if it is of no session, another TSI: as many bytes, of
// which the last four change (RFC 5651, section 5.1).
func renew(packet []byte) {
	const fixed, last = 8, 4
	if len(packet) < fixed || binary.BigEndian.Uint32(packet[4:]) != 0 {
		return // noise
	}
	s, o, h := packet[1]>>7, packet[1]>>5&3, packet[1]>>4&1
	tsi := packet[fixed:][:4*s+2*h]
	toi := packet[fixed+len(tsi):][:4*o+2*h]
	if n := len(tsi) - last; n >= 0 && binary.BigEndian.Uint32(tsi[n:]) >= firstForgedTSI {
		binary.BigEndian.PutUint32(tsi[n:], firstForgedTSI+rand.Uint32N(1<<30))
	}
	if n := len(toi) - last; n >= 0 && binary.BigEndian.Uint32(toi[n:]) != 0 {
		binary.BigEndian.PutUint32(toi[n:], 1+rand.Uint32N(1<<30))
	}
}

// pourFromPort sends messages from a new port, and returns how many the system took.
func pourFromPort(from netip.Addr, group netip.AddrPort, messages []ipv4.Message) (took int, err error) {
	c, err := net.DialUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), net.UDPAddrFromAddrPort(group))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	p := ipv4.NewPacketConn(c)
	for took < len(messages) {
		n, err := p.WriteBatch(messages[took:], 0)
		if err != nil {
			break // a full buffer: what is not sent is not counted
		}
		took += n
	}
	return took, nil
}
