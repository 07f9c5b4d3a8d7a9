package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/internal/lease"
)

const (
	// silentAfter is how many heartbeats in a row fail to come from a site that is silent.
	silentAfter = 3
	// minInterval and maxInterval bound what a site says of its heartbeats.
	minInterval, maxInterval = time.Second, 24 * time.Hour
	// maxSites bounds the sites that a View reads.
	maxSites = 100_000
	// MaxHeld bounds the reports of files that a View reads.
	MaxHeld = 1_000_000
	// fetch is how many messages are asked for at once.
	fetch = 500
)

// View answers from what nodes have told. It is safe for concurrent use.
type View struct {
	names Names
	js    jetstream.JetStream
}

// NewView returns a View.
func NewView(conn *nats.Conn, names Names) (*View, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	return &View{names, js}, nil
}

// Site is what is known of a site.
type Site struct {
	Name   string    `json:"site"`
	Heard  time.Time `json:"heard"`  // the latest heartbeat, by the clock of the server
	Silent bool      `json:"silent"` // the next ones have not come
	Beat   Beat      `json:"beat"`
}

// Sites returns all sites that were ever heard, by name.
func (v *View) Sites(ctx context.Context) ([]Site, error) {
	var sites []Site
	now := time.Now()
	err := v.each(ctx, v.names.sites(), []string{v.names.beat("*")}, maxSites, func(m told) {
		s := Site{Name: m.site, Heard: m.at}
		if json.Unmarshal(m.data, &s.Beat) != nil {
			return
		}
		interval := min(max(s.Beat.Interval, minInterval), maxInterval)
		s.Silent = now.Sub(m.at) > silentAfter*interval
		sites = append(sites, s)
	})
	slices.SortFunc(sites, func(a, b Site) int { return strings.Compare(a.Name, b.Name) })
	return sites, err
}

// Holding is what is known of a file at a site.
type Holding struct {
	Site    string   `json:"site"`
	Have    *Have    `json:"have,omitempty"`   // nil: the site has none
	Failed  *Failure `json:"failed,omitempty"` // after that
	Current bool     `json:"current"`          // it has the version that is asked for
	Silent  bool     `json:"silent,omitempty"` // nothing was heard of the site for some time
}

// Object is what is known of a file.
type Object struct {
	ContentLocation string    `json:"content_location"`
	Version         string    `json:"version"`  // that is asked for, or the latest one; empty: no site has any
	Versions        []Version `json:"versions"` // the latest first
	Sites           []Holding `json:"sites"`    // all that receive, by name
	Lacking         int       `json:"lacking"`  // sites that do not have Version
}

// Version is a version of a file.
type Version struct {
	Version string    `json:"version"`
	Size    uint64    `json:"size"`
	First   time.Time `json:"first"` // when the first site that has it had it, by the clock of that
	Sites   int       `json:"sites"`
}

// Object tells which site has which version of a file. An empty version is the one that came up last.
func (v *View) Object(ctx context.Context, location, version string) (*Object, error) {
	sites, err := v.Sites(ctx)
	if err != nil {
		return nil, err
	}
	g := newGathering(sites)
	object := objectOf(location)
	err = v.each(ctx, v.names.objects(), []string{v.names.have("*", object), v.names.fail("*", object)}, 2*maxSites,
		func(m told) { g.add(m) })
	if err != nil {
		return nil, err
	}
	o := g.object(object, version)
	o.ContentLocation = location
	return o, nil
}

// Summary is a file in a list.
type Summary struct {
	ContentLocation string    `json:"content_location"`
	Latest          string    `json:"latest"` // version
	First           time.Time `json:"first"`  // when the first site had it
	Size            uint64    `json:"size"`
	Current         int       `json:"current"` // sites that have it
	Older           int       `json:"older"`   // sites that have another version
	Failed          int       `json:"failed"`  // sites whose latest try has failed for good
	Lacking         int       `json:"lacking"` // sites that do not have the latest one: older and failed ones, too
}

