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
	Name        string        `yaml:"name" help:"Name of the sink in sinks of receive, in the API, in metrics and in the log; each name once."`
	Marker      string        `yaml:"marker" help:"Write a file beside each file, with its name and this suffix, such as .done, that tells of it as JSON. Files whose names end so are not received."`
	Exec        string        `yaml:"exec" help:"Run a command for each file, without a shell; {path}, {name}, {location}, {type}, {size}, {tsi}, {toi}, {source}, {group} are replaced, FLUTE_KEY is the same in each try. Exit code 0 takes the file."`
	Webhook     string        `yaml:"webhook" help:"Post what is known of each file to this URL, as JSON. 2xx takes the file, 4xx but 408, 425 and 429 rejects it, all else is tried again."`
	S3          string        `yaml:"s3" help:"Upload each file to a store that speaks the S3 protocol: https://HOST/BUCKET or https://HOST/BUCKET/PREFIX. Needs credentials_file."`
	Region      string        `yaml:"region" help:"s3: region of the bucket. Default: it is asked for."`
	NATS        string        `yaml:"nats" help:"Publish what is known of each file to a stream of NATS JetStream: nats://HOST:PORT or tls://HOST:PORT, several with commas. Needs subject."`
	Subject     string        `yaml:"subject" help:"nats: subject, such as site7.files, of a stream that is there."`
	Credentials string        `yaml:"credentials_file" help:"s3: file with ACCESSKEY:SECRETKEY. nats: a .creds file. Nobody but the user may read it."`
	SecretFile  string        `yaml:"secret_file" help:"webhook: file with the secret that requests are signed with, of 16 to 1024 characters. Nobody but the user may read it."`
	CAFile      string        `yaml:"ca_file" help:"webhook, s3, nats: file with the certificates to trust, as PEM. Default: those of the system."`
	Timeout     time.Duration `yaml:"timeout" help:"A try that takes longer has failed. Default: 30s; of exec 10m."`
	Jobs        int           `yaml:"jobs" help:"Files at once, 1 to 32. Default: 4."`
	RetryMin    time.Duration `yaml:"retry_min" help:"Pause after the first failure; each further one is twice as long. Default: 1s."`
	RetryMax    time.Duration `yaml:"retry_max" help:"Longest pause. Default: 10m."`
	GiveUp      time.Duration `yaml:"give_up" help:"After so long a file that a sink does not take is a dead letter, which is kept until it is replayed. Default: 168h."`

	origin    origin
	secret    string // of SecretFile, without spaces around
	authority string // the text of CAFile
	access    string // the text of Credentials, without spaces around
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
	// maxCredentials bounds Credentials in bytes.
	maxCredentials = 64 << 10
)

// Kind returns the key that says what the sink is; empty: it has none, or several.
func (s *Sink) Kind() string {
	kind := ""
	for _, k := range []struct{ name, value string }{
		{"marker", s.Marker}, {"exec", s.Exec}, {"webhook", s.Webhook}, {"s3", s.S3}, {"nats", s.NATS},
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

// Access returns the text of Credentials, as it was when the configuration was read; empty: there is none.
func (s *Sink) Access() string { return s.access }

// Keys returns the keys of a sink of the kind s3.
func (s *Sink) Keys() (access, secret string) {
	access, secret, _ = strings.Cut(s.access, ":")
	return access, secret
}

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
	s.secret = s.private(s.SecretFile, "secret_file", maxSecret+2, all)
	s.access = s.private(s.Credentials, "credentials_file", maxCredentials, all)
	if s.CAFile != "" {
		s.authority = include(s.CAFile, maxAuthority, s.origin.of("ca_file"), "ca_file", all)
	}
}

// private reads a file that nobody but the user may read, without the spaces around.
func (s *Sink) private(path, key string, most int64, all *faults) string {
	if path == "" {
		return ""
	}
	at := s.origin.of(key)
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		all.add(at, "%s: %s: others than its owner have access to it (%04o)", key, path, info.Mode().Perm())
	}
	return strings.TrimSpace(include(path, most, at, key, all))
}

