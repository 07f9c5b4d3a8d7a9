package daemon

import (
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/metrics"
	"github.com/flute-node/flute-node/internal/outbox"
)

// Sinks implements part of [api.Backend].
func (d *Daemon) Sinks() api.Sinks {
	all := api.Sinks{Sinks: []api.Sink{}}
	box := d.outbox.Load()
	if box == nil {
		return all
	}
	list, room := box.States()
	d.mu.Lock()
	kinds := d.kinds
	d.mu.Unlock()
	for i := range list {
		s := &list[i]
		all.Sinks = append(all.Sinks, api.Sink{
			Name: s.Name, Kind: kinds[s.Name], Waiting: s.Waiting, Running: s.Running, Dead: s.Dead, Oldest: s.Oldest,
			Failures: s.Failures, Error: s.Error, LastDelivered: s.LastDone, Next: s.Next, Delivered: s.Delivered,
			Retried: s.Retried, Rejected: s.Rejected, Superseded: s.Superseded, Refused: s.Refused,
			Duplicate: s.Duplicate, Evicted: s.Evicted,
		})
	}
	all.Outbox = api.Outbox{
		Path: box.Path(), Items: room.Items, MaxItems: room.MostItems, Bytes: room.Bytes, MaxBytes: room.MostBytes,
	}
	return all
}

// handing returns the sinks for metrics.
func (d *Daemon) handing() (list []metrics.Sink, items int, bytes int64) {
	all := d.Sinks()
	for i := range all.Sinks {
		s := &all.Sinks[i]
		one := metrics.Sink{
			Name: s.Name, Refused: s.Refused, Waiting: s.Waiting, Dead: s.Dead,
			Tries: map[string]uint64{
				outbox.Delivered.String(): s.Delivered, outbox.Retried.String(): s.Retried,
				outbox.Rejected.String(): s.Rejected, outbox.Superseded.String(): s.Superseded,
			},
		}
		if !s.Oldest.IsZero() {
			one.Oldest = max(0, time.Since(s.Oldest))
		}
		list = append(list, one)
	}
	return list, all.Outbox.Items, all.Outbox.Bytes
}

// DeadLetters implements part of [api.Backend].
func (d *Daemon) DeadLetters(name, after string, most int) (list []api.DeadLetter, next string, err error) {
	box, err := d.sink(name)
	if err != nil {
		return nil, "", err
	}
	items, next, err := box.Dead(name, after, most)
	if errors.Is(err, outbox.ErrPage) {
		err = fmt.Errorf("after %.80q: %w", after, api.ErrNoPage)
	}
	if err != nil {
		return nil, "", err
	}
	list = []api.DeadLetter{}
	for i := range items {
		it := &items[i]
		list = append(list, api.DeadLetter{
			Key: it.Key, Unit: it.File.Unit, Session: it.File.Session, TOI: it.File.TOI,
			ContentLocation: it.File.ContentLocation, Path: it.File.Path(), Size: it.File.Size, Since: it.Dead,
			Tries: it.Tries, Error: it.Error,
		})
	}
	return list, next, nil
}

// Replay implements part of [api.Backend].
func (d *Daemon) Replay(name, key string) (int, error) {
	box, err := d.sink(name)
	if err != nil {
		return 0, err
	}
	return box.Replay(name, key)
}

// Discard implements part of [api.Backend].
func (d *Daemon) Discard(name, key string) (int, error) {
	box, err := d.sink(name)
	if err != nil {
		return 0, err
	}
	return box.Discard(name, key)
}

// sink returns the outbox, if it knows a sink of this name.
func (d *Daemon) sink(name string) (*outbox.Outbox, error) {
	if box := d.outbox.Load(); box != nil && box.Has(name) {
		return box, nil
	}
	return nil, fmt.Errorf("%.80q: %w", name, api.ErrNoSink)
}
