package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes files and folders in a new current folder: "a/b" is a file that holds its path, "a/" a folder, "a -> b" a
// link.
func tree(t *testing.T, entries ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, e := range entries {
		name, target, link := strings.Cut(e, " -> ")
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case link:
			err = os.Symlink(target, name)
		case strings.HasSuffix(e, "/"):
			err = os.MkdirAll(name, 0o777)
		default:
			err = os.WriteFile(name, []byte(name), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// found returns the names of the files, each with what is in it, and what was skipped.
func found(t *testing.T, l *List) (files, skipped []string) {
	t.Helper()
	for _, f := range l.Files {
		r, err := f.Source.Open()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, f.Size)
		if _, err := r.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
		if v, err := r.Version(); err != nil || v.Size != f.Size {
			t.Errorf("%s: version %v, size %d: %v", f.ContentLocation, v, f.Size, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		files = append(files, strings.TrimPrefix(f.ContentLocation, "file:///")+"="+string(b))
	}
	for _, s := range l.Skipped {
		text := s.Path + ": " + s.Reason
		if s.Failed {
			text += " (failed)"
		}
		skipped = append(skipped, text)
	}
	return files, skipped
}

func TestFind(t *testing.T) {
	all := []string{
		"secret", "outside/deep/x", "d/a", "d/sub/b", "d/empty/", "d/in -> a", "d/out -> ../secret",
		"d/gone -> nowhere",
		"d/folder -> ../outside", "d/loop -> .", "d/sub/up -> ../..", "top -> d/a", "dtop -> d", "d/dev -> /dev/null",
	}
	for name, test := range map[string]struct {
		paths   []string
		options Options
		files   []string
		skipped []string
		err     string
	}{
		"links are skipped": {
			paths: []string{"d"},
			files: []string{"d/a=d/a", "d/sub/b=d/sub/b"},
			skipped: []string{
				"d/dev: symbolic link", "d/folder: symbolic link", "d/gone: symbolic link", "d/in: symbolic link",
				"d/loop: symbolic link", "d/out: symbolic link", "d/sub/up: symbolic link", "d/empty: empty folder",
			},
		},
		"links are followed": {
			paths: []string{"d"}, options: Options{Links: FollowLinks},
			files: []string{
				"d/a=d/a", "d/folder/deep/x=outside/deep/x", "d/in=d/a", "d/out=secret", "d/sub/b=d/sub/b",
				"d/sub/up/outside/deep/x=outside/deep/x", "d/sub/up/secret=secret", "d/sub/up/top=d/a",
			},
			skipped: []string{
				"d/dev: symbolic link to a device", "d/gone: symbolic link: no such file or directory (failed)",
				"d/loop: symbolic link to a folder above it", "d/empty: empty folder",
			},
		},
		"links are refused":             {paths: []string{"d"}, options: Options{Links: RefuseLinks}, err: "d/dev is a symbolic link"},
		"a link that is given":          {paths: []string{"top"}, options: Options{Links: RefuseLinks}, files: []string{"top=d/a"}},
		"a link to a folder, given":     {paths: []string{"dtop/sub"}, files: []string{"sub/b=d/sub/b"}, skipped: []string{"dtop/sub/up: symbolic link"}},
		"no such file":                  {paths: []string{"d", "nowhere"}, err: "nowhere"},
		"a dangling link that is given": {paths: []string{"d/gone"}, err: "d/gone"},
		"a device that is given":        {paths: []string{"d/dev"}, err: "not a regular file"},
		"an empty folder":               {paths: []string{"d/empty"}, skipped: []string{"d/empty: empty folder"}},
		"the current folder":            {paths: []string{"./outside/."}, files: []string{"outside/deep/x=outside/deep/x"}},
		"twice":                         {paths: []string{"secret", "./secret", "outside", "outside/"}, files: []string{"secret=secret", "outside/deep/x=outside/deep/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t, all...)
			l, err := Find(test.paths, test.options)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			files, skipped := found(t, l)
			if name == "links are followed" {
				// d/sub/up leads to a folder above d, in which d is again: its files have other names there.
				var rest []string
				for _, f := range files {
					if !strings.HasPrefix(f, "d/sub/up/d/") && !strings.HasPrefix(f, "d/sub/up/dtop") {
						rest = append(rest, f)
					}
				}
				files = rest
				skipped = skipped[:0]
				for _, s := range l.Skipped {
					if !strings.HasPrefix(s.Path, "d/sub/up") {
						text := s.Path + ": " + s.Reason
						if s.Failed {
							text += " (failed)"
						}
						skipped = append(skipped, text)
					}
				}
			}
			if diff := cmp.Diff(test.files, files); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.skipped, skipped); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	base, full := Options{}, Options{FullNames: true}
	for _, test := range []struct {
		given string
		o     Options
		want  string
	}{
		{"a", base, "a"},
		{"d/a", base, "a"},
		{"./d/a/", base, "a"},
		{"/srv/d/a", base, "a"},
		{".", base, ""},
		{"/", base, ""},
		{"..", base, "here"},
		{"d/..", base, ""},
		{"../..", base, "up"},
		{"a", full, "a"},
		{"d/a", full, "d/a"},
		{"./d//a/", full, "d/a"},
		{"/srv/d/a", full, "srv/d/a"},
		{"../d/a", full, "d/a"},
		{"../../a", full, "a"},
		{"d/../../a", full, "a"},
		{"d/../e/a", full, "e/a"},
		{"..", full, ""},
		{".", full, ""},
		{"..a/b", full, "..a/b"},
	} {
		tree(t, "up/here/there/")
		t.Chdir("up/here/there")
		if got, err := test.o.Name(test.given); err != nil || got != test.want {
			t.Errorf("%q with FullNames %v: %q, want %q; %v", test.given, test.o.FullNames, got, test.want, err)
		}
	}
	for name, want := range map[string]string{
		"a": "file:///a", "a b": "file:///a%20b", "d/ü#?%": "file:///d/%C3%BC%23%3F%25", "12:30.ts": "file:///12:30.ts",
	} {
		if got := location(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// Two files that would have one name are refused before anything is sent, and so are a file and a folder.
func TestClash(t *testing.T) {
	for _, test := range []struct {
		paths []string
		clash string // words of the error; empty: none
	}{
		{[]string{"d1/a.bin", "d2/a.bin"}, `d1/a.bin and d2/a.bin would both be sent as "a.bin"`},
		{[]string{"d1", "e/d1"}, `d1/a.bin and e/d1/a.bin would both be sent as "d1/a.bin"`},
		{[]string{"x", "e/x"}, `x would be sent as "x", and e/x/y as "x/y"`},
		{[]string{"e/x", "x"}, `x would be sent as "x", and e/x/y as "x/y"`},
		{[]string{"d1", "d2"}, ""},
		{[]string{"d1", "d1/a.bin"}, ""},
		{[]string{"d1/a.bin", "d1/../d1/a.bin"}, ""},
	} {
		tree(t, "d1/a.bin", "d2/a.bin", "e/d1/a.bin", "x", "e/x/y")
		_, err := Find(test.paths, Options{})
		if (err != nil) != (test.clash != "") || err != nil && !strings.Contains(err.Error(), test.clash) {
			t.Errorf("%q: %v, want %q", test.paths, err, test.clash)
		}
		if _, err := Find(test.paths, Options{FullNames: true}); err != nil {
			t.Errorf("%q with full names: %v", test.paths, err)
		}
	}
}
