package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flute-node/flute-node/internal/fleet"
	"github.com/flute-node/flute-node/internal/settings"
)

// fleetCommand answers from what nodes have told by JetStream.
type fleetCommand struct {
	NATS        string        `name:"nats" required:"" env:"FLUTE_NODE_NATS" placeholder:"URL[,…]" help:"Servers of NATS with JetStream: nats://HOST:PORT or tls://HOST:PORT."`
	Name        string        `default:"flute" env:"FLUTE_NODE_FLEET" help:"Name of the fleet, as in fleet.name of the nodes."`
	Credentials string        `type:"path" env:"FLUTE_NODE_NATS_CREDENTIALS" placeholder:"FILE" help:"A .creds file of NATS."`
	CA          string        `name:"ca" type:"path" placeholder:"FILE" help:"Certificates to trust, as PEM. Default: those of the system."`
	Timeout     time.Duration `default:"30s" help:"Give up after this time."`

	Init    fleetInitCommand    `cmd:"" help:"Make the streams and the bucket of the fleet, or change how much they keep. Nodes do not."`
	Sites   fleetSitesCommand   `cmd:"" help:"All sites, and which are silent."`
	Silent  fleetSilentCommand  `cmd:"" help:"Sites that are silent: exit code 1 if there are any."`
	Objects fleetObjectsCommand `cmd:"" help:"Files, those that came up last first, and how many sites lack them."`
	Object  fleetObjectCommand  `cmd:"" help:"One file: which site has which version."`
	Lacks   fleetLacksCommand   `cmd:"" help:"Sites that lack a file, or a version of it: exit code 1 if there are any, or if nobody has it."`
	Leases  fleetLeasesCommand  `cmd:"" help:"Leased sessions, and who sends them."`
	Forget  fleetForgetCommand  `cmd:"" help:"Remove what is known of a site that is no more."`
	Page    fleetPageCommand    `cmd:"" help:"Show all of this in a browser, on an address of this machine, until interrupted."`
}

// maxFleetFile bounds a file with credentials or certificates in bytes.
const maxFleetFile = 1 << 20

// view connects. The connection is to be closed.
func (c *fleetCommand) view() (*fleet.View, *nats.Conn, error) {
	if !fleet.IsToken(c.Name) {
		return nil, nil, fmt.Errorf("--name %q: take letters, digits, - or _", c.Name)
	}
	cfg := fleet.DialConfig{URL: c.NATS, Name: "flute-node fleet"}
	if c.Credentials != "" {
		text, err := readSmall(c.Credentials, maxFleetFile)
		if err != nil {
			return nil, nil, fmt.Errorf("--credentials: %w", err)
		}
		cfg.Credentials = text
	}
	if c.CA != "" {
		text, err := readSmall(c.CA, maxFleetFile)
		if err != nil {
			return nil, nil, fmt.Errorf("--ca: %w", err)
		}
		if cfg.CA = x509.NewCertPool(); !cfg.CA.AppendCertsFromPEM(text) {
			return nil, nil, fmt.Errorf("--ca %s: there is no certificate in it", c.CA)
		}
	}
	conn, err := fleet.Dial(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("--nats: %w", err)
	}
	v, err := fleet.NewView(conn, fleet.Names{Fleet: c.Name})
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return v, conn, nil
}

// readSmall reads a file of at most so many bytes.
func readSmall(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s: more than %d bytes", path, most)
	}
	return os.ReadFile(path)
}

// asked calls ask with a view, for as long as --timeout allows. No answer is no failure but exitUsage: scripts must not
// take it for sites that lack a file.
func (c *fleetCommand) asked(ctx context.Context, ask func(context.Context, *fleet.View) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	v, conn, err := c.view()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err = ask(ctx, v); err != nil && !errors.Is(err, errFailed) {
		return fmt.Errorf("fleet %s: %w", c.Name, err)
	}
	return err
}

