package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/internal/segment"
)

func TestName(t *testing.T) {
	for _, tc := range []struct{ location, want string }{
		// plain
		{"file:///hello.txt", "hello.txt"},
		{"http://www.example.com/menu/tracklist.html", "menu/tracklist.html"},
		{"HTTP://h/A/b", "A/b"},
		{"a.txt", "a.txt"},
		{"/abs/x", "abs/x"},
		{"a/b/c", "a/b/c"},
		{"  a.txt\n", "a.txt"},
		{".hidden/.x", ".hidden/.x"},
		{"...", "..."},
		{"..a/b..", "..a/b.."},
		// percent-encoding, undone once
		{"file:///hello%20world.txt", "hello world.txt"},
		{"hello world.txt", "hello world.txt"},
		{"%68ello", "hello"},
		{"a%2520b", "a%20b"},
		{"100%", "100%"},
		{"100%2", "100%2"},
		{"50%zz.txt", "50%zz.txt"},
		{"a+b", "a+b"},
		{"gr%C3%BC%C3%9Fe.txt", "grüße.txt"},
		{"grüße.txt", "grüße.txt"},
		{"a%2Fb", "a/b"},
		// scheme and authority
		{"file://hello.txt", "hello.txt"},
		{"http://example.com", "example.com"},
		{"http://user:secret@example.com/", "example.com"},
		{"http://example.com/a/b/", "a/b"},
		{"a/b/", "a/b"},
		{"http://user:secret@example.com:8080/x", "x"},
		{"//host/x", "x"},
		{"file:///a@b/c", "a@b/c"}, // no authority
		{"http://?a@b", "?a@b"},
		{"urn:uuid:f81d4fae", "uuid:f81d4fae"},
		{"cid:part1@example.com", "part1@example.com"},
		{"10:30.txt", "10:30.txt"},
		// RFC 3986, section 3.1: a letter, then letters, digits, "+", "-" and "."
		{"h0://host/x", "x"},
		{"h9://host/x", "x"},
		{"h/9://host/x", "h/9:/host/x"},
		{"coap+tcp://host/x", "x"},
		{"ms-app://host/x", "x"},
		{"iris.beep://host/x", "x"},
		{"Z9+-.z:x", "x"},
		{"+a:x", "+a:x"},
		{"-a:x", "-a:x"},
		{".a:x", ".a:x"},
		{"a_b:x", "a_b:x"},
		{"a*b:x", "a*b:x"},
		{"a@b:x", "a@b:x"},
		{"a[b:x", "a[b:x"},
		{"a`b:x", "a`b:x"},
		{"a{b:x", "a{b:x"},
		{"az+AZ:x", "x"},
		{":x", ":x"},
		{"a/b:c", "a/b:c"},
		// query and fragment
		{"http://h/a?b", "a?b"},
		{"http://h/a?c", "a?c"},
		{"http://h/a?", "a?"},
		{"http://h/?id=5", "?id=5"},
		{"http://h?id=5", "?id=5"},
		{"a?u=/x/../../y", "a?u=%2Fx%2F..%2F..%2Fy"},
		{`a?\..\x`, "a?%5C..%5Cx"},
		{"a?x=%20%2e", "a?x=%20%2e"},
		{"a?b?c", "a?b?c"},
		{"a%3Fb", "a?b"},
		{"file:///a#b.txt", "a#b.txt"},
		{"a#b.txt", "a#b.txt"},
		{"a?b#c", "a?b#c"},
		{"a#../../x", "x"},
		// ways out
		{"../x", "x"},
		{"../../../../etc/passwd", "etc/passwd"},
		{"file:///../../etc/passwd", "etc/passwd"},
		{"file:////etc/passwd", "etc/passwd"},
		{"http://h//etc//passwd", "etc/passwd"},
		{"x:../x", "x"},
		{"a/../../x", "x"},
		{"a/./b/../c", "a/c"},
		{"%2e%2e/x", "x"},
		{"%2e%2e%2f%2E%2E%2Fx", "x"},
		{"..%2f..%2fx", "x"},
		{"%252e%252e/x", "%2e%2e/x"},
		{`..\..\x`, "x"},
		{`a\..\..\x`, "x"},
		// a backslash separates where Windows wrote it; percent-encoded it is a part of the name
		{`dir\file`, "dir/file"},
		{"dir%5Cfile", `dir\file`},
		{`%5c..\..\a%5cb`, `a\b`},
		{`..%5c..%5cx`, `..\..\x`},
		{"a?%5C", "a?%5C"},
		{`C:\Windows\x`, "Windows/x"},
		{"C:/x", "x"},
		{`\\server\share\x`, "server/share/x"},
		{`\\?\C:\x`, `?%5CC:%5Cx`}, // a query, by RFC 3986
		// what cannot be in a name
		{"a%00b", "a%00b"},
		{"a\x00/../b", "b"},
		{"a\nb", "a%0Ab"},
		{"a%1B[31mb", "a%1B[31mb"},
		{"a\x7fb", "a%7Fb"},
		{"a\u0085b", "a%C2%85b"},
		{"a\u202egpj.exe", "a%E2%80%AEgpj.exe"},
		{"a\u2028b", "a%E2%80%A8b"},
		{"a%FFb", "a%FFb"},
		{"a\xffb", "a%FFb"},
		{"a\ufffdb", "a\ufffdb"},
		// lengths
		{strings.Repeat("a", 255), strings.Repeat("a", 255)},
		{strings.Repeat("a/", 31) + "a", strings.Repeat("a/", 31) + "a"},
	} {
		got, err := nameFor(tc.location, false)
		if err != nil || got != tc.want {
			t.Errorf("Name(%q) = %q, %v; want %q", tc.location, got, err, tc.want)
		}
	}
}

