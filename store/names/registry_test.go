package names

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/internal/segment"
	"github.com/flute-node/flute-node/store"
)

// shelf stands for a store: what is there by name.
type shelf map[string]Kind

func (s shelf) look(name string) Kind {
	for i := range name {
		if name[i] == '/' && s[name[:i]] == File {
			return Blocked
		}
	}
	return s[name]
}

// publish makes the claimed file and its folders.
func (s shelf) publish(t *testing.T, n *Registry, folder, location, publisher string) Claimed {
	t.Helper()
	c, err := n.Claim(folder, location, publisher)
	if err != nil {
		t.Fatalf("Claim(%q, %q): %v", folder, location, err)
	}
	if kind := s.look(c.Name); kind > File {
		t.Errorf("Claim(%q) = %q, where a file cannot be", location, c.Name)
	}
	for i := range c.Name {
		if c.Name[i] == '/' {
			s[c.Name[:i]] = Folder
		}
	}
	s[c.Name] = File
	return c
}

func tag(s string, digits int) string {
	m := segment.Mark("", s, digits)
	return m[1:]
}

// TestNamesDiffer: locations that make the same name get two, whatever makes them the same, and keep them.
func TestNamesDiffer(t *testing.T) {
	for _, pair := range [][2]string{
		{"http://a/x.bin", "http://b/x.bin"},
		{"file:///x.bin", "x.bin"},
		{"http://a/d%2Fx.bin", "http://a/d/x.bin"},
		{"a%3Fb", "a?b"},
		{`d\x.bin`, "d/x.bin"},
		{"d/./x.bin", "d/x.bin"},
		{"d//x.bin", "d/x.bin"},
		{"../x.bin", "x.bin"},
		{" x.bin", "x.bin"},
		{"%78.bin", "x.bin"},
		{"http://user@a/x.bin", "http://a/x.bin"},
		{"http://a/live", "http://a/live/1.mp4"},
		{"http://a/live/1.mp4", "http://a/live"},
		{"http://a/a/b", "http://a/a/b/c/d"},
		{".hidden", "/.hidden"},
	} {
		there := shelf{}
		n := New(there.look, nil)
		first := there.publish(t, n, "", pair[0], "s")
		second := there.publish(t, n, "", pair[1], "s")
		plain, _ := store.Name(pair[0])
		wanted, _ := store.Name(pair[1])
		if first.Name != plain || first.Wanted != "" || second.Name == first.Name || second.Wanted != wanted {
			t.Errorf("%q: %+v, then %q: %+v", pair[0], first, pair[1], second)
		}
		for range 2 {
			if c := there.publish(t, n, "", pair[0], "s"); c != (Claimed{Name: first.Name}) {
				t.Errorf("%q again: %+v", pair[0], c)
			}
			if c := there.publish(t, n, "", pair[1], "s"); c != (Claimed{Name: second.Name}) {
				t.Errorf("%q again: %+v", pair[1], c)
			}
		}
		// Another process finds the files, in any order of locations.
		later := New(there.look, nil)
		if c := there.publish(t, later, "", pair[1], "s"); c.Name != second.Name {
			t.Errorf("%q in a later process: %+v, was %q", pair[1], c, second.Name)
		}
		if c := there.publish(t, later, "", pair[0], "s"); c.Name != first.Name {
			t.Errorf("%q in a later process: %+v, was %q", pair[0], c, first.Name)
		}
	}
}

