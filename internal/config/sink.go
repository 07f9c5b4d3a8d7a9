package config

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/program"
)

// Sink is what files are handed on to.
type Sink struct {
	Name       string        `yaml:"name" help:"Name of the sink in sinks of receive, in the API, in metrics and in the log; each name once."`
	Marker     string        `yaml:"marker" help:"Write a file beside each file, with its name and this suffix, such as .done, that tells of it as JSON. Files whose names end so are not received."`
	Exec       string        `yaml:"exec" help:"Run a command for each file, without a shell; {path}, {name}, {location}, {type}, {size}, {tsi}, {toi}, {source}, {group} are replaced, FLUTE_KEY is the same in each try. Exit code 0 takes the file."`
	Webhook    string        `yaml:"webhook" help:"Post what is known of each file to this URL, as JSON. 2xx takes the file, 4xx but 408, 425 and 429 rejects it, all else is tried again."`
	SecretFile string        `yaml:"secret_file" help:"webhook: file with the secret that requests are signed with, of 16 to 1024 characters. Nobody but the user may read it."`
	CAFile     string        `yaml:"ca_file" help:"webhook: file with the certificates to trust, as PEM. Default: those of the system."`
	Timeout    time.Duration `yaml:"timeout" help:"A try that takes longer has failed. Default: 30s; of exec 10m."`
	Jobs       int           `yaml:"jobs" help:"Files at once, 1 to 32. Default: 4."`
	RetryMin   time.Duration `yaml:"retry_min" help:"Pause after the first failure; each further one is twice as long. Default: 1s."`
	RetryMax   time.Duration `yaml:"retry_max" help:"Longest pause. Default: 10m."`
	GiveUp     time.Duration `yaml:"give_up" help:"After so long a file that a sink does not take is a dead letter, which is kept until it is replayed. Default: 168h."`

	origin    origin
	secret    string // of SecretFile, without spaces around
	authority string // the text of CAFile
}

func (s *Sink) locate(o origin) { s.origin = o }

const (
	defaultTimeout = 30 * time.Second
	defaultJobs    = 4
	maxJobs        = program.MaxJobs
	defaultMin     = time.Second
	defaultMax     = 10 * time.Minute
	defaultGiveUp  = 7 * 24 * time.Hour
	// minSecret and maxSecret bound a secret in characters, maxAuthority the certificates in bytes.
	minSecret, maxSecret = 16, 1024
	maxAuthority         = 1 << 20
)

// Kind returns the key that says what the sink is; empty: it has none, or several.
func (s *Sink) Kind() string {
	kind := ""
	for _, k := range []struct{ name, value string }{
		{"marker", s.Marker}, {"exec", s.Exec}, {"webhook", s.Webhook},
	} {
		switch {
		case k.value == "":
		case kind != "":
			return ""
		default:
			kind = k.name
		}
	}
	return kind
}

// Secret returns the secret of SecretFile, as it was when the configuration was read; empty: there is none.
func (s *Sink) Secret() []byte { return []byte(s.secret) }

// Command returns the program of Exec.
func (s *Sink) Command() (program.Command, error) { return program.Parse(s.Exec) }

// CA returns whom to trust; nil: whom the system trusts.
func (s *Sink) CA() (*x509.CertPool, error) {
	if s.CAFile == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(s.authority)) {
		return nil, errors.New("there is no certificate in it")
	}
	return pool, nil
}

// open reads the files of the sink.
func (s *Sink) open(all *faults) {
	if s.SecretFile != "" {
		at := s.origin.of("secret_file")
		if info, err := os.Stat(s.SecretFile); err == nil && info.Mode().Perm()&0o077 != 0 {
			all.add(at, "secret_file: %s: others than its owner have access to it (%04o)", s.SecretFile,
				info.Mode().Perm())
		}
		s.secret = strings.TrimSpace(include(s.SecretFile, maxSecret+2, at, "secret_file", all))
	}
	if s.CAFile != "" {
		s.authority = include(s.CAFile, maxAuthority, s.origin.of("ca_file"), "ca_file", all)
	}
}

