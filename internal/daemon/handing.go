package daemon

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/outbox"
	"github.com/flute-node/flute-node/internal/program"
	"github.com/flute-node/flute-node/internal/sink"
	"github.com/flute-node/flute-node/store"
)

// handPatience is how long tries under way may take when their sink ends.
const handPatience = 5 * time.Second

// openOutbox opens the outbox that a configuration with sinks needs, once. The caller holds applying, or nobody else
// has the Daemon.
func (d *Daemon) openOutbox(cfg *config.Config) error {
	if len(cfg.Sinks) == 0 || d.outbox.Load() != nil {
		return nil
	}
	n := &cfg.Node
	box, err := outbox.Open(outbox.Config{
		Path: n.Outbox, Items: n.OutboxItems, Bytes: int64(n.OutboxBytes), Told: d.handed,
		Warn: func(text string) { d.warn(text) },
	})
	if err != nil {
		return err
	}
	d.first.Outbox, d.first.OutboxItems, d.first.OutboxBytes = n.Outbox, n.OutboxItems, n.OutboxBytes
	d.outbox.Store(box)
	return nil
}

// handed tells of a try.
func (d *Daemon) handed(e outbox.Event) {
	if e, ok := e.(outbox.Tried); ok && e.Outcome == outbox.Delivered.String() {
		d.meter.Handed(e.Sink, e.Seconds)
	}
	d.journal.add(e)
}

// applySinks has the sinks of cfg take files, and no others. Sinks whose sections are the same are left alone. It
// returns the names of the others. What waits for a sink that is not there any more waits until it is again.
func (d *Daemon) applySinks(cfg *config.Config) (changed []string) {
	box := d.outbox.Load()
	if box == nil {
		return nil
	}
	wanted := map[string]*config.Sink{}
	var markers []sink.Marker
	for i := range cfg.Sinks {
		s := &cfg.Sinks[i]
		wanted[s.Name] = s
		if s.Marker != "" {
			markers = append(markers, sink.Marker{Suffix: s.Marker})
		}
	}
	d.markers.Store(&markers)
	ctx, cancel := context.WithTimeout(context.Background(), handPatience)
	defer cancel()
	for name, before := range d.sinks {
		w := wanted[name]
		if w != nil && config.Same(*w, *before) {
			continue
		}
		box.Stop(ctx, name)
		delete(d.sinks, name)
		if w == nil {
			d.meter.ForgetSink(name)
			changed = append(changed, name)
		}
	}
	for name, w := range wanted {
		if d.sinks[name] != nil {
			continue
		}
		s, err := d.sinkOf(w)
		if err != nil { // Load has checked all but the fleet
			d.log.Warn("sink", "sink", name, "error", err.Error())
			continue
		}
		box.Set(name, s, termsOf(w))
		d.sinks[name] = w
		changed = append(changed, name)
	}
	d.mu.Lock()
	d.kinds = map[string]string{}
	for name, s := range d.sinks {
		d.kinds[name] = s.Kind()
	}
	d.mu.Unlock()
	slices.Sort(changed)
	return changed
}

// sinkOf returns what a section asks for.
func (d *Daemon) sinkOf(s *config.Sink) (outbox.Sink, error) {
	switch s.Kind() {
	case "marker":
		return sink.Marker{Suffix: s.Marker}, nil
	case config.FleetSink:
		if r := d.fleet.Load(); r != nil {
			return r.reporter, nil
		}
		return nil, errors.New("the section fleet takes effect with the next start: received files wait until then")
	case "exec":
		c, err := s.Command()
		if err != nil {
			return nil, err
		}
		return sink.NewExec(c, s.Jobs, d.shows("sink", s.Name)), nil
	}
	ca, err := s.CA()
	if err != nil {
		return nil, err
	}
	switch s.Kind() {
	case "webhook":
		return sink.NewWebhook(sink.WebhookConfig{URL: s.Webhook, Secret: s.Secret(), CA: ca}), nil
	case "s3":
		access, secret := s.Keys()
		return sink.NewS3(sink.S3Config{URL: s.S3, AccessKey: access, SecretKey: secret, Region: s.Region, CA: ca})
	case "nats":
		return sink.NewNATS(sink.NATSConfig{
			URL: s.NATS, Subject: s.Subject, Credentials: []byte(s.Access()), CA: ca,
		}), nil
	case "kafka":
		return sink.NewKafka(sink.KafkaConfig{URL: s.Kafka, Topic: s.Topic, Credentials: s.Access(), CA: ca})
	}
	return nil, fmt.Errorf("sink %s: its kind is not known", s.Name)
}

