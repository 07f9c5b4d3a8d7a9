package settings

import (
	"path"
	"slices"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
)

// Selection are the words that say which objects are received. A zero field selects all.
type Selection struct {
	TOIs    []uint64      // toi
	Only    []string      // only: patterns of which one must match the name
	Except  []string      // except: patterns of which none may match
	Groups  []string      // file-group: of which a file must have one
	Types   []string      // type: patterns of media types
	MinSize Bytes         // min-size
	MaxSize Bytes         // max-size; zero: no bound
	MaxAge  time.Duration // max-age: until an object is whole; zero: any time
	Again   string        // again: updated, never or always; empty: updated
}

// config returns the selection. An error is an [*Error].
func (s *Selection) config() (receiver.Selection, error) {
	cfg := receiver.Selection{
		Only: s.Only, Except: s.Except, Groups: s.Groups, Types: s.Types,
		MinSize: uint64(s.MinSize), MaxSize: uint64(s.MaxSize), MaxAge: s.MaxAge,
	}
	for _, n := range s.TOIs {
		if n == 0 {
			return cfg, errorf("%v 0: that of FDT Instances, which are always received", wordTOI)
		}
		cfg.TOIs = append(cfg.TOIs, flute.NewTOI(n))
	}
	for _, list := range []struct {
		word     word
		patterns []string
	}{{wordOnly, s.Only}, {wordExcept, s.Except}} {
		for _, p := range list.patterns {
			if p == "" || !doublestar.ValidatePattern(p) {
				return cfg, errorf("%v %q: no pattern such as *.txt or news/**", list.word, p)
			}
		}
	}
	for _, p := range s.Types {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return cfg, errorf("%v %q: no pattern such as text/*", wordType, p)
		}
	}
	if slices.Contains(s.Groups, "") {
		return cfg, errorf("%v: a name is empty", wordFileGroup)
	}
	if s.MaxSize > 0 && s.MinSize > s.MaxSize {
		return cfg, errorf("%v %d is more than %v %d", wordMinSize, s.MinSize, wordMaxSize, s.MaxSize)
	}
	if s.MaxAge < 0 {
		return cfg, errorf("%v %v is negative", wordMaxAge, s.MaxAge)
	}
	var err error
	cfg.Again, err = oneOf(wordAgain, s.Again, []choice[receiver.Again]{
		{"updated", receiver.AgainUpdated}, {"never", receiver.AgainNever}, {"always", receiver.AgainAlways},
	})
	return cfg, err
}
