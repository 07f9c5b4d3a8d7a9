package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flute-node/flute-node/internal/api"
)

// ctlCommand asks a daemon.
type ctlCommand struct {
	apiFlags

	State    ctlStateCommand    `cmd:"" help:"Units, what they do, and since when."`
	Sessions ctlSessionsCommand `cmd:"" help:"Transport sessions."`
	Objects  ctlObjectsCommand  `cmd:"" help:"Files on their way."`
	Object   ctlObjectCommand   `cmd:"" help:"One file, with all that it lacks, as JSON."`
	Tree     ctlTreeCommand     `cmd:"" help:"Actors."`
	Events   ctlEventsCommand   `cmd:"" help:"Events as they happen, one a line of JSON with its ID, until interrupted."`
	Reload   ctlReloadCommand   `cmd:"" help:"Read the configuration anew. If it cannot be used nothing changes."`
	Pause    ctlPauseCommand    `cmd:"" help:"Have a sending session send nothing."`
	Resume   ctlResumeCommand   `cmd:"" help:"Have it go on."`
	Trigger  ctlTriggerCommand  `cmd:"" help:"Have the next turn of a file that is sent begin now."`
	Remove   ctlRemoveCommand   `cmd:"" help:"Have a file sent no longer."`
	Sinks    ctlSinksCommand    `cmd:"" help:"What received files are handed on to, and what waits for it."`
	Dead     ctlDeadCommand     `cmd:"" help:"Files that a sink has not taken, and that are tried no more."`
	Replay   ctlReplayCommand   `cmd:"" help:"Have them wait for their sink again."`
	Discard  ctlDiscardCommand  `cmd:"" help:"Have them forgotten."`
	Level    ctlLevelCommand    `cmd:"" help:"Change what is logged, until the next reload."`
	Ready    ctlReadyCommand    `cmd:"" help:"Whether all units run: exit code 0 or 1."`
	Metrics  ctlMetricsCommand  `cmd:"" help:"Metrics, as Prometheus reads them."`
}

// tell prints an answer: as JSON, or by what text writes into columns.
func tell(out *output, answer []byte, text func(w *tabwriter.Writer)) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	text(w)
	_ = w.Flush()
	out.record(json.RawMessage(strings.TrimSpace(string(answer))), strings.TrimRight(b.String(), "\n"))
}

type ctlStateCommand struct{}

// Run prints the units.
func (ctlStateCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	var s api.State
	answer, err := c.ask(ctx, http.MethodGet, "/v1/state", nil, &s)
	if err != nil {
		return err
	}
	tell(out, answer, func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintf(w, "flute-node %s, since %s\n", plain(s.Version), s.Started.Local().Format(time.DateTime))
		_, _ = fmt.Fprintf(w, "configuration of %s, read %s\n", plain(strings.Join(s.Config.Files, ", ")),
			s.Config.Loaded.Local().Format(time.DateTime))
		if !s.Config.OK {
			_, _ = fmt.Fprintf(w, "the latest reload has changed nothing: %s\n", plain(oneLine(s.Config.Error)))
		}
		_, _ = fmt.Fprintf(w, "%s, memory %s of %s\n\n", count(s.Snapshot.SessionCount, "session"),
			formatBytes(s.Snapshot.Used), formatBytes(s.Snapshot.Budget))
		_, _ = fmt.Fprintln(w, "UNIT\tKIND\tPHASE\tSINCE\tFAILURES\t")
		for _, u := range s.Units {
			phase := u.Phase
			if u.Paused {
				phase = "paused"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", u.Name, u.Kind, phase,
				u.Since.Local().Format(time.DateTime), u.Failures, plain(oneLine(u.Error)))
		}
	})
	return nil
}

type ctlSessionsCommand struct {
	Unit string `help:"Only those of a unit."`
}

// Run prints the sessions.
func (s *ctlSessionsCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	var list struct {
		Sessions []api.Session `json:"sessions"`
	}
	answer, err := c.ask(ctx, http.MethodGet, "/v1/sessions?unit="+url.QueryEscape(s.Unit), nil, &list)
	if err != nil {
		return err
	}
	tell(out, answer, func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintln(w, "UNIT\tSESSION\tDATAGRAMS\tLOSS\tFILES\tRATE")
		for _, s := range list.Sessions {
			datagrams, loss, rate := uint64(0), "", ""
			switch {
			case s.Sent != nil:
				datagrams, rate = s.Sent.Packets, fmt.Sprintf("%.3g Mbit/s", float64(s.SentRate)/1e6)
			case s.Account != nil && s.Received != nil:
				datagrams, loss = s.Received.Received, fmt.Sprintf("%.2f%%", 100*s.Account.Loss)
			}
			_, _ = fmt.Fprintf(w, "%s\t%v\t%d\t%s\t%d\t%s\n", s.Unit, s.Session, datagrams, loss, s.ObjectCount, rate)
		}
	})
	return nil
}