// TestNamesMarked says how names are marked.
func TestNamesMarked(t *testing.T) {
	there := shelf{"live": File, "dir": Folder, "dir/sub": Folder, ".h": Folder}
	n := New(there.look, nil)
	long := strings.Repeat("ä", 120) + ".mp4"
	there.publish(t, n, "", "http://a/"+long, "s")
	for _, tc := range []struct{ location, want string }{
		{"http://a/live/1.mp4", "live~" + tag("live/", 6) + "/1.mp4"},
		{"http://a/live/2.mp4", "live~" + tag("live/", 6) + "/2.mp4"}, // beside it
		{"http://b/live/1.mp4", "live~" + tag("live/", 6) + "/1~" + tag("http://b/live/1.mp4", 6) + ".mp4"},
		{"http://a/dir", "dir~" + tag("http://a/dir", 6)},
		{"http://a/dir/sub", "dir/sub~" + tag("http://a/dir/sub", 6)},
		{"http://a/.h", ".h~" + tag("http://a/.h", 6)},
		{"http://b/" + long, strings.Repeat("ä", 120) + "~" + tag("http://b/"+long, 6) + ".mp4"},
		{"http://a/dir/x", "dir/x"},
	} {
		if c := there.publish(t, n, "", tc.location, "s"); c.Name != tc.want {
			t.Errorf("%q: %q, want %q", tc.location, c.Name, tc.want)
		}
	}
	// Somebody has the marked name as well: the mark grows.
	there.publish(t, n, "", "x", "s")
	there.publish(t, n, "", "x~"+tag("http://b/x", 6), "s")
	if c := there.publish(t, n, "", "http://b/x", "s"); c.Name != "x~"+tag("http://b/x", 12) {
		t.Errorf("a mark that is taken: %q", c.Name)
	}
}

// TestNamesFolders: in folders of their own, locations have their own names, and long ones fit.
func TestNamesFolders(t *testing.T) {
	there := shelf{}
	n := New(there.look, nil)
	for _, folder := range []string{"", "10.0.0.1", "10.0.0.2/239.1.1.1-3400-7"} {
		c := there.publish(t, n, folder, "http://a/d/x", "s")
		want := strings.TrimPrefix(folder+"/d/x", "/")
		if c != (Claimed{Name: want}) {
			t.Errorf("in %q: %+v", folder, c)
		}
	}
	for _, location := range []string{strings.Repeat("abcdefg/", 30) + strings.Repeat("x", 255), strings.Repeat("a/",
		31) + "b"} {
		c := there.publish(t, n, "10.0.0.2/239.1.1.1-3400-7", location, "s")
		if err := store.CheckName(c.Name); err != nil || !strings.HasPrefix(c.Name, "10.0.0.2/239.1.1.1-3400-7/") {
			t.Errorf("Claim(%.40q) = %q: %v", location, c.Name, err)
		}
	}
	deep := strings.TrimSuffix(strings.Repeat(strings.Repeat("y", 127)+"/", 8), "/") // maxName less one byte
	for _, folder := range []string{"", "10.0.0.1"} {
		one := there.publish(t, n, folder, deep, "s")
		two := there.publish(t, n, folder, "/"+deep, "s")
		if one.Name == two.Name || store.CheckName(one.Name) != nil || store.CheckName(two.Name) != nil {
			t.Errorf("%q and %q", one.Name, two.Name)
		}
	}
}

// TestNamesReplaced: who replaces another's file is told whose it was, each time that it changes hands.
func TestNamesReplaced(t *testing.T) {
	there := shelf{}
	n := New(there.look, nil)
	for _, step := range []struct{ publisher, want string }{
		{"a", ""}, {"a", ""}, {"b", "a"}, {"b", ""}, {"a", "b"},
	} {
		if c := there.publish(t, n, "", "firmware.bin",
			step.publisher); c != (Claimed{Name: "firmware.bin", Replaced: step.want}) {
			t.Errorf("%s: %+v, want %q replaced", step.publisher, c, step.want)
		}
	}
}

// TestNamesFolded: what the store takes for one name is one.
func TestNamesFolded(t *testing.T) {
	n := New(nil, strings.ToLower)
	for _, tc := range []struct {
		location string
		marked   bool
	}{{"A.txt", false}, {"a.txt", true}, {"a.TXT/b", true}, {"Dir/x", false}, {"dir", true}, {"DIR/y", false}} {
		c, err := n.Claim("", tc.location, "s")
		if err != nil || strings.Contains(c.Name, "~") != tc.marked {
			t.Errorf("%q: %+v, %v", tc.location, c, err)
		}
	}
}

