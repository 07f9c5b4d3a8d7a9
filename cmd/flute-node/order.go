package main

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
)

// order is a line of --control.
type order struct {
	Do            string            `json:"do"`
	Path          string            `json:"path"`           // add, update: a file or a folder
	Name          string            `json:"name"`           // of a file; pause, resume: of one file only
	Rate          *settings.BitRate `json:"rate"`           // rate; 0: as fast as the socket takes it
	At            settings.Moment   `json:"at"`             // trigger; none: now
	AfterTransfer bool              `json:"after_transfer"` // update, remove: the running transfer comes to its end
	// Object is what the files of add and update have of their own. Its priority is, with pause and resume, that of the
	// files that wait.
	settings.Object
}

// orders are the orders, with the words of each that an order may have besides do; own stands for those of a file.
var orders = []struct {
	name  string
	words []string
}{
	{"add", []string{"path", "name", "priority", "own"}},
	{"update", []string{"path", "name", "after_transfer", "priority", "own"}},
	{"remove", []string{"name", "after_transfer"}},
	{"trigger", []string{"name", "at"}},
	{"pause", []string{"name", "priority"}},
	{"resume", []string{"name", "priority"}},
	{"rate", []string{"rate"}},
	{"status", nil},
	{"finish", nil},
}

// parseOrder reads a line: a JSON object, or an order and what it is about.
func parseOrder(line string) (o order, err error) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "{") {
		if err := outgoing.ReadObject([]byte(line), &o); err != nil {
			return order{}, err
		}
		return o, o.check()
	}
	what := ""
	o.Do, what, _ = strings.Cut(line, " ")
	what = strings.TrimSpace(what)
	switch o.Do {
	case "add", "update":
		o.Path = what
	case "rate":
		o.Rate = new(settings.BitRate)
		if err := o.Rate.UnmarshalText([]byte(what)); err != nil {
			return order{Do: o.Do}, err
		}
	case "remove", "trigger", "pause", "resume":
		o.Name = what
	default:
		if o.check() == nil && what != "" {
			return order{Do: o.Do}, fmt.Errorf("%s: %.40q is too much", o.Do, what)
		}
	}
	return o, o.check()
}

// check refuses what an order does not have, or lacks.
func (o *order) check() error {
	own := o.Object
	own.Priority = nil
	given := []struct {
		word string
		is   bool
	}{
		{"path", o.Path != ""},
		{"name", o.Name != ""},
		{"rate", o.Rate != nil},
		{"at", o.At != settings.Moment{}},
		{"after_transfer", o.AfterTransfer},
		{"priority", o.Priority != nil},
		{"own", !reflect.ValueOf(own).IsZero()},
	}
	names := make([]string, 0, len(orders))
	for _, known := range orders {
		names = append(names, known.name)
		if known.name != o.Do {
			continue
		}
		for _, g := range given {
			switch {
			case !g.is || slices.Contains(known.words, g.word):
			case g.word == "own":
				return fmt.Errorf("%s: what a file has of its own goes with add and update", o.Do)
			default:
				return fmt.Errorf("%s: %s does not go with it", o.Do, g.word)
			}
		}
		switch {
		case slices.Contains(known.words, "path") && o.Path == "":
			return fmt.Errorf("%s: path is missing", o.Do)
		case slices.Contains([]string{"remove", "trigger"}, o.Do) && o.Name == "":
			return fmt.Errorf("%s: name is missing", o.Do)
		case slices.Contains([]string{"pause", "resume"}, o.Do) && o.Name != "" && o.Priority != nil:
			return fmt.Errorf("%s: name and priority: take one of them", o.Do)
		case o.Do == "rate" && o.Rate == nil:
			return errors.New("rate: rate is missing")
		}
		return nil
	}
	return fmt.Errorf("%.40q is no order: %s", o.Do, strings.Join(names, ", "))
}

// when returns when an object ends that is removed or replaced.
func (o *order) when() sender.When {
	if o.AfterTransfer {
		return sender.AfterTransfer
	}
	return sender.AtOnce
}

// isKnown reports whether there is such an order.
func (o *order) isKnown() bool {
	for _, known := range orders {
		if known.name == o.Do {
			return true
		}
	}
	return false
}