func TestNameWindows(t *testing.T) {
	for _, tc := range []struct{ location, want string }{
		{"a/b.txt", "a/b.txt"},
		{"urn:uuid:1", "uuid%3A1"},
		{"a:stream", "stream"},
		{"b/a:stream", "b/a%3Astream"},
		{"a?b", "a%3Fb"},
		{`a<>"|*`, "a%3C%3E%22%7C%2A"},
		{"CON", "%43ON"},
		{"dir/nul.txt", "dir/%6Eul.txt"},
		{"com1", "%63om1"},
		{"COM¹.x", "%43OM¹.x"},
		{"com10", "com10"},
		{"LPT", "LPT"},
		{"lpt0", "%6Cpt0"},
		{"LPT³.txt", "%4CPT³.txt"},
		{"lpt10", "lpt10"},
		{"lptx", "lptx"},
		{"com", "com"},
		{"conout$", "%63onout$"},
		{"CON .txt", "%43ON .txt"},
		{"console", "console"},
		{"a.", "a%2E"},
		{"a /b", "a%20/b"},
		{"...", "..%2E"},
		{`dir\file`, "dir/file"},
		{"dir%5Cfile", "dir%5Cfile"},
		{`..%5c..%5cx`, "..%5C..%5Cx"},
	} {
		got, err := nameFor(tc.location, true)
		if err != nil || got != tc.want {
			t.Errorf("Name(%q) on Windows = %q, %v; want %q", tc.location, got, err, tc.want)
		}
	}
}