// TestNamesTaken: when nothing is left the name is to blame.
func TestNamesTaken(t *testing.T) {
	n := New(func(string) Kind { return Folder }, nil)
	if c, err := n.Claim("", "x", "s"); !errors.Is(err, store.ErrName) {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := n.Claim("", "..", "s"); !errors.Is(err, store.ErrName) {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestNamesBounded: what is remembered is bounded, and names in use are not forgotten.
func TestNamesBounded(t *testing.T) {
	n := New(nil, nil)
	n.max = 5000
	for i := range 3 * n.max {
		if _, err := n.Claim("", fmt.Sprint("d/", i), "s"); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 {
			if c, err := n.Claim("", "http://a/x", "s"); err != nil || c.Name != "x" {
				t.Fatalf("%+v, %v", c, err)
			}
		}
	}
	if held := len(n.young) + len(n.old); held > n.max+2 {
		t.Errorf("%d names are remembered", held)
	}
	if c, err := n.Claim("", "http://b/x", "s"); err != nil || c.Name == "x" {
		t.Errorf("the name was forgotten: %+v, %v", c, err)
	}
}

// TestNamesConcurrent: of locations that all make one name, each gets its own.
func TestNamesConcurrent(t *testing.T) {
	n := New(nil, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]string{}
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				location := fmt.Sprintf("http://h%d/x", (i+g)%100)
				c, err := n.Claim("", location, "s")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, ok := seen[c.Name]; ok && other != location {
					t.Errorf("%q has the name %q of %q", location, c.Name, other)
				}
				seen[c.Name] = location
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 100 {
		t.Errorf("%d names for 100 locations", len(seen))
	}
}

func ExampleRegistry() {
	n := New(nil, nil)
	for _, location := range []string{
		"http://a/news/x.bin", "http://b/news/x.bin", "http://a/news", "http://a/news/x.bin",
	} {
		c, err := n.Claim("", location, "")
		fmt.Println(c.Name, err)
	}
	// Output:
	// news/x.bin <nil>
	// news/x~c68452.bin <nil>
	// news~61e371 <nil>
	// news/x.bin <nil>
}

// parts are what hostile and sloppy Content-Locations are made of.
var parts = []string{
	"/", "//", "\\", "..", "../", "%2e", "%2f", "%5c", "%00", "%", "?", "#", ":", "~", "file:", "http://", "C:", "a",
	"b.txt", "etc/passwd", "CON", "NUL.txt", " ", "\u202e", "\xff", "ä", ".flute-node", "*",
	strings.Repeat("a", 48),
}

// TestCorpus claims ten thousand hostile locations in one store: each that has a name has one of its own, where a
// file can be.
func TestCorpus(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	there := shelf{}
	n := New(there.look, nil)
	seen := map[string]string{}
	for range 10000 {
		var b strings.Builder
		for range 1 + rnd.IntN(6) {
			b.WriteString(parts[rnd.IntN(len(parts))])
		}
		if _, err := store.Name(b.String()); err != nil {
			continue
		}
		c := there.publish(t, n, "", b.String(), "s")
		if err := store.CheckName(c.Name); err != nil {
			t.Errorf("%q has the name %q: %v", b.String(), c.Name, err)
		}
		if other, ok := seen[c.Name]; ok && other != b.String() {
			t.Errorf("%q has the name %q of %q", b.String(), c.Name, other)
		}
		seen[c.Name] = b.String()
	}
	if len(seen) < 5000 {
		t.Errorf("only %d locations", len(seen))
	}
}

// TestNamesByEveryMark: a name is taken with its first mark, or its second one, or with the last one of 32 digits.
func TestNamesByEveryMark(t *testing.T) {
	const location = "http://a/x.bin"
	marked := func(digits int) string { return segment.Mark("x.bin", location, digits) }
	there := shelf{"x.bin": Folder}
	for _, digits := range []int{6, 12, 32} {
		want := marked(digits)
		c, err := New(there.look, nil).Claim("", location, "s")
		if err != nil || c.Name != want || c.Wanted != "x.bin" {
			t.Errorf("%+v, %v, want %s", c, err, want)
		}
		if digits == 12 { // a file that bears it is replaced
			there[want] = File
			if c, err := New(there.look, nil).Claim("", location, "s"); err != nil || c.Name != want {
				t.Errorf("%+v, %v, want %s", c, err, want)
			}
		}
		there[want] = Folder
	}
	if n := len(tag(location, 32)); n != 32 {
		t.Errorf("a mark of %d digits", n)
	}
}

// TestNamesAreToldOnce: what the location wanted is told with its first claim, and no more; also if a file of an
// earlier process bears its mark.
func TestNamesAreToldOnce(t *testing.T) {
	for _, there := range []shelf{{"x": Folder}, {"x": Folder, segment.Mark("x", "http://a/x", 6): File}} {
		n := New(there.look, nil)
		for i, want := range []string{"x", "", ""} {
			if c, err := n.Claim("", "http://a/x", "s"); err != nil || c.Wanted != want {
				t.Errorf("%v, claim %d: %+v, %v", there, i, c, err)
			}
		}
	}
}

type named struct {
	store.Store
	names any
}

func (n named) Names() any { return n.names }

// TestOf: a store that has a Registry has that one, another one a new one.
func TestOf(t *testing.T) {
	r := New(nil, nil)
	if Of(named{names: r}) != r {
		t.Error("not that of the store")
	}
	for _, s := range []store.Store{nil, named{}, named{names: "none"}} {
		if got := Of(s); got == nil || got == r {
			t.Errorf("%v: %p", s, got)
		}
	}
}

// TestNamesRemembered: the names that were used last are remembered, half of what a Registry may remember, and never
// more than it may.
func TestNamesRemembered(t *testing.T) {
	n := New(nil, nil)
	n.max = 12
	held := 0
	for i := range 100 {
		if _, err := n.Claim("", fmt.Sprint("http://a/", i), "s"); err != nil {
			t.Fatal(err)
		}
		held = max(held, len(n.young)+len(n.old))
		for j := max(0, i-n.max/2+1); j <= i; j++ {
			if _, ok := n.get(fmt.Sprint(j)); !ok {
				t.Fatalf("after %d claims the name of %d is forgotten", i+1, j)
			}
		}
	}
	if held != n.max {
		t.Errorf("%d names were remembered, want at most %d", held, n.max)
	}
}

// TestNamesTooLong: a name that its folder makes too long is cut. It is not taken: nothing else was wanted.
func TestNamesTooLong(t *testing.T) {
	n := New(nil, nil)
	folder := strings.Repeat("f", 250) + "/" + strings.Repeat("g", 250) + "/" + strings.Repeat("h", 250)
	location := "http://a/" + strings.Repeat("i", 200) + "/" + strings.Repeat("j", 200) + "/x.bin"
	wanted, err := store.Name(location)
	if err != nil {
		t.Fatal(err)
	}
	if store.CheckName(folder+"/"+wanted) == nil {
		t.Fatal("the name is not too long")
	}
	c, err := n.Claim(folder, location, "s")
	if err != nil || store.CheckName(c.Name) != nil || !strings.HasPrefix(c.Name, folder+"/x") || c.Wanted != "" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestFreshNameIsLookedAtOnce: for a location that is new, and a name under which nothing is, nothing else is looked
// at; once a location has a mark, the marks are.
func TestFreshNameIsLookedAtOnce(t *testing.T) {
	var looked []string
	there := shelf{}
	n := New(func(name string) Kind { looked = append(looked, name); return there.look(name) }, nil)
	for _, name := range []string{"a", "b"} {
		c, err := n.Claim("", "http://x/"+name, "")
		if err != nil || c.Name != name || len(looked) != 1 {
			t.Errorf("%q: %+v, %v; looked at %q", name, c, err, looked)
		}
		looked = nil
	}
	if c, err := n.Claim("", "http://y/a", ""); err != nil || c.Name != segment.Mark("a", "http://y/a", 6) {
		t.Errorf("%+v, %v", c, err)
	}
	looked = nil
	if c, err := n.Claim("", "http://x/c", ""); err != nil || c.Name != "c" || len(looked) != 2 {
		t.Errorf("%+v, %v; looked at %q", c, err, looked)
	}
}
