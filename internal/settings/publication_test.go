package settings

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/store/file"
)

// lookupOwner knows two names.
func lookupOwner(name string, group bool) (int, error) {
	switch {
	case name == "ada" && !group:
		return 1815, nil
	case name == "staff" && group:
		return 50, nil
	}
	return 0, errors.New("unknown " + name)
}

func TestPublication(t *testing.T) {
	for _, c := range []struct {
		words Publication
		want  file.Options
	}{
		{Publication{}, file.Options{}},
		{Publication{Existing: "replace", MTime: "written", Allocate: "sparse"}, file.Options{}},
		{Publication{Existing: "keep"}, file.Options{Existing: "keep"}},
		{Publication{Existing: "version"}, file.Options{Existing: "version"}},
		{Publication{Existing: "refuse"}, file.Options{Existing: "refuse"}},
		{Publication{Mode: "0640", DirMode: "2750"}, file.Options{FileMode: 0o640, DirMode: 0o750 | fs.ModeSetgid}},
		{Publication{Owner: "ada:staff"}, file.Options{UID: new(1815), GID: new(50)}},
		{Publication{Owner: "7"}, file.Options{UID: new(7)}},
		{Publication{Owner: ":staff"}, file.Options{GID: new(50)}},
		{Publication{MTime: "published", Allocate: "full"}, file.Options{PublishTime: true, Preallocate: true}},
		{
			Publication{Stage: "s", ResumeAge: time.Hour, ResumeQuota: 6},
			file.Options{Stage: "s", KeepFor: time.Hour, KeepBytes: 6},
		},
		{Publication{MaxFiles: 3, MaxBytes: 4, MinFree: 5}, file.Options{MaxFiles: 3, MaxBytes: 4, MinFree: 5}},
	} {
		c.words.LookupOwner = lookupOwner
		got, err := c.words.Options()
		if err != nil {
			t.Errorf("%+v: %v", c.words, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestPublicationRefuses(t *testing.T) {
	for want, words := range map[string]Publication{
		`existing "x"`:                           {Existing: "x"},
		`mode "640x": take an octal number`:      {Mode: "640x"},
		`mode "0440": the owner needs at least`:  {Mode: "0440"},
		`mode "4755" has bits`:                   {Mode: "4755"},
		`dir-mode "0640": the owner needs`:       {DirMode: "0640"},
		`dir-mode "77777": take an octal number`: {DirMode: "77777"},
		`owner ":": take USER, USER:GROUP`:       {Owner: ":"},
		`owner "bob": unknown bob`:               {Owner: "bob"},
		`mtime "now": take written or published`: {MTime: "now"},
		`allocate "all": take sparse or full`:    {Allocate: "all"},
		`max-files -1 is negative`:               {MaxFiles: -1},
		`resume-age -1s is negative`:             {ResumeAge: -time.Second},
	} {
		words.LookupOwner = lookupOwner
		_, err := words.Options()
		if e := (*Error)(nil); !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := (&Publication{Owner: "ada"}).Options(); err == nil {
		t.Error("a name without LookupOwner is taken")
	}
}