type ctlObjectsCommand struct {
	Unit  string `help:"Only those of a unit."`
	Limit int    `type:"positive" default:"100" help:"At most so many."`
}

// Run prints the objects.
func (o *ctlObjectsCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	var list struct {
		Objects []api.Object `json:"objects"`
		Count   int          `json:"object_count"`
	}
	path := fmt.Sprintf("/v1/objects?limit=%d&unit=%s", o.Limit, url.QueryEscape(o.Unit))
	answer, err := c.ask(ctx, http.MethodGet, path, nil, &list)
	if err != nil {
		return err
	}
	tell(out, answer, func(w *tabwriter.Writer) {
		_, _ = fmt.Fprintln(w, "UNIT\tTOI\tPHASE\tDONE\tLENGTH\tNAME")
		for _, f := range list.Objects {
			_, _ = fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%s\t%s\n", f.Unit, f.TOI, f.Phase, formatBytes(f.Done),
				formatBytes(f.TransferLength), humanName(f.ContentLocation))
		}
		if n := list.Count - len(list.Objects); n > 0 {
			_, _ = fmt.Fprintf(w, "and %d more\n", n)
		}
	})
	return nil
}

type ctlObjectCommand struct {
	Unit string `arg:"" help:"Name of the unit."`
	TOI  string `arg:"" name:"TOI" help:"TOI of the file."`
}

func (o *ctlObjectCommand) path() string {
	return "/v1/units/" + url.PathEscape(o.Unit) + "/objects/" + url.PathEscape(o.TOI)
}

// Run prints one object.
func (o *ctlObjectCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	answer, err := c.ask(ctx, http.MethodGet, o.path(), nil, nil)
	if err == nil {
		tell(out, answer, func(w *tabwriter.Writer) {
			_, _ = fmt.Fprintln(w, plain(strings.TrimSpace(string(answer))))
		})
	}
	return err
}

type ctlTreeCommand struct{}

// Run prints the ids of the actors.
func (ctlTreeCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	var tree struct {
		Actors []string `json:"actors"`
	}
	answer, err := c.ask(ctx, http.MethodGet, "/v1/tree", nil, &tree)
	if err == nil {
		tell(out, answer, func(w *tabwriter.Writer) { _, _ = fmt.Fprintln(w, plain(strings.Join(tree.Actors, "\n"))) })
	}
	return err
}

type ctlEventsCommand struct {
	After    string `placeholder:"ID" xor:"begin" help:"Begin after the event of this ID, as far as it is still known. Default: with those that happen from now on."`
	Latest   uint64 `placeholder:"N" xor:"begin" type:"positive" help:"Begin with the latest N events that have happened, of those that --names wants, as far as they are still known."`
	Names    string `placeholder:"NAME[,…]" help:"Only events of these names, such as object_completed."`
	NoFollow bool   `help:"End with those that have happened."`
}

// Run prints events.
func (e *ctlEventsCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if err := out.handOver(); err != nil && !out.asked {
		return err
	}
	q := api.EventQuery{After: e.After, Latest: e.Latest, Names: e.Names, Past: e.NoFollow}
	err = client.Events(ctx, q, func(id, line string) error {
		_, err := fmt.Fprintf(out, "{\"id\":%q,%s\n", id, strings.TrimPrefix(line, "{"))
		return err
	})
	if ctx.Err() != nil || err == nil {
		return nil
	}
	return failure{err}
}

type ctlReadyCommand struct{}

// Run tells whether all units run.
func (ctlReadyCommand) Run(ctx context.Context, c *ctlCommand) error {
	_, err := c.ask(ctx, http.MethodGet, "/readyz", nil, nil)
	return err
}

type ctlMetricsCommand struct{}

// Run prints the metrics.
func (ctlMetricsCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	answer, err := c.ask(ctx, http.MethodGet, "/metrics", nil, nil)
	if err != nil {
		return err
	}
	return printText(out, "metrics", answer)
}
