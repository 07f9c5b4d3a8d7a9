package content

import (
	"bytes"
	"errors"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/staging"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// What of the object waits in memory is hashed there, and written before anybody reads the object. Its memory is given
// back, also if nothing is published.
func TestTail(t *testing.T) {
	content := random(5000)
	for name, c := range map[string]struct {
		wanted Algorithms
		broken string // the method that fails
		run    bool
	}{
		"hashed in memory":   {SHA256 | MD5, "", true},
		"nothing to hash":    {0, "", true},
		"is not run":         {SHA256, "", false},
		"cannot be created":  {SHA256, "Create", true},
		"cannot be written":  {SHA256, "WriteAt", true},
		"cannot be released": {SHA256, "Publish", true},
	} {
		budget := store.NewBudget(1<<20, nil)
		buffer := store.NewBuffer(budget)
		if _, err := buffer.WriteAt(content, 0); err != nil {
			t.Fatal(err)
		}
		p, files, _ := staged(t, content, flute.Null)
		reads := 0
		p.Object = staging.New(&storetest.Faulty{Store: files, Before: func(call storetest.Call) error {
			switch call.Method {
			case c.broken:
				return errBroken
			case "ReadAt":
				reads++
			}
			return nil
		}}, uint64(len(content)))
		p.Object.Use()
		p.Tail, p.Digest, p.File.MD5 = buffer.Take(), NewDigest(c.wanted), nil
		if c.run {
			err := p.Run(nil)
			if (err == nil) != (c.broken == "") ||
				err != nil && (CauseOf(err) != CauseStore || !errors.Is(err, errBroken)) {
				t.Errorf("%s: %v", name, err)
			}
			if got, ok := files.Get("a"); c.broken == "" && (!ok || !bytes.Equal(got, content) || reads > 0) {
				t.Errorf("%s: %d bytes, %d reads", name, len(got), reads)
			}
			if err == nil && budget.Used() != 0 {
				t.Errorf("%s: %d bytes are held after Run", name, budget.Used())
			}
		}
		if p.Release(); budget.Used() != 0 {
			t.Errorf("%s: %d bytes are held", name, budget.Used())
		}
	}
}
