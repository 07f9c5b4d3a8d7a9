package config

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/flute-node/flute-node/flute"
)

// folder is one that somebody else decides about: senders, or peers of uTP.
type folder struct {
	path    string // absolute
	section string // such as receive news
	at      place
	receive *Receive // nil: it is of utp
}

// lies reports whether path is below the folder.
func (f *folder) lies(path string) bool {
	rest, below := strings.CutPrefix(path, strings.TrimSuffix(f.path, string(filepath.Separator)))
	return below && len(rest) > 1 && rest[0] == filepath.Separator
}

// folders looks at which of them lie in others.
func (w *warner) folders() {
	var all []folder
	for i := range w.Receive {
		if r := &w.Receive[i]; r.Dir != "" {
			all = append(all, folder{absolute(r.Dir), "receive " + r.Name, r.origin.of("dir"), r})
		}
	}
	for i := range w.UTP {
		u := &w.UTP[i]
		all = append(all, folder{absolute(u.Dir), "utp " + u.Name, u.origin.of("dir"), nil})
	}
	for i := range all {
		for j := range all {
			w.nested(&all[i], &all[j], i < j)
		}
	}
	for _, own := range w.own() {
		for i := range all {
			if f := &all[i]; f.lies(absolute(own.path)) {
				w.add(own.at, "%s %s lies in dir of %s: who sends there can put a file in its place", own.key, own.path,
					f.section)
			}
		}
	}
	for i := range w.Send {
		for j := range all {
			w.relayed(&w.Send[i], &all[j])
		}
	}
}

// nested looks at two folders, once for each order; before says that in comes first in the file.
func (w *warner) nested(in, of *folder, before bool) {
	switch {
	case of.lies(in.path):
		w.add(in.at, "%s: dir lies in that of %s: what comes there can take the place of its files", in.section,
			of.section)
	case before || in == of || in.path != of.path:
	case in.receive == nil || of.receive == nil:
		w.add(in.at, "%s: dir is that of %s, too: they can take the place of each other's files", in.section,
			of.section)
	case meet(in.receive, of.receive):
		w.add(in.at, "%s: receive %s has the same group, sessions and dir: each file is received twice", in.section,
			of.receive.Name)
	}
}

// meet reports whether two receptions get some session on the same way.
func meet(a, b *Receive) bool {
	ways := map[flute.Feed]bool{}
	for _, way := range a.groups() {
		ways[way] = true
	}
	for _, way := range b.groups() {
		if ways[way] && overlap(a.TSI, b.TSI) {
			return true
		}
	}
	return false
}

// relayed looks at files that are received and sent again.
func (w *warner) relayed(s *Send, f *folder) {
	if s.Watch.Watch == "" {
		return
	}
	at, watched := s.origin.of("watch"), folder{path: absolute(s.Watch.Watch)}
	within, around := f.lies(watched.path), watched.lies(f.path)
	chosen := len(s.Watch.Include)+len(s.Watch.Exclude) > 0 // somebody has thought of which files are sent
	switch {
	case f.receive != nil && (within || around && !chosen || watched.path == f.path) && s.reaches(f.receive):
		w.add(at, "send %s: watch has what %s receives from the same group: it is sent there again", s.Name, f.section)
	case within:
		w.add(at, "send %s: watch lies in dir of %s: who sends there has files sent from here; if that is meant, "+
			"watch dir itself, with include", s.Name, f.section)
	case around && !chosen:
		w.add(at, "send %s: dir of %s lies in watch: what is received is sent, too", s.Name, f.section)
	}
}

// reaches reports whether a reception gets what is sent.
func (s *Send) reaches(r *Receive) bool {
	to, err := s.To.Resolve(context.Background(), nobody)
	tsi := uint64(1)
	if s.TSI != nil {
		tsi = *s.TSI
	}
	return err == nil && overlap(r.TSI, []uint64{tsi}) &&
		slices.ContainsFunc(r.groups(), func(way flute.Feed) bool { return way.Group == to })
}

// shellWords looks for paths with what only a shell would replace.
func (w *warner) shellWords() {
	look := func(what, path string, at place) {
		if strings.HasPrefix(path, "~") {
			w.add(at, "%s %s: ~ is not the home folder here, but a name: write the whole path, or ${HOME}", what, path)
		}
		if name := variable.FindString(path); name != "" {
			w.add(at, "%s %s: %s is a name here: a variable of the environment is ${%s}", what, path, name, name[1:])
		}
	}
	for i := range w.Receive {
		r := &w.Receive[i]
		look("receive "+r.Name+": dir", r.Dir, r.origin.of("dir"))
		look("receive "+r.Name+": stage", r.Stage, r.origin.of("stage"))
	}
	for i := range w.Send {
		s := &w.Send[i]
		look("send "+s.Name+": watch", s.Watch.Watch, s.origin.of("watch"))
		for _, path := range s.Paths {
			look("send "+s.Name+": paths", path, s.origin.of("paths"))
		}
	}
	for i := range w.UTP {
		u := &w.UTP[i]
		look("utp "+u.Name+": dir", u.Dir, u.origin.of("dir"))
	}
	for _, own := range w.own() {
		look(own.key, own.path, own.at)
	}
}

// variable is how a shell, and not this file, has a variable.
var variable = regexp.MustCompile(`\$[A-Za-z_][A-Za-z0-9_]*`)

// ownFile is a file that the node, or its operator, writes.
type ownFile struct {
	key, path string
	at        place
}

// own returns the files that nobody else may write.
func (w *warner) own() (all []ownFile) {
	add := func(o *origin, prefix, key, path string) {
		if path != "" && path != "off" {
			all = append(all, ownFile{prefix + key, path, o.of(key)})
		}
	}
	n := &w.Node
	for _, f := range [][2]string{
		{"api_token_file", n.TokenFile},
		{"api_cert_file", n.CertFile},
		{"api_key_file", n.KeyFile},
		{"api_client_ca_file", n.ClientCA},
		{"events_file", n.EventsFile},
		{"outbox", n.Outbox},
	} {
		add(&n.origin, "node.", f[0], f[1])
	}
	for i := range w.Receive {
		r := &w.Receive[i]
		add(&r.origin, "receive "+r.Name+": ", "sdp", r.SDP)
		add(&r.origin, "receive "+r.Name+": ", "s_tsid", r.STSID)
	}
	for i := range w.Send {
		s := &w.Send[i]
		for _, f := range [][2]string{{"list", s.List}, {"state", s.State}, {"watch_state", s.WatchState}} {
			add(&s.origin, "send "+s.Name+": ", f[0], f[1])
		}
	}
	for i := range w.Sinks {
		s := &w.Sinks[i]
		for _, f := range [][2]string{
			{"credentials_file", s.Credentials}, {"secret_file", s.SecretFile}, {"ca_file", s.CAFile},
		} {
			add(&s.origin, "sink "+s.Name+": ", f[0], f[1])
		}
	}
	for _, f := range [][2]string{{"credentials_file", w.Fleet.Credentials}, {"ca_file", w.Fleet.CAFile}} {
		add(&w.Fleet.origin, "fleet: ", f[0], f[1])
	}
	if len(w.Files) > 0 {
		all = append(all, ownFile{"the configuration", w.Files[0], place{file: w.Files[0]}})
	}
	return all
}

// absolute returns the path from the root, as far as that is known.
func absolute(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return full
}