// columns returns what text writes into columns.
func inColumns(text func(w *tabwriter.Writer)) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	text(w)
	_ = w.Flush()
	return strings.TrimRight(b.String(), "\n")
}

type fleetInitCommand struct {
	Replicas int            `type:"positive" default:"1" help:"Servers that have each message: 3 for a cluster of three, one of which may die."`
	Bytes    settings.Bytes `default:"1GiB" help:"Room for events, and as much for what sites have; the oldest give way."`
	Age      time.Duration  `default:"720h" help:"Events are kept for this time."`
}

// Run makes the streams.
func (i *fleetInitCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	_, conn, err := c.view()
	if err != nil {
		return err
	}
	defer conn.Close()
	room := fleet.Room{Replicas: i.Replicas, Bytes: int64(i.Bytes), Age: i.Age}
	if err := (fleet.Names{Fleet: c.Name}).Make(ctx, conn, room); err != nil {
		return err
	}
	out.table("fleet", map[string]any{"fleet": c.Name, "replicas": i.Replicas}, "fleet "+c.Name+" can be told")
	return nil
}

// sitesText writes sites as a table.
func sitesText(sites []fleet.Site, now time.Time) string {
	return inColumns(func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintln(w, "SITE\tHEARD\tSTATE\tUNITS\tSESSIONS\tOBJECTS\tUNTOLD\tVERSION\t")
		for i := range sites {
			s := &sites[i]
			state := "ok"
			switch {
			case s.Silent:
				state = "SILENT"
			case len(s.Beat.Faults) > 0:
				state = "faults"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s ago\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", plain(s.Name), fleet.Age(s.Heard, now),
				state, plain(fleet.Phases(s.Beat.Units)), s.Beat.Sessions, s.Beat.Objects, s.Beat.Waiting+s.Beat.Dead,
				plain(s.Beat.Version), plain(oneLine(strings.Join(s.Beat.Faults, "; "))))
		}
	})
}

type fleetSitesCommand struct{}

// Run prints the sites.
func (fleetSitesCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		sites, err := v.Sites(ctx)
		if err == nil {
			out.table("sites", map[string]any{"sites": sites}, sitesText(sites, time.Now()))
		}
		return err
	})
}

type fleetSilentCommand struct{}

// Run prints the sites that are silent.
func (fleetSilentCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		sites, err := v.Sites(ctx)
		if err != nil {
			return err
		}
		silent := []fleet.Site{}
		for _, s := range sites {
			if s.Silent {
				silent = append(silent, s)
			}
		}
		text := fmt.Sprintf("none of %s is silent", count(len(sites), "site"))
		if len(silent) > 0 {
			text = sitesText(silent, time.Now())
		}
		out.table("silent", map[string]any{"sites": silent, "of": len(sites)}, text)
		if len(silent) > 0 {
			return errFailed
		}
		return nil
	})
}

type fleetLeasesCommand struct{}

// Run prints the leases.
func (fleetLeasesCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		list, err := v.Leases(ctx)
		if err != nil {
			return err
		}
		out.table("leases", map[string]any{"leases": list}, inColumns(func(w *tabwriter.Writer) {
			_, _ = fmt.Fprintln(w, "LEASE\tSITE\tSTATE\tEPOCH\tTTL\tSESSION")
			for i := range list {
				l := &list[i]
				state := "held"
				if l.Holder == "" {
					state = "free"
				}
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%v\tTSI %d to %s\n", plain(l.Name), plain(l.Site), state,
					l.Epoch, l.TTL, l.TSI, plain(l.Destination))
			}
		}))
		return nil
	})
}

type fleetForgetCommand struct {
	Site string `arg:"" help:"Name of the site."`
}

// Run forgets a site.
func (f *fleetForgetCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	if !fleet.IsToken(f.Site) {
		return fmt.Errorf("%q is no name of a site", f.Site)
	}
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		if err := v.Forget(ctx, f.Site); err != nil {
			return err
		}
		out.table("forget", map[string]any{"site": f.Site}, "site "+f.Site+" is forgotten")
		return nil
	})
}
