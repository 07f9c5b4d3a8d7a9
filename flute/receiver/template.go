package receiver

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store"
)

// placeholders are those of a template in Config.Layout.
var placeholders = [...]string{"tsi", "toi", "group", "source", "path", "name", "date", "sha256"}

// CheckLayout returns what is wrong with c.Layout.
func (c *Config) CheckLayout() error {
	if !c.hasTemplate() {
		switch c.Layout {
		case "", layoutFlat, layoutSource, layoutSession:
			return nil
		}
		return fmt.Errorf("%q is none of flat, source, session, and no template", c.Layout)
	}
	pairs := make([]string, 0, 2*len(placeholders))
	for _, p := range placeholders {
		pairs = append(pairs, "{"+p+"}", "1")
	}
	sample := strings.NewReplacer(pairs...).Replace(c.Layout)
	if i := strings.IndexAny(sample, "{}"); i >= 0 {
		end := strings.IndexByte(sample[i:], '}')
		if end < 0 {
			end = len(sample[i:]) - 1
		}
		return fmt.Errorf("%q is no part of a name: take {%s}",
			sample[i:i+end+1], strings.Join(placeholders[:], "}, {"))
	}
	if sample == c.Layout {
		return fmt.Errorf("%q names all files the same", sample)
	}
	return store.CheckName(sample)
}

// templateFor returns the template for one object, with what only its publication knows left in it: {path}, {name}
// and {sha256}. Nothing that is filled in here has a brace or a slash.
func (l *Ledger) templateFor(now time.Time, toi flute.TOI) string {
	if !l.cfg.hasTemplate() {
		return ""
	}
	group := "unknown"
	if l.key.Group.IsValid() {
		group = fmt.Sprintf("%s-%d", l.key.Group.Addr(), l.key.Group.Port())
	}
	return strings.NewReplacer(
		"{tsi}", strconv.FormatUint(uint64(l.key.TSI), 10),
		"{toi}", toi.String(),
		"{group}", strings.ReplaceAll(group, ":", "-"),
		"{source}", folderFor(layoutSource, l.key),
		"{date}", now.UTC().Format(time.DateOnly),
	).Replace(l.cfg.Layout)
}
