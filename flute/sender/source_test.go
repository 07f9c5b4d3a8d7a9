package sender

import (
	"context"
	"testing"
)

// unversioned is a Source whose Version panics.
type unversioned struct{ *disk }

func (u unversioned) Open() (Opened, error) {
	o, err := u.disk.Open()
	return unversionedOpened{o}, err
}

type unversionedOpened struct{ Opened }

func (unversionedOpened) Version() (Version, error) { panic("no version") }

// TestVersionThatPanics: the panic reaches who has asked, and what was opened is closed before.
func TestVersionThatPanics(t *testing.T) {
	d := &disk{}
	d.replace(pattern(10))
	for name, use := range map[string]func(){
		"Prepare": func() {
			_, _ = Prepare(context.Background(), File{ContentLocation: "a", Source: unversioned{d}}, nil)
		},
		"a Work that reads":   func() { _ = (&readJob{source: unversioned{d}}).run(nil) },
		"a Work that digests": func() { _ = (&digestJob{source: unversioned{d}, stop: func() {}}).run(nil) },
	} {
		d.opened = 0
		crashed := func() (v any) {
			defer func() { v = recover() }()
			use()
			return nil
		}()
		if crashed != "no version" || d.opened != 1 || d.open != 0 {
			t.Errorf("%s: panic %v; of %d that were opened %d are open", name, crashed, d.opened, d.open)
			d.open = 0
		}
	}
}
