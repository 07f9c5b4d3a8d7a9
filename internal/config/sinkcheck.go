package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// sink checks a sink, and puts its defaults in.
func (k *checker) sink(s *Sink) {
	o := &s.origin
	what := k.nameOf(k.sinks, "sink", s.Name, o)
	kind := s.Kind()
	switch kind {
	case "":
		k.add(o.place, "%s: give one of marker, exec, webhook, s3, nats and kafka", what)
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
	case "kafka":
		k.kafka(s, what)
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
	"secret_file": {"webhook"}, "ca_file": {"webhook", "s3", "nats", "kafka"},
	"credentials_file": {"s3", "nats", "kafka"}, "region": {"s3"}, "subject": {"nats"}, "topic": {"kafka"},
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

// kafka checks a sink that produces to Kafka.
func (k *checker) kafka(s *Sink, what string) {
	o := &s.origin
	if !hasKafka {
		k.add(o.of("kafka"), "%s: kafka: this program was built without it: go build -tags kafka "+
			"./cmd/flute-node", what)
	}
	schemes := map[string]bool{}
	for one := range strings.SplitSeq(s.Kafka, ",") {
		u, err := checkURL(one, "kafka", "tls")
		switch {
		case err != nil:
			k.add(o.of("kafka"), "%s: kafka %v", what, err)
		case u.Port() == "" || strings.Trim(u.Path, "/") != "":
			k.add(o.of("kafka"), "%s: kafka %q: take %s://HOST:PORT", what, one, u.Scheme)
		default:
			schemes[u.Scheme] = true
		}
	}
	if len(schemes) > 1 {
		k.add(o.of("kafka"), "%s: kafka: either kafka:// or tls:// for all brokers", what)
	}
	if len(s.Topic) > maxTopic || !isWord(s.Topic) {
		k.add(o.of("topic"), "%s: topic %.80q: take 1 to %d letters, digits, . _ or -", what, s.Topic, maxTopic)
	}
	if user, password, ok := strings.Cut(s.access, ":"); s.Credentials != "" && (!ok || user == "" || password == "") {
		k.add(o.of("credentials_file"), "%s: kafka takes a credentials_file with USER:PASSWORD", what)
	}
}

// maxTopic bounds Sink.Topic in bytes, as Kafka does.
const maxTopic = 249

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
