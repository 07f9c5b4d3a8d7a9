package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
)

const (
	// maxFile bounds a file in bytes: a thousand sessions have some 300 KB.
	maxFile = 4 << 20
	// maxFiles bounds the files of conf.d.
	maxFiles = 1000
	// maxSections bounds the entries of receive, send, utp and sinks, each. Metrics have one label for each.
	maxSections = 1000
	// maxSDP bounds a session description in bytes, maxList a list of files, maxSTSID an S-TSID.
	maxSDP, maxList, maxSTSID = 64 << 10, 4 << 20, 1 << 20
)

// Load reads the file at a path, and conf.d/*.yaml beside it, and checks them. What is wrong with them is [Errors].
func Load(path string, lookup Lookup) (*Config, error) {
	paths := []string{path}
	more, err := filepath.Glob(filepath.Join(escape(filepath.Dir(path)), "conf.d", "*.yaml"))
	if err != nil {
		return nil, err
	}
	slices.Sort(more)
	if len(more) > maxFiles {
		return nil, fmt.Errorf("%s: more than %d files", filepath.Join(filepath.Dir(path), "conf.d"), maxFiles)
	}
	paths = append(paths, more...)
	cfg, all := &Config{Files: paths}, &faults{}
	for _, p := range paths {
		text, err := read(p, maxFile)
		if p == path && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: flute-node config example prints a file to begin with", err)
		}
		if err != nil {
			return nil, err
		}
		cfg.merge(parse(p, text, lookup, all), all)
	}
	cfg.open(all)
	if len(all.list) == 0 {
		cfg.check(all) // of what was not read nothing is known
	}
	if err := all.err(); err != nil {
		return nil, err
	}
	cfg.reportTo()
	return cfg, nil
}

// escape has Glob take a folder as it is.
func escape(folder string) string {
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(folder, `\$0`)
}

// read returns the content of a file of at most so many bytes.
func read(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, &Error{File: path, Text: fmt.Sprintf("the file has more than %d bytes", most)}
	}
	return text, nil
}

// parse reads one file.
func parse(path string, text []byte, lookup Lookup, all *faults) (cfg Config) {
	d := newDecoder(path, lookup, all)
	for i, doc := range d.parse(text) {
		switch {
		case i > 0:
			d.fault(doc.Body, "a file has one document only: --- begins another one")
		default:
			d.document(doc.Body, &cfg)
		}
	}
	return cfg
}

// merge adds what another file says.
func (c *Config) merge(o Config, all *faults) {
	c.Receive = append(c.Receive, o.Receive...)
	c.Send = append(c.Send, o.Send...)
	c.UTP = append(c.UTP, o.UTP...)
	c.Sinks = append(c.Sinks, o.Sinks...)
	if c.Fleet.origin.keys == nil {
		c.Fleet = o.Fleet
	} else if o.Fleet.origin.keys != nil {
		all.add(o.Fleet.origin.place, "fleet is given in %v, too", c.Fleet.origin.place)
	}
	if c.Node.origin.keys == nil {
		c.Node = o.Node
		return
	}
	into, from := fields(reflect.ValueOf(&c.Node).Elem()), fields(reflect.ValueOf(&o.Node).Elem())
	for key, at := range o.Node.origin.keys {
		if before, twice := c.Node.origin.keys[key]; twice {
			all.add(at, "node.%s is given in %v, too", key, before)
			continue
		}
		into[key].Set(from[key])
		c.Node.origin.keys[key] = at
	}
}

// open reads the files that the configuration names, so that a change in them is one of the configuration.
func (c *Config) open(all *faults) {
	for i := range c.Receive {
		if r := &c.Receive[i]; r.SDP != "" {
			r.description = include(r.SDP, maxSDP, r.origin.of("sdp"), "sdp", all)
		}
		if r := &c.Receive[i]; r.STSID != "" {
			r.signalling = []byte(include(r.STSID, maxSTSID, r.origin.of("s_tsid"), "s_tsid", all))
		}
	}
	for i := range c.Send {
		if s := &c.Send[i]; s.List != "" {
			s.listed = include(s.List, maxList, s.origin.of("list"), "list", all)
		}
	}
	for i := range c.Sinks {
		c.Sinks[i].open(all)
	}
	c.Fleet.open(all)
}

func include(path string, most int64, at place, key string, all *faults) string {
	text, err := read(path, most)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			all.add(at, "%s: %s: %s", key, path, e.Text)
		} else {
			all.add(at, "%s: %v", key, err)
		}
	}
	return string(text)
}

// Same reports whether two sections, of one type of this package, ask for the same: where they stand does not matter.
func Same[S Receive | Send | UTP | Sink | Node | Fleet](a, b S) bool {
	bare(&a)
	bare(&b)
	return reflect.DeepEqual(a, b)
}

func bare(section any) { section.(located).locate(origin{}) }
