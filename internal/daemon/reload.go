package daemon

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
)

// Reload reads the configuration anew, and puts what has changed into effect. If it cannot be used nothing changes.
// Reloads run one after the other.
func (d *Daemon) Reload() api.Reloaded {
	d.applying.Lock()
	defer d.applying.Unlock()
	d.mu.Lock()
	stopping := d.stopping
	d.mu.Unlock()
	if stopping {
		return api.Reloaded{Errors: []api.ConfigError{{Text: "the daemon stops"}}}
	}
	d.tell(reloading()...)
	defer d.tellStatus("READY=1")
	cfg, err := config.Load(d.options.Path, d.options.Env)
	if err == nil {
		err = d.openOutbox(cfg)
	}
	if err != nil {
		d.mu.Lock()
		d.fault = err.Error()
		d.mu.Unlock()
		r := api.Reloaded{Errors: configErrors(err)}
		for _, e := range r.Errors {
			d.log.Error("the configuration cannot be used: nothing has changed", "file", e.File, "line", e.Line,
				"column", e.Column, "error", e.Text)
		}
		return r
	}
	r := d.apply(cfg)
	r.Warnings = d.judge(cfg, Warnings)
	d.mu.Lock()
	d.fault, d.loaded = "", time.Now()
	d.mu.Unlock()
	d.log.Info("reloaded", "started", r.Started, "stopped", r.Stopped, "restarted", r.Restarted, "same", r.Same,
		"sinks", r.Sinks, "with_next_start", r.NextStart)
	return r
}

// configErrors lists what is wrong with a configuration.
func configErrors(err error) (list []api.ConfigError) {
	all, ok := errors.AsType[config.Errors](err)
	if !ok {
		return []api.ConfigError{{Text: err.Error()}}
	}
	for _, e := range all {
		list = append(list, api.ConfigError(*e))
	}
	return list
}

// apply has the units of cfg run, and no others. Units whose sections are the same are left alone. The caller holds
// applying.
func (d *Daemon) apply(cfg *config.Config) api.Reloaded {
	r := api.Reloaded{OK: true}
	wanted := map[string]*unit{}
	var order []string
	for _, u := range d.unitsOf(cfg) {
		wanted[u.name] = u
		order = append(order, u.name)
	}
	d.mu.Lock()
	before := d.units
	d.mu.Unlock()
	next := map[string]*unit{}
	var ending []*unit
	for name, u := range before {
		w := wanted[name]
		switch {
		case w == nil:
			r.Stopped = append(r.Stopped, name)
			ending = append(ending, u)
		case w.kind == u.kind && same(w.section, u.section):
			r.Same++
			next[name] = u
		default:
			r.Restarted = append(r.Restarted, name)
			ending = append(ending, u)
		}
	}
	var stopping sync.WaitGroup
	for _, u := range ending { // first: what is new may need their addresses
		stopping.Go(u.stop)
	}
	stopping.Wait()
	for name := range before {
		if wanted[name] == nil {
			d.meter.Forget(name)
		}
	}
	r.Sinks = d.applySinks(cfg)
	d.routes.keep(func(name string) bool { return wanted[name] != nil })
	for _, name := range order {
		if next[name] != nil {
			continue
		}
		if before[name] == nil {
			r.Started = append(r.Started, name)
		}
		u := wanted[name]
		next[name] = u
		d.meter.Know(name)
		u.start(d.failed)
	}
	d.mu.Lock()
	d.cfg, d.units = cfg, next
	d.mu.Unlock()
	r.NextStart = d.applyNode(&cfg.Node)
	if !config.Same(cfg.Fleet, d.first.fleet) {
		r.NextStart = append(r.NextStart, "fleet")
	}
	slices.Sort(r.Stopped)
	slices.Sort(r.Restarted)
	return r
}

// failed tells that a unit has failed.
func (d *Daemon) failed(u *unit, err error, pause time.Duration) {
	d.log.Error("failed: it is tried again", "unit", u.name, "error", err.Error(),
		"in", pause.Round(time.Millisecond).String())
}

// applyNode puts what concerns all of the node into effect. It returns the keys that need a start.
func (d *Daemon) applyNode(n *config.Node) (nextStart []string) {
	d.node.SetRate(uint64(n.Rate))
	if err := d.setLevel(n.LogLevel); err != nil {
		d.log.Error("log_level", "error", err.Error()) // Load has checked it
	}
	for _, key := range []struct {
		name    string
		changed bool
	}{
		{"memory", n.Memory != d.first.Memory},
		{"log_format", n.LogFormat != d.first.LogFormat},
		{"api", n.API != d.first.API},
		{"api_token_file", n.TokenFile != d.first.TokenFile},
		{"api_cert_file", n.CertFile != d.first.CertFile},
		{"api_key_file", n.KeyFile != d.first.KeyFile},
		{"api_client_ca_file", n.ClientCA != d.first.ClientCA},
		{"metrics", n.Metrics != d.first.Metrics},
		{"traces", n.Traces != d.first.Traces},
		{"pprof", n.PProf != d.first.PProf},
		{"events", n.Events != d.first.Events},
		{"events_file", n.EventsFile != d.first.EventsFile},
		{"outbox", n.Outbox != d.first.Outbox},
		{"outbox_items", n.OutboxItems != d.first.OutboxItems},
		{"outbox_bytes", n.OutboxBytes != d.first.OutboxBytes},
	} {
		if key.changed {
			nextStart = append(nextStart, "node."+key.name)
		}
	}
	return nextStart
}

// unitsOf returns the units that a configuration asks for; they are not started.
func (d *Daemon) unitsOf(cfg *config.Config) (all []*unit) {
	add := func(kind, name string, section any, once func(context.Context, *unit) error) {
		all = append(all, &unit{kind: kind, name: name, section: section, once: once})
	}
	for i := range cfg.Receive {
		s := &cfg.Receive[i]
		add("receive", s.Name, s, func(ctx context.Context, u *unit) error { return d.receive(ctx, u, s) })
	}
	for i := range cfg.Send {
		s := &cfg.Send[i]
		add("send", s.Name, s, func(ctx context.Context, u *unit) error { return d.send(ctx, u, s) })
	}
	for i := range cfg.UTP {
		s := &cfg.UTP[i]
		add("utp", s.Name, s, func(ctx context.Context, u *unit) error { return d.take(ctx, u, s) })
	}
	return all
}

// same reports whether two sections ask for the same.
func same(a, b any) bool {
	switch a := a.(type) {
	case *config.Receive:
		return config.Same(*a, *b.(*config.Receive))
	case *config.Send:
		return config.Same(*a, *b.(*config.Send))
	case *config.UTP:
		return config.Same(*a, *b.(*config.UTP))
	}
	return false
}
