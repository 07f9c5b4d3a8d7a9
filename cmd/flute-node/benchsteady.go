package main

import (
	"context"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/node"
)

// sessionsPatience is for how long files are awaited after the last packet.
const sessionsPatience = 5 * time.Second

// sessionsWatch hears of the files of all sessions. It takes note of when all sessions had begun, at both ends, and of
// when the first of them had all of its files: what a datagram costs in between is free of beginnings and ends.
type sessionsWatch struct {
	reception *node.Reception
	sessions  int
	objects   int // of each

	opened       int                      // sessions, by the receiver
	missing      int                      // files
	completed    map[flute.SessionKey]int // files
	kernel       uint64                   // datagrams for which the socket's buffer had no room
	begun, ended moment                   // zero: they have not
}

// moment is what was used up to a moment.
type moment struct {
	at        time.Time
	processor time.Duration // of this process
	datagrams uint64        // that came to the socket
}

func (w *sessionsWatch) moment() moment {
	processor, _ := iobench.Used()
	read, _ := w.reception.Datagrams()
	return moment{time.Now(), processor, read}
}

// since returns the microseconds of a processor that a datagram took since start.
func (m moment) since(start moment) float64 {
	return float64((m.processor - start.processor).Microseconds()) / float64(max(m.datagrams-start.datagrams, 1))
}

// watch returns when all files are there, or sessionsPatience after sent has told that all were sent. begun is closed
// when the sender has begun all sessions.
func (w *sessionsWatch) watch(
	ctx context.Context, events <-chan notice.Event, begun <-chan struct{}, sent <-chan error,
) error {
	var patience <-chan time.Time
	for sending := true; sending || w.missing > 0; {
		select {
		case e := <-events:
			w.hear(e)
		case <-begun:
			begun = nil
		case err := <-sent:
			if err != nil {
				return err
			}
			sending, patience = false, time.After(sessionsPatience)
		case <-patience:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		if begun == nil && w.opened == w.sessions && w.begun.at.IsZero() {
			w.begun = w.moment()
		}
	}
	return nil
}

func (w *sessionsWatch) hear(e notice.Event) {
	switch e := e.(type) {
	case event.SessionOpened:
		w.opened++
	case event.ObjectCompleted:
		w.missing--
		if w.completed[e.Session]++; w.completed[e.Session] == w.objects && w.ended.at.IsZero() {
			w.ended = w.moment()
		}
	case notice.KernelDrops:
		w.kernel += e.New
	}
}