// Objects returns all files, those that came up last first, and whether there are more than it has read.
func (v *View) Objects(ctx context.Context) (list []Summary, more bool, err error) {
	sites, err := v.Sites(ctx)
	if err != nil {
		return nil, false, err
	}
	g := newGathering(sites)
	err = v.each(ctx, v.names.objects(), []string{v.names.have("*", "*"), v.names.fail("*", "*")}, MaxHeld,
		func(m told) { g.add(m) })
	if errors.Is(err, errMore) {
		more, err = true, nil
	}
	if err != nil {
		return nil, false, err
	}
	for object := range g.objects {
		o := g.object(object, "")
		s := Summary{ContentLocation: o.ContentLocation, Latest: o.Version, Lacking: o.Lacking}
		if len(o.Versions) > 0 {
			s.First, s.Size, s.Current = o.Versions[0].First, o.Versions[0].Size, o.Versions[0].Sites
		}
		for i := range o.Sites {
			h := &o.Sites[i]
			switch {
			case h.Failed != nil:
				s.Failed++
			case h.Have != nil && !h.Current:
				s.Older++
			}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(b.First.Compare(a.First), strings.Compare(a.ContentLocation, b.ContentLocation))
	})
	return list, more, nil
}

// Lease is what is known of a leased session.
type Lease struct {
	Name string `json:"lease"`
	lease.Record
}

// Leases returns the leases of sessions, by name.
func (v *View) Leases(ctx context.Context) (list []Lease, err error) {
	b := &Bucket{js: v.js, name: v.names.leases()}
	for {
		list = nil
		err = b.List(ctx, lease.Prefix, func(key string, value []byte, _ uint64) {
			if r, err := lease.ParseRecord(value); err == nil && len(list) < maxSites {
				list = append(list, Lease{strings.TrimPrefix(key, lease.Prefix), *r})
			}
		})
		if !errors.Is(err, errSilent) {
			break
		}
	}
	slices.SortFunc(list, func(a, b Lease) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// Forget removes what is known of a site that is no more.
func (v *View) Forget(ctx context.Context, site string) error {
	for _, one := range []struct{ stream, subject string }{
		{v.names.sites(), v.names.beat(site)},
		{v.names.objects(), v.names.have(site, "*")},
		{v.names.objects(), v.names.fail(site, "*")},
	} {
		s, err := v.js.Stream(ctx, one.stream)
		if err != nil {
			return missing(one.stream, err)
		}
		if err := s.Purge(ctx, jetstream.WithPurgeSubject(one.subject)); err != nil {
			return err
		}
	}
	return nil
}

// missing is the error of a stream that cannot be used.
func missing(stream string, err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is no stream %s: fleet init makes it, or the fleet has another name", stream)
	}
	return fmt.Errorf("stream %s: %w", stream, err)
}

// told is a message.
type told struct {
	kind, site, object string
	at                 time.Time // by the clock of the server
	data               []byte
}

// errMore tells that there is more than is read.
var errMore = errors.New("fleet: there is more than is read")

// each reads the latest message of each subject, at most so many.
func (v *View) each(ctx context.Context, stream string, subjects []string, most int, use func(told)) error {
	s, err := asked(ctx, func(ctx context.Context) (jetstream.Stream, error) { return v.js.Stream(ctx, stream) })
	if err != nil {
		return missing(stream, err)
	}
	c, err := asked(ctx, func(ctx context.Context) (jetstream.Consumer, error) {
		return s.CreateConsumer(ctx, jetstream.ConsumerConfig{
			FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
			AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: 30 * time.Second,
		})
	})
	if err != nil {
		return err
	}
	info := c.CachedInfo()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = s.DeleteConsumer(ctx, info.Name) // it ends by itself, too
	}()
	// One that reports meanwhile replaces its message, which may come a second time or not at all.
	for rest := min(info.NumPending, uint64(most)); rest > 0; {
		got, err := c.Fetch(int(min(rest, fetch)), jetstream.FetchMaxWait(2*time.Second))
		if err != nil {
			return err
		}
		n := 0
		for m := range got.Messages() {
			n++
			kind, site, object := v.names.siteOf(m.Subject())
			meta, err := m.Metadata()
			if err != nil || site == "" || len(m.Data()) > maxMessage {
				continue
			}
			use(told{kind, site, object, meta.Timestamp, m.Data()})
		}
		if err := got.Error(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if n == 0 {
			// What was replaced meanwhile does not come. What is still to come is missing: half an answer is none.
			if left, err := c.Info(ctx); err != nil || left.NumPending > 0 {
				return errors.Join(errors.New("fleet: JetStream has not sent all reports in time"), err)
			}
			break
		}
		rest -= uint64(min(n, int(rest)))
	}
	if info.NumPending > uint64(most) {
		return errMore
	}
	return nil
}
