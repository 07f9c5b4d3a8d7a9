package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/config"
)

type ctlReloadCommand struct{}

// Run has the configuration read anew.
func (ctlReloadCommand) Run(ctx context.Context, c *ctlCommand, out *output) error {
	answer, err := c.ask(ctx, http.MethodPost, "/v1/reload", nil, nil)
	var r api.Reloaded
	if json.Unmarshal(answer, &r) != nil || !r.OK && len(r.Errors) == 0 {
		return err
	}
	tell(out, answer, func(w *tabwriter.Writer) {
		for _, e := range r.Errors {
			_, _ = fmt.Fprintln(w, plain((*config.Error)(&e).Error()))
		}
		if !r.OK {
			_, _ = fmt.Fprintln(w, "nothing has changed")
			return
		}
		for _, e := range r.Warnings {
			_, _ = fmt.Fprintf(w, "warning: %s\n", plain((*config.Error)(&e).Error()))
		}
		for _, list := range []struct {
			what  string
			names []string
		}{
			{"started", r.Started},
			{"stopped", r.Stopped},
			{"restarted", r.Restarted},
			{"with the next start", r.NextStart},
		} {
			if len(list.names) > 0 {
				_, _ = fmt.Fprintf(w, "%s: %s\n", list.what, strings.Join(list.names, ", "))
			}
		}
		_, _ = fmt.Fprintf(w, "%s left alone\n", count(r.Same, "unit"))
	})
	if !r.OK {
		return errFailed
	}
	return nil
}

type ctlPauseCommand struct {
	Unit string `arg:"" help:"Name of the sending."`
}

// Run pauses.
func (p *ctlPauseCommand) Run(ctx context.Context, c *ctlCommand) error {
	_, err := c.ask(ctx, http.MethodPost, "/v1/units/"+url.PathEscape(p.Unit)+"/pause", nil, nil)
	return err
}

type ctlResumeCommand struct {
	Unit string `arg:"" help:"Name of the sending."`
}

// Run resumes.
func (p *ctlResumeCommand) Run(ctx context.Context, c *ctlCommand) error {
	_, err := c.ask(ctx, http.MethodPost, "/v1/units/"+url.PathEscape(p.Unit)+"/resume", nil, nil)
	return err
}

type ctlTriggerCommand struct{ ctlObjectCommand }

// Run triggers an object.
func (o *ctlTriggerCommand) Run(ctx context.Context, c *ctlCommand) error {
	_, err := c.ask(ctx, http.MethodPost, o.path()+"/trigger", nil, nil)
	return err
}

type ctlRemoveCommand struct{ ctlObjectCommand }

// Run removes an object.
func (o *ctlRemoveCommand) Run(ctx context.Context, c *ctlCommand) error {
	_, err := c.ask(ctx, http.MethodDelete, o.path(), nil, nil)
	return err
}

type ctlLevelCommand struct {
	Level string `arg:"" help:"debug, info, warn or error."`
}

// Run changes the level.
func (l *ctlLevelCommand) Run(ctx context.Context, c *ctlCommand) error {
	_, err := c.ask(ctx, http.MethodPut, "/v1/log-level", map[string]string{"level": l.Level}, nil)
	return err
}
