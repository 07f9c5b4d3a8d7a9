package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// report counts what leaves the queue from A to B. A nil report counts nothing.
type report struct {
	from, to int // seconds
	byServer bool
	start    time.Time

	mu      sync.Mutex
	seconds []second // from the start on
	printed int
	losses  int
	drops   int
}

// second is what left the queue in one second.
type second struct {
	bits  map[string]float64 // by flow
	stays []time.Duration    // in the queue
}

func (r *report) lost()     { r.count(func() { r.losses++ }) }
func (r *report) overflow() { r.count(func() { r.drops++ }) }

func (r *report) count(f func()) {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		f()
	}
}

// packet counts one that leaves the queue at out, after its stay there.
func (r *report) packet(b []byte, out time.Time, stay time.Duration) {
	r.count(func() {
		i := int(out.Sub(r.start) / time.Second)
		for len(r.seconds) <= i {
			r.seconds = append(r.seconds, second{bits: map[string]float64{}})
		}
		s := &r.seconds[i]
		s.bits[r.flow(b)] += float64(len(b)) * 8
		s.stays = append(s.stays, stay)
	})
}

// flow names the flow of an IPv4 packet.
func (r *report) flow(b []byte) string {
	const protocol, ports = 9, 4
	if len(b) < 20 || b[0]>>4 != 4 || len(b) < int(b[0]&15)*4+ports {
		return "other"
	}
	ends := b[int(b[0]&15)*4:]
	if r.byServer {
		ends = ends[2:]
	}
	switch port := binary.BigEndian.Uint16(ends); b[protocol] {
	case 6:
		return fmt.Sprint("tcp:", port)
	case 17:
		return fmt.Sprint("udp:", port)
	}
	return "other"
}

type line struct {
	Second *int               `json:"second,omitempty"`
	From   int                `json:"from,omitempty"`
	To     int                `json:"to,omitempty"`
	Mbit   map[string]float64 `json:"mbit"` // per second, by flow
	Queue  [3]float64         `json:"queue_ms"`
	Lost   int                `json:"lost,omitempty"`
	Drops  int                `json:"dropped,omitempty"`
}

// lines prints the seconds that are over.
func (r *report) lines() {
	r.mu.Lock()
	defer r.mu.Unlock()
	over := min(len(r.seconds), int(time.Since(r.start)/time.Second))
	for ; r.printed < over; r.printed++ {
		second := r.printed
		l := mean(r.seconds[second : second+1])
		l.Second = &second
		l.print()
	}
}

// finish prints the means. The last second of a run is not whole and is left out.
func (r *report) finish() {
	r.lines()
	r.mu.Lock()
	defer r.mu.Unlock()
	to := min(r.to, r.printed)
	from := min(r.from, to)
	l := mean(r.seconds[from:to])
	l.From, l.To, l.Lost, l.Drops = from, to, r.losses, r.drops
	l.print()
}

func mean(seconds []second) line {
	l := line{Mbit: map[string]float64{}}
	var stays []time.Duration
	for _, s := range seconds {
		for flow, bits := range s.bits {
			l.Mbit[flow] += bits / 1e6 / float64(len(seconds))
		}
		stays = append(stays, s.stays...)
	}
	slices.Sort(stays)
	for i, share := range []float64{0.5, 0.95, 1} {
		if n := len(stays); n > 0 {
			l.Queue[i] = stays[int(share*float64(n-1))].Seconds() * 1e3
		}
	}
	return l
}

func (l line) print() {
	b, err := json.Marshal(l)
	if err != nil {
		panic(err) // finite numbers and strings
	}
	_, _ = os.Stdout.Write(append(b, '\n'))
}
