package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/flute-node/flute-node/internal/fleet"
	"github.com/flute-node/flute-node/source"
)

type fleetObjectsCommand struct {
	Limit int `type:"positive" default:"100" help:"At most so many."`
}

// Run prints the files.
func (o *fleetObjectsCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		list, more, err := v.Objects(ctx)
		if err != nil {
			return err
		}
		n := len(list)
		list = list[:min(n, o.Limit)]
		out.table("objects", map[string]any{"objects": list, "object_count": n, "more": more},
			inColumns(func(w *tabwriter.Writer) {
				_, _ = fmt.Fprintln(w, "FIRST\tSIZE\tHAVE\tOLDER\tFAILED\tLACK\tVERSION\tNAME")
				for i := range list {
					s := &list[i]
					_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", s.First.Local().Format(time.DateTime),
						formatBytes(s.Size), s.Current, s.Older, s.Failed, s.Lacking, plain(fleet.Short(s.Latest)),
						humanName(s.ContentLocation))
				}
				if n > len(list) {
					_, _ = fmt.Fprintf(w, "and %d more\n", n-len(list))
				}
				if more {
					_, _ = fmt.Fprintf(w, "and those beyond the first %d reports\n", fleet.MaxHeld)
				}
			}))
		return nil
	})
}

// fleetName names a file.
type fleetName struct {
	Name    string `arg:"" help:"Name of the file as it was sent, or its Content-Location."`
	Version string `name:"digest" placeholder:"DIGEST" help:"Version, such as sha-256:…, or the first digits of one. Default: the one that came up last."`
}

// find returns what is known of the file.
func (n *fleetName) find(ctx context.Context, v *fleet.View) (*fleet.Object, error) {
	o, err := v.Object(ctx, n.Name, n.Version)
	if location := source.Location(n.Name); err == nil && len(o.Versions) == 0 && location != n.Name {
		return v.Object(ctx, location, n.Version)
	}
	return o, err
}

// holdingText tells what a site has, for people.
func holdingText(h *fleet.Holding) (state, detail string) {
	switch {
	case h.Current:
		state = "has it"
	case h.Have != nil:
		state = "another version"
	default:
		state = "lacks it"
	}
	if h.Failed != nil {
		detail = "failed " + h.Failed.At.Local().Format(time.DateTime) + ": " + h.Failed.Reason
		if h.Failed.Detail != "" {
			detail += ": " + h.Failed.Detail
		}
	}
	return state, plain(oneLine(detail))
}

// objectText writes a file as a table, of all sites or of those that lack it.
func objectText(o *fleet.Object, all bool) string {
	return inColumns(func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintf(w, "%s\n", humanName(o.ContentLocation))
		if o.Version == "" {
			_, _ = fmt.Fprintln(w, "no site has told that it has it")
		} else {
			_, _ = fmt.Fprintf(w, "version %s: %d of %s lack it\n", plain(o.Version), o.Lacking,
				count(len(o.Sites), "site"))
		}
		_, _ = fmt.Fprintln(w, "\nSITE\tSTATE\tVERSION\tSINCE\t")
		for i := range o.Sites {
			h := &o.Sites[i]
			if h.Current && !all {
				continue
			}
			state, detail := holdingText(h)
			version, since := "-", "-"
			if h.Have != nil {
				version, since = plain(fleet.Short(h.Have.Version)), h.Have.At.Local().Format(time.DateTime)
			}
			if h.Silent {
				state += ", SILENT"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", plain(h.Site), state, version, since, detail)
		}
	})
}

type fleetObjectCommand struct{ fleetName }

// Run prints a file.
func (o *fleetObjectCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		found, err := o.find(ctx, v)
		if err == nil {
			out.table("object", found, objectText(found, true))
		}
		return err
	})
}

type fleetLacksCommand struct{ fleetName }

// Run prints the sites that lack a file.
func (l *fleetLacksCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	return c.asked(ctx, func(ctx context.Context, v *fleet.View) error {
		o, err := l.find(ctx, v)
		if err != nil {
			return err
		}
		text := objectText(o, false)
		lacking := o.Lacking > 0 || len(o.Versions) == 0
		if !lacking {
			text = fmt.Sprintf("none of %s lacks %s", count(len(o.Sites), "site"), humanName(o.ContentLocation))
		}
		found := *o
		found.Sites = []fleet.Holding{}
		for _, h := range o.Sites {
			if !h.Current {
				found.Sites = append(found.Sites, h)
			}
		}
		out.table("lacks", found, text)
		if lacking {
			return errFailed
		}
		return nil
	})
}
