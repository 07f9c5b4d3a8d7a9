package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/internal/tlsfiles"
)

// minEvents and maxEvents bound Node.Events.
const minEvents, maxEvents = 16, 1 << 16

// checker looks for what does not go together.
type checker struct {
	*faults

	names    map[string]place
	sinks    map[string]place
	files    map[string]place // that a section writes alone
	sessions map[string]place // of Send, by address and TSI
	leases   map[string]place
	folders  map[string]*Receive
}

func (c *Config) check(all *faults) {
	k := checker{
		faults: all, names: map[string]place{}, sinks: map[string]place{}, files: map[string]place{},
		sessions: map[string]place{}, leases: map[string]place{}, folders: map[string]*Receive{},
	}
	k.node(&c.Node)
	k.fleet(&c.Fleet)
	for _, list := range []struct {
		name string
		n    int
	}{{"receive", len(c.Receive)}, {"send", len(c.Send)}, {"utp", len(c.UTP)}, {"sinks", len(c.Sinks)}} {
		if list.n > maxSections {
			k.add(place{file: c.Files[0]}, "%s has %d entries: take at most %d", list.name, list.n, maxSections)
			return
		}
	}
	for i := range c.Sinks {
		k.sink(&c.Sinks[i])
		if s := &c.Sinks[i]; c.Fleet.Given() && s.Name == FleetSink {
			k.add(s.origin.of("name"), "sink %s: with a section fleet that is the name of what tells it", s.Name)
		}
	}
	for i := range c.Receive {
		k.receive(&c.Receive[i])
	}
	for i := range c.Send {
		k.send(&c.Send[i], &c.Fleet)
	}
	for i := range c.UTP {
		k.utp(&c.UTP[i])
	}
}

// node checks a Node, and puts its defaults in.
func (k *checker) node(n *Node) {
	o := &n.origin
	if _, given := o.keys["memory"]; given && n.Memory < defaults.LeastBudget {
		k.add(o.of("memory"), "node.memory %v: take %v or more", n.Memory, settings.Bytes(defaults.LeastBudget))
	}
	n.Memory = cmp.Or(n.Memory, defaultMemory)
	n.API = cmp.Or(n.API, DefaultAPI)
	n.LogLevel, n.LogFormat = cmp.Or(n.LogLevel, defaultLevel), cmp.Or(n.LogFormat, defaultFormat)
	n.Events = cmp.Or(n.Events, defaultEvents)
	if n.Events < minEvents || n.Events > maxEvents {
		k.add(o.of("events"), "node.events %d: take %d to %d", n.Events, minEvents, maxEvents)
	}
	k.enums(reflect.ValueOf(n).Elem(), o, "node.")
	k.outbox(n)
	if n.EventsFile != "off" {
		k.alone(n.EventsFile, "events_file", o, "node")
	}
	switch kind, at, _ := strings.Cut(n.API, ":"); {
	case n.API == "off", kind == "unix" && at != "":
	case kind == "tcp" && isAddress(at) && n.TokenFile == "":
		k.add(o.of("api"), "node.api %s needs api_token_file: whoever reaches it could steer the node", n.API)
	case kind == "tcp" && isAddress(at):
	case kind == "tls" && isAddress(at) && (n.CertFile == "" || n.KeyFile == ""):
		k.add(o.of("api"), "node.api %s needs api_cert_file and api_key_file", n.API)
	case kind == "tls" && isAddress(at) && n.TokenFile == "" && n.ClientCA == "":
		k.add(o.of("api"), "node.api %s needs api_client_ca_file or api_token_file: whoever reaches it could "+
			"steer the node", n.API)
	case kind == "tls" && isAddress(at):
	default:
		k.add(o.of("api"), "node.api %q: take unix:PATH, tcp:ADDRESS:PORT, tls:ADDRESS:PORT or off", n.API)
	}
	k.certificates(n)
	for _, f := range [][2]string{
		{"api_cert_file", n.CertFile}, {"api_key_file", n.KeyFile}, {"api_client_ca_file", n.ClientCA},
	} {
		if f[1] != "" && !strings.HasPrefix(n.API, "tls:") {
			k.add(o.of(f[0]), "node.%s needs api: tls:ADDRESS:PORT", f[0])
		}
	}
	k.traces(n)
	if n.Metrics != "" && !isAddress(n.Metrics) {
		k.add(o.of("metrics"), "node.metrics %q: take ADDRESS:PORT, such as 127.0.0.1:9464", n.Metrics)
	}
}

// traces checks the URL of a collector, and completes it.
func (k *checker) traces(n *Node) {
	if n.Traces == "" {
		return
	}
	at, err := url.Parse(n.Traces)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		k.add(n.origin.of("traces"), "node.traces %q: take http://HOST:PORT or https://HOST:PORT", n.Traces)
		return
	}
	if at.Path == "" || at.Path == "/" {
		at.Path = "/v1/traces"
	}
	n.Traces = at.String()
}

