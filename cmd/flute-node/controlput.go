package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/source"
)

// put adds or updates the files of a path.
func (c *controlling) put(ctx context.Context, o *order, a *answer) error {
	options, err := (&settings.Files{Links: c.command.Links, Names: c.command.Names}).Options()
	if err != nil {
		return err
	}
	found, err := source.Find([]string{o.Path}, options)
	switch {
	case err != nil:
		return err
	case o.Name != "" && len(found.Files) != 1:
		return fmt.Errorf("name %q: %s is no file", o.Name, o.Path)
	}
	var failed []error
	for _, s := range found.Skipped {
		if s.Failed {
			failed = append(failed, fmt.Errorf("%s: %s", s.Path, s.Reason))
		}
	}
	for _, f := range found.Files {
		if o.Name != "" {
			f.ContentLocation = source.Location(o.Name)
		}
		toi, err := c.putOne(ctx, o, &outgoing.Item{File: f})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		a.Files = append(a.Files, controlled{humanName(f.ContentLocation), toi})
	}
	if len(failed) == 0 && len(found.Files) == 0 {
		return fmt.Errorf("%s: there are no files", o.Path)
	}
	return firstOf(failed)
}

// maxFailures bounds the failures that an answer tells one by one.
const maxFailures = 20

// firstOf joins errors, so many that an answer stays readable.
func firstOf(failed []error) error {
	if n := len(failed) - maxFailures; n > 0 {
		failed = append(failed[:maxFailures:maxFailures], fmt.Errorf("and %s more", count(n, "failure")))
	}
	return errors.Join(failed...)
}

func (c *controlling) putOne(ctx context.Context, o *order, f *outgoing.Item) (flute.TOI, error) {
	now := time.Now()
	if err := c.command.prepareOne(f, c.words, c.core); err != nil {
		return flute.TOI{}, err
	}
	if err := o.Apply(&f.File, c.core, now); err != nil {
		return flute.TOI{}, err
	}
	if o.Do == "add" {
		return c.session.Add(ctx, f.File, nil)
	}
	return c.session.Update(ctx, f.File, nil, o.when())
}
