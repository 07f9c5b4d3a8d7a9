package config

import (
	"cmp"
	"crypto/x509"
	"strings"
	"time"
)

// Fleet is where nodes tell what they have, and where leases of sessions are.
type Fleet struct {
	NATS        string        `yaml:"nats" help:"Servers of NATS with JetStream: nats://HOST:PORT or tls://HOST:PORT, several with commas."`
	Site        string        `yaml:"site" help:"Name of this node in the fleet, of no other: letters, digits, - _."`
	Name        string        `yaml:"name" help:"Name of the fleet, of which fleet init has made the streams. Default: flute."`
	Credentials string        `yaml:"credentials_file" help:"A .creds file of NATS. Nobody but the user may read it."`
	CAFile      string        `yaml:"ca_file" help:"File with the certificates to trust, as PEM. Default: those of the system."`
	Heartbeat   time.Duration `yaml:"heartbeat" help:"Time between two heartbeats, 1s to 1h; after three that fail to come the site is silent. Default: 30s."`
	LeaseTTL    time.Duration `yaml:"lease_ttl" help:"After so long without its holder another node takes the lease of a session, 1s to 1h. Default: 15s."`

	origin    origin
	access    string // the text of Credentials, without spaces around
	authority string // the text of CAFile
}

func (f *Fleet) locate(o origin) { f.origin = o }

// The defaults and bounds of a Fleet.
const (
	defaultFleet                   = "flute"
	defaultHeartbeat               = 30 * time.Second
	defaultLeaseTTL                = 15 * time.Second
	minFleetInterval, maxFleetTime = time.Second, time.Hour
)

// FleetSink is the name of the sink that tells the fleet of received files.
const FleetSink = "fleet"

// Given reports whether there is a fleet.
func (f *Fleet) Given() bool { return f.NATS != "" }

// Access returns the text of Credentials, as it was when the configuration was read; empty: there is none.
func (f *Fleet) Access() string { return f.access }

// CA returns whom to trust; nil: whom the system trusts.
func (f *Fleet) CA() (*x509.CertPool, error) { return authorityOf(f.CAFile, f.authority) }

// open reads the files of the fleet.
func (f *Fleet) open(all *faults) {
	f.access = private(f.Credentials, f.origin.of("credentials_file"), "credentials_file", maxCredentials, all)
	if f.CAFile != "" {
		f.authority = include(f.CAFile, maxAuthority, f.origin.of("ca_file"), "ca_file", all)
	}
}

// isToken reports whether a name can be part of a subject.
func isToken(name string) bool { return isName(name) && !strings.Contains(name, ".") }

// fleet checks a Fleet, and puts its defaults in.
func (k *checker) fleet(f *Fleet) {
	o := &f.origin
	if !f.Given() {
		for key, at := range o.keys {
			k.add(at, "fleet: %s needs nats", key)
			break
		}
		return
	}
	for one := range strings.SplitSeq(f.NATS, ",") {
		if _, err := checkURL(one, "nats", "tls"); err != nil {
			k.add(o.of("nats"), "fleet: nats %v", err)
		}
	}
	f.Name = cmp.Or(f.Name, defaultFleet)
	for _, one := range []struct{ key, name string }{{"site", f.Site}, {"name", f.Name}} {
		if !isToken(one.name) {
			k.add(o.of(one.key), "fleet: %s %.80q: take 1 to %d letters, digits, - or _", one.key, one.name, maxName)
		}
	}
	if _, err := f.CA(); err != nil {
		k.add(o.of("ca_file"), "fleet: ca_file %s: %v", f.CAFile, err)
	}
	f.Heartbeat, f.LeaseTTL = cmp.Or(f.Heartbeat, defaultHeartbeat), cmp.Or(f.LeaseTTL, defaultLeaseTTL)
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"heartbeat", f.Heartbeat}, {"lease_ttl", f.LeaseTTL}} {
		if d.value < minFleetInterval || d.value > maxFleetTime {
			k.add(o.of(d.key), "fleet: %s %v: take %v to %v", d.key, d.value, minFleetInterval, maxFleetTime)
		}
	}
}

// reportTo has each reception tell the fleet of its files.
func (c *Config) reportTo() {
	if !c.Fleet.Given() {
		return
	}
	c.Sinks = append(c.Sinks, Sink{
		Name: FleetSink, Timeout: defaultTimeout, Jobs: defaultJobs, RetryMin: defaultMin, RetryMax: time.Minute,
		GiveUp: defaultGiveUp, fleet: true,
	})
	for i := range c.Receive {
		if r := &c.Receive[i]; r.Dir != "" {
			r.Sinks = append(r.Sinks, FleetSink)
		}
	}
}

// lease checks the lease of a sending session.
func (k *checker) lease(s *Send, f *Fleet, what string) {
	o := &s.origin
	if s.Lease == "" {
		return
	}
	at := o.of("lease")
	switch before, twice := k.leases[s.Lease]; {
	case !isToken(s.Lease):
		k.add(at, "%s: lease %.80q: take 1 to %d letters, digits, - or _", what, s.Lease, maxName)
	case !f.Given():
		k.add(at, "%s: lease needs a section fleet", what)
	case s.State != "" || s.WatchState != "":
		k.add(at, "%s: a lease keeps what state and watch_state do: take one of them", what)
	case s.TSI == nil:
		k.add(at, "%s: lease needs a tsi: that of the session, on all nodes", what)
	case twice:
		k.add(at, "%s: lease %s is that of %v, too", what, s.Lease, before)
	default:
		k.leases[s.Lease] = at
	}
}