func TestNameRefused(t *testing.T) {
	for _, location := range []string{
		"", " ", "/", "//", "///", ".", "..", "../..", "a/..", "%2e%2e", "http:", "http://", "file:///", `\`, "x:",
		"http://h/" + strings.Repeat("a/", 33),
		strings.Repeat("abcdefgh/", 130),
		strings.Repeat("a/../", 4000),
	} {
		got, err := Name(location)
		if location == "http://h/"+strings.Repeat("a/", 33) && err == nil {
			t.Errorf("33 segments: %q", got)
		}
		if err == nil || !errors.Is(err, ErrName) {
			t.Errorf("Name(%.60q) = %q, %v; want ErrName", location, got, err)
		}
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("error of %d bytes", len(err.Error()))
		}
	}
}

// TestNameShortened: what is too long for a segment keeps a name of its own, and its extension.
func TestNameShortened(t *testing.T) {
	long := strings.Repeat("ä", 200)
	seen := map[string]string{}
	for _, location := range []string{
		long + ".mp4", long + "1.mp4", long, "a/" + long + ".mp4", "a.mp4?token=" + long, "a.mp4?token=" + long + "1",
		"x." + long, strings.Repeat("%ff", 200) + ".bin",
	} {
		name, err := Name(location)
		if err != nil {
			t.Errorf("Name(%.60q): %v", location, err)
			continue
		}
		checkName(t, location, name)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q have the same name %q", location, other, name)
		}
		seen[name] = location
		if strings.HasSuffix(location, ".mp4") && filepath.Ext(name) != ".mp4" {
			t.Errorf("Name(%.60q) = %q lost its extension", location, name)
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "/", "/a", "a/", "a//b", "a/./b", "a/../b", "../a", "a\x00b", "a\xffb",
		strings.Repeat("a", 256), strings.Repeat("a/", 32) + "a", strings.Repeat("abcdefg/", 150) + "a",
		strings.Repeat(strings.Repeat("a", 127)+"/", 8) + "a", // 1025 bytes
	} {
		if err := CheckName(name); !errors.Is(err, ErrName) {
			t.Errorf("CheckName(%.60q) = %v, want ErrName", name, err)
		}
	}
	for _, name := range []string{
		"a", "a/b", ".a", "a b", "a?b", "...", `a\b`, strings.Repeat("a", 255), strings.Repeat("a/", 31) + "a",
		strings.Repeat(strings.Repeat("a", 127)+"/", 7) + strings.Repeat("a", 128), // 1024 bytes
	} {
		if err := CheckName(name); err != nil && runtime.GOOS != "windows" {
			t.Errorf("CheckName(%q) = %v", name, err)
		}
	}
}

// checkName is the oracle: a name leads nowhere but below a root, and shows itself as what it is.
func checkName(t *testing.T, location, name string) {
	t.Helper()
	if err := CheckName(name); err != nil {
		t.Errorf("Name(%q) = %q: %v", location, name, err)
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		t.Errorf("Name(%q) = %q: not plain text", location, name)
	}
	if clean := filepath.ToSlash(filepath.Join("/root", name)); clean != "/root/"+name {
		t.Errorf("Name(%q) = %q: leads to %q", location, name, clean)
	}
}

// parts are what hostile and sloppy Content-Locations are made of.
var parts = []string{
	"/", "//", "\\", ".", "..", "../", "%2e", "%2E%2e", "%2f", "%5c", "%00", "\x00", "%", "%2", "%25", "?", "#", ":",
	"@", "~",
	"file:", "http://", "C:", "a", "b.txt", "etc/passwd", "CON", "NUL.txt", " ", "\t", "\u202e", "\xff", "%ff", "ä", "日本",
	".flute-node", "*", "|", "\"", "<", "\u0085", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
}

// TestNameCorpus tries ten thousand names.
func TestNameCorpus(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	named := 0
	for range 10000 {
		var b strings.Builder
		for range 1 + rnd.IntN(12) {
			b.WriteString(parts[rnd.IntN(len(parts))])
		}
		for _, windows := range []bool{false, true} {
			name, err := nameFor(b.String(), windows)
			if err != nil {
				if !errors.Is(err, ErrName) {
					t.Errorf("Name(%q): %v does not wrap ErrName", b.String(), err)
				}
				continue
			}
			checkName(t, b.String(), name)
			named++
		}
	}
	if named < 10000 {
		t.Errorf("only %d of 20000 have names", named)
	}
}

// names is what may be allocated for a Content-Location.
var names = allocbound.Bound{PerByte: 32, Fixed: 1 << 10}

func FuzzName(f *testing.F) {
	for _, p := range parts {
		f.Add(p)
		f.Add("http://h/a" + p + "b?c" + p)
	}
	f.Fuzz(func(t *testing.T, location string) {
		for _, windows := range []bool{false, true} {
			var name string
			var err error
			names.Check(t, len(location), func() { name, err = nameFor(location, windows) })
			if err != nil {
				if !errors.Is(err, ErrName) || name != "" {
					t.Errorf("Name(%q) = %q, %v", location, name, err)
				}
				continue
			}
			checkName(t, location, name)
			if again, err := nameFor(location, windows); err != nil || again != name {
				t.Errorf("Name(%q) = %q, then %q", location, name, again)
			}
			if windows {
				for s := range strings.SplitSeq(name, "/") {
					if strings.ContainsAny(s, `<>:"|?*\`) || strings.HasSuffix(s, ".") || strings.HasSuffix(s, " ") ||
						isDevice(s) {
						t.Errorf("Name(%q) = %q has a segment %q that Windows takes for something else", location, name,
							s)
					}
				}
			}
		}
	})
}

func ExampleName() {
	for _, location := range []string{
		"http://www.example.com/news/a%20b.html",
		"file:///../../etc/passwd",
		"http://www.example.com/image?id=17",
	} {
		name, err := Name(location)
		fmt.Println(name, err)
	}
	// Output:
	// news/a b.html <nil>
	// etc/passwd <nil>
	// image?id=17 <nil>
}

// TestLongSegment: a segment that is too long is cut, and marked with 64 bits of its Content-Location.
func TestLongSegment(t *testing.T) {
	long := strings.Repeat("x", segment.Max)
	for _, c := range []struct{ location, want string }{
		{long, long},
		{long + "y", segment.Mark(long+"y", long+"y", 16)},
		{"http://h/d/" + long + ".tar", "d/" + segment.Mark(long+".tar", "http://h/d/"+long+".tar", 16)},
	} {
		if got, err := Name(c.location); got != c.want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
}

// TestPlainNameIsKept: nothing is made of a segment that may stay as it is.
func TestPlainNameIsKept(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { escape("report 2026 №1.pdf", false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
