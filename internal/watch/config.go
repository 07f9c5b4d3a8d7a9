package watch

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"time"

	"github.com/flute-node/flute-node/source"
)

const (
	// defaultSettle is longer than writers pause, and shorter than people wait.
	defaultSettle = time.Second
	// defaultRescan is how long a change may go unnoticed that the system does not tell.
	defaultRescan = 30 * time.Second
)

// Config says what is watched. Folder is required; the zero value of the rest is its default.
type Config struct {
	Folder string
	// Prefix precedes the names of files below the folder in their Content-Location, with a slash between. Empty: the
	// name of the folder, as source.Find has it; "." is none.
	Prefix string
	// Settle is for how long a file must not change to be whole, or be missing to be gone. Zero: a second.
	Settle time.Duration
	// Rescan is how often the folder is looked through although nothing was told. Zero: 30 s.
	Rescan time.Duration
	// Include and Exclude are patterns (package path) of names below the folder, or of their last elements. Nothing in
	// Include is everything. Exclude counts more.
	Include, Exclude []string
	// State is the path of a file that remembers what was sent; empty: nothing does.
	State string
	// Warn is told what people should know; nil: nobody is.
	Warn func(text string)
}

// complete checks c, and puts the defaults where it has the zero value. The error names the field that is at fault.
func (c *Config) complete() error {
	if info, err := os.Stat(c.Folder); err != nil {
		return fmt.Errorf("watch: Config.Folder: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("watch: Config.Folder: %s is no folder", c.Folder)
	}
	if c.Settle < 0 || c.Rescan < 0 {
		return errors.New("watch: Config.Settle and Config.Rescan are not negative")
	}
	if c.Settle == 0 {
		c.Settle = defaultSettle
	}
	if c.Rescan == 0 {
		c.Rescan = defaultRescan
	}
	if c.Prefix == "" {
		var err error
		if c.Prefix, err = (&source.Options{}).Name(c.Folder); err != nil {
			return fmt.Errorf("watch: Config.Folder: %w", err)
		}
		c.Prefix = cmp.Or(c.Prefix, ".")
	}
	if c.Warn == nil {
		c.Warn = func(string) {}
	}
	for _, p := range slices.Concat(c.Include, c.Exclude) {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("watch: Config.Include or Exclude: %q: %w", p, err)
		}
	}
	return nil
}
