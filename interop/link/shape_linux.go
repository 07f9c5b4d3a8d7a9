package main

import (
	"math/rand/v2"
	"os"
	"time"
)

const (
	largest = 1 << 16 // bytes of a packet
	// inFlight bounds the packets on their way: of 1,500 bytes each, a second of 1 Gbit/s.
	inFlight = 100_000
)

// shape is what a direction of the link does to packets.
type shape struct {
	rate  float64 // bits per second; 0: no limit
	queue time.Duration
	delay time.Duration
	loss  float64
	seed  uint64
}

type packet struct {
	bytes   []byte
	arrives time.Time
}

// carry moves packets from one end to the other until the process ends. What leaves the queue goes into the report,
// which may be nil.
func (s shape) carry(from, to *os.File, r *report) {
	way := make(chan packet, inFlight)
	go func() {
		for p := range way {
			time.Sleep(time.Until(p.arrives))
			_, _ = to.Write(p.bytes) // an interface that is full loses it
		}
	}()
	dice := rand.New(rand.NewPCG(s.seed, 0))
	var free time.Time // when the last packet in the queue is out
	b := make([]byte, largest)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if dice.Float64() < s.loss {
			r.lost()
			continue
		}
		now := time.Now()
		out := now
		if s.rate > 0 {
			if free.Before(now) {
				free = now
			}
			stay := free.Sub(now)
			if stay > s.queue {
				r.overflow()
				continue
			}
			free = free.Add(time.Duration(float64(n) * 8 / s.rate * float64(time.Second)))
			out = free
			r.packet(b[:n], out, stay)
		} else {
			r.packet(b[:n], out, 0)
		}
		way <- packet{append([]byte(nil), b[:n]...), out.Add(s.delay)}
	}
}