// sink checks a sink, and puts its defaults in.
func (k *checker) sink(s *Sink) {
	o := &s.origin
	what := k.nameOf(k.sinks, "sink", s.Name, o)
	kind := s.Kind()
	switch kind {
	case "":
		k.add(o.place, "%s: give one of marker, exec, webhook, s3 and nats", what)
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
	case "s3":
		k.store(s, what)
	case "nats":
		k.nats(s, what)
	}
	for key, kinds := range keysOfKinds {
		if at, given := o.keys[key]; given && !slices.Contains(kinds, kind) {
			k.add(at, "%s: %s needs %s", what, key, strings.Join(kinds, " or "))
		}
	}
	if _, err := s.CA(); err != nil {
		k.add(o.of("ca_file"), "%s: ca_file %s: %v", what, s.CAFile, err)
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
	if _, err := checkURL(s.Webhook, "https", "http"); err != nil {
		k.add(o.of("webhook"), "%s: webhook %v", what, err)
	}
	n := len(s.secret)
	if s.SecretFile != "" && (n < minSecret || n > maxSecret || strings.ContainsAny(s.secret, " \t\r\n")) {
		k.add(o.of("secret_file"), "%s: secret_file %s: take %d to %d characters without spaces", what, s.SecretFile,
			minSecret, maxSecret)
	}
}

// keysOfKinds are the keys that only sinks of some kinds have.
var keysOfKinds = map[string][]string{
	"secret_file": {"webhook"}, "ca_file": {"webhook", "s3", "nats"}, "credentials_file": {"s3", "nats"},
	"region": {"s3"}, "subject": {"nats"},
}

// store checks a sink that uploads files.
func (k *checker) store(s *Sink, what string) {
	o := &s.origin
	u, err := checkURL(s.S3, "https", "http")
	switch {
	case err != nil:
		k.add(o.of("s3"), "%s: s3 %v", what, err)
		return
	case strings.Trim(u.Path, "/") == "" || u.RawQuery != "":
		k.add(o.of("s3"), "%s: s3 %q: take https://HOST/BUCKET or https://HOST/BUCKET/PREFIX", what, s.S3)
		return
	}
	if access, secret := s.Keys(); access == "" || secret == "" || strings.ContainsAny(s.access, " \t\r\n") {
		k.add(o.of("credentials_file"), "%s: s3 needs a credentials_file with ACCESSKEY:SECRETKEY", what)
	}
}

// nats checks a sink that publishes to JetStream.
func (k *checker) nats(s *Sink, what string) {
	o := &s.origin
	for one := range strings.SplitSeq(s.NATS, ",") {
		if _, err := checkURL(one, "nats", "tls"); err != nil {
			k.add(o.of("nats"), "%s: nats %v", what, err)
		}
	}
	if s.Subject == "" || len(s.Subject) > maxSubject || strings.ContainsAny(s.Subject, "*> \t\r\n") ||
		slices.Contains(strings.Split(s.Subject, "."), "") {
		k.add(o.of("subject"), "%s: subject %.80q: take words with dots between them, such as site7.files", what,
			s.Subject)
	}
}

// maxSubject bounds Sink.Subject in bytes.
const maxSubject = 255

// checkURL reads a URL that has one of these schemes, a host, and no password.
func checkURL(text string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%.80q is no URL", text) // the error could tell a password
	case u.User != nil:
		return nil, errors.New("has a password: secrets are in files that the configuration names")
	case !slices.Contains(schemes, u.Scheme), u.Hostname() == "":
		return nil, fmt.Errorf("%.80q: take %s://HOST/… or %s://HOST/…", text, schemes[0], schemes[1])
	}
	return u, nil
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