// certificates says what is wrong with those of the API: a daemon that has to start again must find it out before.
func (k *checker) certificates(n *Node) {
	if n.CertFile == "" || n.KeyFile == "" {
		return
	}
	files := tlsfiles.Files{Cert: n.CertFile, Key: n.KeyFile, ClientCA: n.ClientCA}
	if err := files.Check(); err != nil {
		k.add(n.origin.of("api_cert_file"), "node.api_cert_file, api_key_file, api_client_ca_file: %v", err)
	}
}

// enums checks fields that have one of a few values, where package settings does not.
func (k *checker) enums(v reflect.Value, o *origin, prefix string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		choices, key := f.Tag.Get("enum"), f.Tag.Get("yaml")
		if text := v.Field(i); choices != "" && text.String() != "" &&
			!strings.Contains(","+choices+",", ","+text.String()+",") {
			k.add(o.of(key), "%s%s %q: take one of %s", prefix, key, text.String(), choices)
		}
	}
}

// told adds an error of settings at the key of its word; others where the section begins.
func (k *checker) told(err error, o *origin, what string) {
	if e, ok := errors.AsType[*settings.Error](err); ok {
		k.add(o.of(spell(e.Word)), "%s: %s", what, e.Spell(spell))
		return
	}
	k.add(o.place, "%s: %v", what, err)
}

// alone says that no other section may have the file.
func (k *checker) alone(path, key string, o *origin, what string) {
	if path == "" {
		return
	}
	path = filepath.Clean(path)
	if before, twice := k.files[path]; twice {
		k.add(o.of(key), "%s: %s %s is that of %v, too", what, key, path, before)
		return
	}
	k.files[path] = o.of(key)
}

func (k *checker) receive(r *Receive) {
	o := &r.origin
	what := k.name("receive", r.Name, o)
	switch {
	case r.SDP != "" && (len(r.Group)+len(r.Feed)+len(r.TSI) > 0 || r.Source != ""):
		k.add(o.of("sdp"), "%s: sdp and one of group, feed, source, tsi: take one", what)
	case r.SDP != "":
		if _, err := settings.ParseSDP([]byte(r.description)); err != nil {
			k.add(o.of("sdp"), "%s: %s: %v", what, r.SDP, err)
		}
	case len(r.Group) == 0:
		k.add(o.place, "%s: group is missing, or sdp", what)
	case len(r.Feed) > 0 && len(r.Group) > 1:
		k.add(o.of("feed"), "%s: feed and several groups: write a section for each group that has feeds", what)
	}
	if wrong := r.wrongFeed(); wrong != "" {
		k.add(o.of("feed"), "%s: %s", what, wrong)
	}
	p, err := r.Program()
	switch {
	case err != nil:
		k.add(o.of("exec"), "%s: %v", what, err)
	case p == nil && r.Dir == "":
		k.add(o.place, "%s: dir is missing, or exec", what)
	case r.Dir == "-":
		k.add(o.of("dir"), "%s: dir -: a daemon has no standard output to write files to", what)
	case p != nil:
		if _, err := exec.LookPath(p.Command.Program()); err != nil {
			k.add(o.of("exec"), "%s: exec: %v", what, err)
		}
	}
	k.handsOn(r, what)
	words := r.words()
	if _, err := words.Config(); err != nil {
		k.told(err, o, what)
	}
	if r.Dir == "" {
		return
	}
	folder := filepath.Clean(r.Dir)
	if other, ok := k.folders[folder]; !ok {
		k.folders[folder] = r
	} else if r.Publication != other.Publication {
		k.add(o.of("dir"), "%s: receive %s has dir %s, too, and says something else of how files get there",
			what, other.Name, folder)
	}
}

func (k *checker) send(s *Send, f *Fleet) {
	o := &s.origin
	what := k.name("send", s.Name, o)
	if s.To == (settings.Endpoint{}) {
		k.add(o.place, "%s: to is missing", what)
	}
	if len(s.Paths) == 0 && s.List == "" && s.Watch.Watch == "" {
		k.add(o.place, "%s: there is nothing to send: give paths, list or watch", what)
	}
	for _, p := range s.Paths {
		if p == "-" {
			k.add(o.of("paths"), "%s: paths -: a daemon has no standard input to send", what)
		}
	}
	if s.Watch.Watch == "" {
		for _, key := range []string{"watch_state", "settle", "include", "exclude"} {
			if at, given := o.keys[key]; given {
				k.add(at, "%s: %s needs watch", what, key)
			}
		}
	}
	if _, err := s.Lines(); err != nil {
		k.add(o.of("list"), "%s: %s: %v", what, s.List, err)
	}
	files := s.FileWords()
	if _, err := files.Options(); err != nil {
		k.told(err, o, what)
	}
	words := s.Words(time.Now())
	if _, err := words.Config(outgoing.WatchedSize); err != nil {
		k.told(err, o, what)
	}
	k.lease(s, f, what)
	k.alone(s.WatchState, "watch_state", o, what)
	k.alone(s.State, "state", o, what)
	session := fmt.Sprint(s.To, words.TSI)
	if before, twice := k.sessions[session]; twice {
		k.add(o.of("to"), "%s: the session at %v has the same to and tsi: receivers could not tell them apart",
			what, before)
		return
	}
	k.sessions[session] = o.place
}
