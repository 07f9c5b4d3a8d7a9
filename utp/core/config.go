package core

import (
	"cmp"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/utp/wire"
)

// The defaults of Config.
const (
	// defaultBuffer is 84 ms of 100 Mbit/s, and what libutp has.
	defaultBuffer = 1 << 20
	// defaultTarget is the most that RFC 6817, section 2.5, allows: "TARGET MUST be 100 milliseconds or less".
	defaultTarget = 100 * time.Millisecond
	// defaultTargetPlus is that of LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus).
	defaultTargetPlus = 60 * time.Millisecond
	// defaultMinPacket passes every path over which QUIC works, with IP and UDP headers of IPv6.
	defaultMinPacket = 1200
	// defaultMaxPacket fills 1500 bytes over IPv6; over IPv4 it wastes 20 bytes.
	defaultMaxPacket = 1452
	// defaultMinRTO is below the 500 ms of the BEP and above the jitter of mobile links: a tail-loss probe comes first.
	defaultMinRTO = 200 * time.Millisecond
	// defaultMaxRTO bounds the silence after which a path that works again is noticed.
	defaultMaxRTO = 6 * time.Second
	// defaultInitialRTO holds before the round-trip time is known (BEP 29).
	defaultInitialRTO = time.Second
	// defaultTimeouts gives a path 24 s to work again: 0.2, 0.4, … 3.2, then 6 s three times.
	defaultTimeouts = 8
	// defaultConnectTries fails 1 of 20,000 connections where 10 % of the packets are lost in each direction.
	defaultConnectTries = 6
	// defaultKeepAlive is below the 30 s after which some NATs forget a flow.
	defaultKeepAlive = 29 * time.Second
	// defaultIdle is four packets of a peer that keeps alive as we do.
	defaultIdle = 2 * time.Minute
	// defaultAckDelay is far below the least retransmission timeouts: 200 ms here, 500 ms in the BEP.
	defaultAckDelay = 10 * time.Millisecond
	// defaultReprobe is libutp's: paths seldom change.
	defaultReprobe = 30 * time.Minute
	// defaultLinger bounds Close where the peer takes nothing any more.
	defaultLinger = 30 * time.Second
	// defaultFlight is below the 1024 packets that libutp takes beyond the last one in order.
	defaultFlight = 1000
	// defaultHalfOpen and defaultHalfOpenPrefix bound handshakes that are not complete: some 300 bytes each.
	defaultHalfOpen       = 4096
	defaultHalfOpenPrefix = 256
	// defaultHalfOpenLife is how long a SYN is remembered, as in libutp's intent.
	defaultHalfOpenLife = 3 * time.Second
	// defaultResets bounds the answers to packets of no connection, a second.
	defaultResets = 100

	// minPacket is the least packet: 150 bytes of payload, as BEP 29 has it.
	minPacket = wire.HeaderLen + 150
	// maxPacket is what UDP over IPv6 takes.
	maxPacket = 65527
	// maxFlight keeps sequence numbers apart by less than half of their range.
	maxFlight = 1 << 14
	// maxBuffer is what the window of a packet tells.
	maxBuffer = 1 << 30
)

// validated returns c with its defaults, or an error that names the field.
func validated(c Config) (*Config, error) {
	c.SendBuffer = cmp.Or(c.SendBuffer, defaultBuffer)
	c.ReceiveBuffer = cmp.Or(c.ReceiveBuffer, defaultBuffer)
	c.MaxFlight = cmp.Or(c.MaxFlight, defaultFlight)
	if c.Target == 0 {
		if c.Target = defaultTarget; c.Congestion == LEDBATPlusPlus {
			c.Target = defaultTargetPlus
		}
	}
	c.AckDelay = max(0, cmp.Or(c.AckDelay, defaultAckDelay))
	c.MinPacket = cmp.Or(c.MinPacket, defaultMinPacket)
	c.MaxPacket = cmp.Or(c.MaxPacket, max(defaultMaxPacket, c.MinPacket))
	c.Reprobe = cmp.Or(c.Reprobe, defaultReprobe)
	c.MinRTO = cmp.Or(c.MinRTO, defaultMinRTO)
	c.MaxRTO = cmp.Or(c.MaxRTO, defaultMaxRTO)
	c.InitialRTO = cmp.Or(c.InitialRTO, defaultInitialRTO)
	c.MaxTimeouts = cmp.Or(c.MaxTimeouts, defaultTimeouts)
	c.ConnectTries = cmp.Or(c.ConnectTries, defaultConnectTries)
	c.KeepAlive = cmp.Or(c.KeepAlive, defaultKeepAlive)
	c.Idle = cmp.Or(c.Idle, defaultIdle)
	c.Linger = cmp.Or(c.Linger, defaultLinger)
	c.HalfOpen = cmp.Or(c.HalfOpen, defaultHalfOpen)
	c.HalfOpenPrefix = cmp.Or(c.HalfOpenPrefix, defaultHalfOpenPrefix)
	c.HalfOpenLife = cmp.Or(c.HalfOpenLife, defaultHalfOpenLife)
	c.Resets = cmp.Or(c.Resets, defaultResets)
	if err := cmp.Or(
		within("MinPacket", c.MinPacket, minPacket, maxPacket),
		within("MaxPacket", c.MaxPacket, c.MinPacket, maxPacket),
		within("SendBuffer", c.SendBuffer, c.MaxPacket, maxBuffer),
		within("ReceiveBuffer", c.ReceiveBuffer, c.MaxPacket, maxBuffer),
		within("MaxFlight", c.MaxFlight, 1, maxFlight),
		within("Congestion", c.Congestion, LEDBAT, Cubic),
		within("Target", c.Target, time.Millisecond, defaultTarget),
		within("AckDelay", c.AckDelay, 0, c.MinRTO/2),
		within("MinRTO", c.MinRTO, time.Millisecond, c.MaxRTO),
		within("InitialRTO", c.InitialRTO, c.MinRTO, c.MaxRTO),
		atLeast("MaxTimeouts", c.MaxTimeouts, 1),
		atLeast("ConnectTries", c.ConnectTries, 1),
		atLeast("Reprobe", c.Reprobe, time.Second),
		atLeast("Linger", c.Linger, time.Millisecond),
		atLeast("HalfOpen", c.HalfOpen, 1),
		atLeast("HalfOpenPrefix", c.HalfOpenPrefix, 1),
		atLeast("HalfOpenLife", c.HalfOpenLife, time.Millisecond),
	); err != nil {
		return nil, err
	}
	return &c, nil
}

// within returns an error that names the field of Config whose value v is not from least to most.
func within[T cmp.Ordered](field string, v, least, most T) error {
	if v < least || v > most {
		return fmt.Errorf("core: Config.%s %v is not %v to %v", field, v, least, most)
	}
	return nil
}

// atLeast returns an error that names the field of Config whose value v is less than least.
func atLeast[T cmp.Ordered](field string, v, least T) error {
	if v < least {
		return fmt.Errorf("core: Config.%s %v is less than %v", field, v, least)
	}
	return nil
}