// sink checks a sink, and puts its defaults in.
func (k *checker) sink(s *Sink) {
	o := &s.origin
	what := k.nameOf(k.sinks, "sink", s.Name, o)
	kind := s.Kind()
	switch kind {
	case "":
		k.add(o.place, "%s: give one of marker, exec and webhook", what)
	case "marker":
		if !strings.HasPrefix(s.Marker, ".") || len(s.Marker) < 2 || len(s.Marker) > 32 || !isName(s.Marker[1:]) {
			k.add(o.of("marker"), "%s: marker %q: take a dot and 1 to 31 letters, digits, . _ or -", what, s.Marker)
		}
	case "exec":
		if c, err := s.Command(); err != nil {
			k.add(o.of("exec"), "%s: exec %v", what, err)
		} else if _, err := exec.LookPath(c.Program()); err != nil {
			k.add(o.of("exec"), "%s: exec: %v", what, err)
		}
	case "webhook":
		k.webhook(s, what)
	}
	if kind != "webhook" {
		for _, key := range []string{"secret_file", "ca_file"} {
			if at, given := o.keys[key]; given {
				k.add(at, "%s: %s needs webhook", what, key)
			}
		}
	}
	s.Jobs = cmp.Or(s.Jobs, defaultJobs)
	if s.Jobs < 0 || s.Jobs > maxJobs {
		k.add(o.of("jobs"), "%s: jobs %d: take 1 to %d", what, s.Jobs, maxJobs)
	}
	timeout := defaultTimeout
	if kind == "exec" {
		timeout = defaultExecTimeout
	}
	s.Timeout = cmp.Or(s.Timeout, timeout)
	s.RetryMin, s.RetryMax = cmp.Or(s.RetryMin, defaultMin), cmp.Or(s.RetryMax, max(defaultMax, s.RetryMin))
	s.GiveUp = cmp.Or(s.GiveUp, defaultGiveUp)
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"timeout", s.Timeout}, {"retry_min", s.RetryMin}, {"give_up", s.GiveUp}} {
		if d.value < time.Millisecond {
			k.add(o.of(d.key), "%s: %s %v: take 1ms or more", what, d.key, d.value)
		}
	}
	if s.RetryMax < s.RetryMin {
		k.add(o.of("retry_max"), "%s: retry_max %v is less than retry_min, %v", what, s.RetryMax, s.RetryMin)
	}
}

func (k *checker) webhook(s *Sink, what string) {
	o := &s.origin
	if err := checkURL(s.Webhook); err != nil {
		k.add(o.of("webhook"), "%s: webhook %v", what, err)
	}
	n := len(s.secret)
	if s.SecretFile != "" && (n < minSecret || n > maxSecret || strings.ContainsAny(s.secret, " \t\r\n")) {
		k.add(o.of("secret_file"), "%s: secret_file %s: take %d to %d characters without spaces", what, s.SecretFile,
			minSecret, maxSecret)
	}
	if _, err := s.CA(); err != nil {
		k.add(o.of("ca_file"), "%s: ca_file %s: %v", what, s.CAFile, err)
	}
}

// checkURL reports whether a URL can be that of a webhook.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%.80q is no URL", text) // the error could tell a password
	case u.User != nil:
		return errors.New("has a password: sign requests with secret_file")
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return fmt.Errorf("%.80q: take https://HOST/PATH or http://HOST/PATH", text)
	}
	return nil
}

// handsOn checks the sinks of a reception.
func (k *checker) handsOn(r *Receive, what string) {
	at := r.origin.of("sinks")
	if len(r.Sinks) > 0 && r.Dir == "" {
		k.add(at, "%s: sinks needs dir: they are told where the file is", what)
	}
	for i, name := range r.Sinks {
		if _, known := k.sinks[name]; !known {
			k.add(at, "%s: sinks: there is no sink %.80q", what, name)
		}
		if slices.Contains(r.Sinks[:i], name) {
			k.add(at, "%s: sinks: %.80q is there twice", what, name)
		}
	}
}

// outbox checks what a Node says of its outbox, and puts the defaults in.
func (k *checker) outbox(n *Node) {
	o := &n.origin
	n.Outbox = cmp.Or(n.Outbox, DefaultOutbox)
	n.OutboxItems, n.OutboxBytes = cmp.Or(n.OutboxItems, defaultItems), cmp.Or(n.OutboxBytes, defaultBytes)
	if n.OutboxItems < 1 || n.OutboxItems > maxItems {
		k.add(o.of("outbox_items"), "node.outbox_items %d: take 1 to %d", n.OutboxItems, maxItems)
	}
	if n.OutboxBytes < minBytes || n.OutboxBytes > maxBytes {
		k.add(o.of("outbox_bytes"), "node.outbox_bytes %d: take 1MiB to 64GiB", uint64(n.OutboxBytes))
	}
}

// DefaultOutbox is the default of Node.Outbox.
const DefaultOutbox = "/var/lib/flute-node/outbox.db"

// The defaults and bounds of Node.OutboxItems and Node.OutboxBytes: an item takes some 600 bytes.
const (
	defaultItems, maxItems           = 100_000, 1_000_000
	defaultBytes, minBytes, maxBytes = 256 << 20, 1 << 20, 64 << 30
)
