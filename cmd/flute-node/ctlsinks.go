package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/flute-node/flute-node/internal/api"
)

type ctlSinksCommand struct{}

// Run prints the sinks.
func (ctlSinksCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	var all api.Sinks
	answer, err := c.ask(ctx, http.MethodGet, "/v1/sinks", nil, &all)
	if err != nil {
		return err
	}
	tell(out, answer, func(w *tabwriter.Writer) {
		if o := all.Outbox; o.Path != "" {
			_, _ = fmt.Fprintf(w, "outbox %s, %d of %d items, %s of %s\n\n", plain(o.Path), o.Items, o.MaxItems,
				formatBytes(uint64(o.Bytes)), formatBytes(uint64(o.MaxBytes)))
		}
		_, _ = fmt.Fprintln(w, "SINK\tKIND\tSTATE\tWAITING\tOLDEST\tDELIVERED\tRETRIED\tDEAD\tREFUSED\t")
		for i := range all.Sinks {
			s := &all.Sinks[i]
			oldest, kind := "-", s.Kind
			if !s.Oldest.IsZero() {
				oldest = s.Oldest.Local().Format(time.DateTime)
			}
			if kind == "" {
				kind = "(none)"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%d\t%d\t%d\t%s\n", plain(s.Name), kind, plain(s.State),
				s.Waiting, oldest, s.Delivered, s.Retried, s.Dead, s.Refused, plain(oneLine(s.Error)))
		}
	})
	return nil
}

type ctlDeadCommand struct {
	Sink  string `arg:"" help:"Name of the sink."`
	Limit int    `type:"positive" default:"100" help:"At most so many, up to 1000."`
	After string `placeholder:"PAGE" help:"Those of the next page: what the latest answer has told."`
}

// Run prints dead letters.
func (d *ctlDeadCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	var list struct {
		Letters []api.DeadLetter `json:"dead_letters"`
		Next    string           `json:"next"`
	}
	q := url.Values{"limit": {fmt.Sprint(d.Limit)}, "after": {d.After}}
	path := "/v1/sinks/" + url.PathEscape(d.Sink) + "/dead?" + q.Encode()
	answer, err := c.ask(ctx, http.MethodGet, path, nil, &list)
	if err != nil {
		return err
	}
	tell(out, answer, func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintln(w, "KEY\tSINCE\tTRIES\tNAME\tERROR")
		for i := range list.Letters {
			l := &list.Letters[i]
			_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", plain(l.Key), l.Since.Local().Format(time.DateTime), l.Tries,
				humanName(l.ContentLocation), plain(oneLine(l.Error)))
		}
		if list.Next != "" {
			_, _ = fmt.Fprintf(w, "more: --after %s\n", plain(list.Next))
		}
	})
	return nil
}

// letters names dead letters.
type letters struct {
	Sink string `arg:"" help:"Name of the sink."`
	Key  string `arg:"" optional:"" help:"Key of a dead letter. Default: all."`
}

// order asks for something with them, and prints how many they are.
func (l *letters) order(ctx context.Context, c *ctlCommand, out *output, method, what string) error {
	var n struct {
		Count int `json:"count"`
	}
	path := "/v1/sinks/" + url.PathEscape(l.Sink) + "/" + what + "?key=" + url.QueryEscape(l.Key)
	answer, err := c.ask(ctx, method, path, nil, &n)
	if err == nil {
		tell(out, answer, func(w *tabwriter.Writer) { _, _ = fmt.Fprintln(w, count(n.Count, "file")) })
	}
	return err
}

type ctlReplayCommand struct{ letters }

// Run has dead letters wait again.
func (r *ctlReplayCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	return r.order(ctx, c, out, http.MethodPost, "replay")
}

type ctlDiscardCommand struct{ letters }

// Run has dead letters forgotten.
func (d *ctlDiscardCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	return d.order(ctx, c, out, http.MethodDelete, "dead")
}
