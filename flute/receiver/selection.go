package receiver

import (
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/store"
)

// Selection says which objects are received. A zero field selects all. An object that is not selected is refused once,
// by event.ObjectRefused, when an FDT Instance describes it; nothing of it is stored, and its packets are counted under
// the reason "refused".
type Selection struct {
	// TOIs are those wanted. Packets of others are refused also before an FDT Instance describes them.
	TOIs []flute.TOI

	// Only and Except are patterns of package doublestar, in which ** stands for any folders. The pattern news/*.txt
	// matches a file whose name, or the last elements of it, it matches: the name is the path of the Content-Location,
	// percent-decoded. A pattern with :// is compared with the Content-Location as it was announced. A file is wanted
	// if one of Only matches, and none of Except.
	Only, Except []string

	// Groups are names of groups (3GPP TS 26.346), of which a file must have one.
	Groups []string

	// Types are patterns of package path for media types, such as text/*. A file that was announced without a
	// Content-Type is not wanted then.
	Types []string

	// MinSize and MaxSize bound the length of the file in bytes; MaxSize zero: no bound. Where only the transfer length
	// is known, that is compared.
	MinSize, MaxSize uint64

	// MaxAge is how long an object may take from its first packet or description until it is whole; zero: any time. It
	// then fails for good with the reason "expired": for what is worth nothing when it is late.
	MaxAge time.Duration

	// Again says what is received again.
	Again Again
}

// validate returns an error that names the field.
func (c *Selection) validate() error {
	for _, list := range []struct {
		name     string
		patterns []string
	}{{"Only", c.Only}, {"Except", c.Except}} {
		for _, p := range list.patterns {
			if p == "" || !doublestar.ValidatePattern(p) {
				return fmt.Errorf("receiver: Config.Selection.%s: %q is no pattern such as *.txt", list.name, p)
			}
		}
	}
	for _, p := range c.Types {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return fmt.Errorf("receiver: Config.Selection.Types: %q is no pattern such as text/*", p)
		}
	}
	switch {
	case slices.Contains(c.Groups, ""):
		return fmt.Errorf("receiver: Config.Selection.Groups: a name is empty")
	case slices.ContainsFunc(c.TOIs, flute.TOI.IsFDT):
		return fmt.Errorf("receiver: Config.Selection.TOIs: 0 is that of FDT Instances, which are always received")
	case c.MaxSize > 0 && c.MinSize > c.MaxSize:
		return fmt.Errorf("receiver: Config.Selection.MinSize %d is more than MaxSize %d", c.MinSize, c.MaxSize)
	case c.MaxAge < 0:
		return fmt.Errorf("receiver: Config.Selection.MaxAge %v is negative", c.MaxAge)
	case c.Again > AgainAlways:
		return fmt.Errorf("receiver: Config.Selection.Again %d is not known", c.Again)
	}
	return nil
}

// takes reports whether packets of toi are wanted, whatever it is.
func (c *Config) takes(toi flute.TOI) bool {
	_, ok := c.tois[toi]
	return ok || c.tois == nil
}

// refuses returns why file is not wanted; empty: it is, as far as its size is not asked for.
func (c *Config) refuses(file *fdt.File) string {
	w := &c.Selection
	switch {
	case !c.takes(file.TOI):
		return "its TOI is not wanted"
	case (len(w.Only) > 0 || len(w.Except) > 0) && !w.takesLocation(file.ContentLocation):
		return "its name is not wanted"
	case len(w.Groups) > 0 && !w.takesGroup(file.Groups):
		return "it is of no group that is wanted"
	case len(w.Types) > 0 && !w.takesType(file.ContentType):
		return fmt.Sprintf("its type %q is not wanted", file.ContentType)
	}
	return ""
}

// refusesSize returns why a file of size bytes is not wanted; empty: it is.
func (c *Selection) refusesSize(size uint64) string {
	switch {
	case size < c.MinSize:
		return fmt.Sprintf("%d bytes are less than %d", size, c.MinSize)
	case c.MaxSize > 0 && size > c.MaxSize:
		return fmt.Sprintf("%d bytes are more than %d", size, c.MaxSize)
	}
	return ""
}

func (c *Selection) takesLocation(location string) bool {
	name, err := store.Name(location)
	if err != nil {
		name = location
	}
	return (len(c.Only) == 0 || matches(c.Only, location, name)) && !matches(c.Except, location, name)
}

func (c *Selection) takesGroup(groups []string) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(c.Groups, g) })
}

// matches reports whether one of the patterns matches a file.
func matches(patterns []string, location, name string) bool {
	for _, p := range patterns {
		if strings.Contains(p, "://") {
			if doublestar.MatchUnvalidated(p, location) {
				return true
			}
			continue
		}
		for rest, more := name, true; more; _, rest, more = strings.Cut(rest, "/") {
			if doublestar.MatchUnvalidated(p, rest) {
				return true
			}
		}
	}
	return false
}

func (c *Selection) takesType(contentType string) bool {
	if t, _, err := mime.ParseMediaType(contentType); err == nil {
		contentType = t
	}
	return slices.ContainsFunc(c.Types, func(p string) bool {
		ok, _ := path.Match(strings.ToLower(p), contentType)
		return ok
	})
}

// sizeOf returns the length of the file in bytes, as far as it is announced.
func sizeOf(file *fdt.File) (n uint64, known bool) {
	switch {
	case file.ContentLength != nil:
		return *file.ContentLength, true
	case file.TransferLength != nil:
		return *file.TransferLength, true
	}
	return 0, false
}
