package config

import (
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/program"
	"github.com/flute-node/flute-node/internal/secret"
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
	Kafka       string        `yaml:"kafka" help:"Produce a record of what is known of each file to Kafka: kafka://HOST:PORT or tls://HOST:PORT, several with commas. Needs topic, and a program that was built with it: go build -tags kafka."`
	Topic       string        `yaml:"topic" help:"kafka: topic, which is there."`
	Credentials string        `yaml:"credentials_file" help:"s3: file with ACCESSKEY:SECRETKEY. nats: a .creds file. kafka: USER:PASSWORD, for SCRAM-SHA-512. Nobody but the user may read it."`
	SecretFile  string        `yaml:"secret_file" help:"webhook: file with the secret that requests are signed with, of 16 to 1024 characters. Nobody but the user may read it."`
	CAFile      string        `yaml:"ca_file" help:"webhook, s3, nats, kafka: file with the certificates to trust, as PEM. Default: those of the system."`
	Timeout     time.Duration `yaml:"timeout" help:"A try that takes longer has failed. Default: 30s; of exec 10m."`
	Jobs        int           `yaml:"jobs" help:"Files at once, 1 to 32. Default: 4."`
	RetryMin    time.Duration `yaml:"retry_min" help:"Pause after the first failure; each further one is twice as long. Default: 1s."`
	RetryMax    time.Duration `yaml:"retry_max" help:"Longest pause. Default: 10m."`
	GiveUp      time.Duration `yaml:"give_up" help:"After so long a file that a sink does not take is a dead letter, which is kept until it is replayed. Default: 168h."`

	origin    origin
	secret    string // of SecretFile, without spaces around
	authority string // the text of CAFile
	access    string // the text of Credentials, without spaces around
	fleet     bool   // it tells the fleet
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
	if s.fleet {
		return FleetSink
	}
	kind := ""
	for _, k := range []struct{ name, value string }{
		{"marker", s.Marker}, {"exec", s.Exec}, {"webhook", s.Webhook}, {"s3", s.S3}, {"nats", s.NATS}, {"kafka", s.Kafka},
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
func (s *Sink) CA() (*x509.CertPool, error) { return authorityOf(s.CAFile, s.authority) }

// authorityOf returns the certificates of a file; nil: there is no file.
func authorityOf(path, text string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, errors.New("there is no certificate in it")
	}
	return pool, nil
}

// open reads the files of the sink.
func (s *Sink) open(all *faults) {
	s.secret = private(s.SecretFile, s.origin.of("secret_file"), "secret_file", maxSecret+2, all)
	s.access = private(s.Credentials, s.origin.of("credentials_file"), "credentials_file", maxCredentials, all)
	if s.CAFile != "" {
		s.authority = include(s.CAFile, maxAuthority, s.origin.of("ca_file"), "ca_file", all)
	}
}

// private reads a file that nobody but the user may read, without the spaces around.
func private(path string, at place, key string, most int64, all *faults) string {
	if path == "" {
		return ""
	}
	if info, err := os.Stat(path); err == nil {
		if err := secret.Check(info); err != nil {
			all.add(at, "%s: %s: %v", key, path, err)
		}
	}
	return strings.TrimSpace(include(path, most, at, key, all))
}

// DefaultOutbox is the default of Node.Outbox.
const DefaultOutbox = "/var/lib/flute-node/outbox.db"

// The defaults and bounds of Node.OutboxItems and Node.OutboxBytes: an item takes some 600 bytes.
const (
	defaultItems, maxItems           = 100_000, 1_000_000
	defaultBytes, minBytes, maxBytes = 256 << 20, 1 << 20, 64 << 30
)