func termsOf(s *config.Sink) outbox.Terms {
	return outbox.Terms{
		Policy:  outbox.Policy{First: s.RetryMin, Most: s.RetryMax, Patience: s.GiveUp},
		Timeout: s.Timeout, Jobs: s.Jobs, Content: needsContent(s.Kind()),
	}
}

// needsContent reports whether a kind of sinks opens the file.
func needsContent(kind string) bool { return kind == "marker" || kind == "exec" || kind == "s3" }

// handing is the lane of files that are published with an entry in the outbox: 32 of a unit at a time.
type handing struct{ unit string }

// String names the lane for people.
func (h handing) String() string { return "outbox, for " + h.unit }

// choose returns what decides on the files of a reception: none may have the name of a marker, and each enters the
// outbox as it is published. next, which may be nil, is what else decides on them.
func (d *Daemon) choose(
	section *config.Receive, dir string, next func(receiver.Offer) receiver.Choice,
) func(receiver.Offer) receiver.Choice {
	return func(o receiver.Offer) receiver.Choice {
		if why := d.reserved(&o); why != "" {
			return receiver.Choice{Refuse: why}
		}
		var c receiver.Choice
		if next != nil {
			c = next(o)
		}
		box := d.outbox.Load()
		if c.Refuse != "" || len(section.Sinks) == 0 || box == nil {
			return c
		}
		if c.Lane == nil {
			c.Lane = handing{section.Name}
		}
		f, chosen, around := fileOf(&o, section.Name, dir), time.Now(), c.Publish
		c.Publish = func(publish func() (string, error)) error {
			return box.Around(f, section.Sinks, chosen, func() (name string, err error) {
				if around == nil {
					return publish()
				}
				err = around(func() (string, error) {
					var err error
					name, err = publish()
					return name, err
				})
				return name, err
			})
		}
		return c
	}
}

// reserved tells why a file is not wanted: a sender could say by its name that another one is whole.
func (d *Daemon) reserved(o *receiver.Offer) string {
	markers := d.markers.Load()
	if markers == nil || len(*markers) == 0 {
		return ""
	}
	name, err := store.Name(o.File.ContentLocation)
	if err != nil {
		return "" // it is refused elsewhere
	}
	for _, m := range *markers {
		if m.Reserves(path.Base(name)) {
			return "its name is that of a marker, " + m.Suffix
		}
	}
	return ""
}

// fileOf returns what is known of a file before it is published.
func fileOf(o *receiver.Offer, unit, dir string) outbox.File {
	f := outbox.File{
		Unit: unit, Session: o.Session, TOI: o.File.TOI, ContentLocation: o.File.ContentLocation,
		ContentType: o.File.ContentType, Dir: dir, Size: o.Size, Digest: digestOf(&o.File),
		Encoded: o.File.ContentEncoding != flute.Null, CacheControl: o.File.CacheControl.String(),
	}
	if f.Encoded {
		f.Size = 0 // it may be that of the object
	}
	return f
}

// digestOf returns the strongest announced digest; empty: there is none.
func digestOf(f *fdt.File) string {
	for _, d := range []struct {
		name string
		sum  []byte
	}{{"sha-512", f.SHA512}, {"sha-256", f.SHA256}, {"md5", f.MD5}} {
		if len(d.sum) > 0 {
			return d.name + ":" + hex.EncodeToString(d.sum)
		}
	}
	return ""
}

// shows returns what logs the lines that programs print.
func (d *Daemon) shows(kind, name string) func(*program.File, string) {
	return func(f *program.File, line string) {
		file := cmp.Or(f.Name(), f.Offer.File.ContentLocation)
		d.events.say(levelOfOutput, "program "+name, "program", kind, name, "file", file, "said", line)
	}
}
