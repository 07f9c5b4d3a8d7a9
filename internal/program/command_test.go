package program

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
)

// hostile is a file whose sender would like to run commands.
func hostile() *File {
	f := &File{Path: "/data/a b; reboot", Size: 7}
	f.Offer = receiver.Offer{
		Session: flute.SessionKey{TSI: 3},
		File: fdt.File{
			TOI: flute.NewTOI(9), ContentLocation: `file:///{path}"$(reboot)`, ContentType: "text/plain; a='b c'",
		},
	}
	return f
}

// TestArguments: a command is split first, and what a sender says is filled in afterwards, once, so that it stays a
// part of its word.
func TestArguments(t *testing.T) {
	for text, want := range map[string][]string{
		"ls -l {path}":                      {"ls", "-l", "/data/a b; reboot"},
		`  x "a b" 'c "d' e\ f {toi}/{tsi}`: {"x", "a b", `c "d`, "e f", "9/3"},
		"x {location}":                      {"x", `file:///{path}"$(reboot)`},
		"x --type={type} --n={name}":        {"x", "--type=text/plain; a='b c'", "--n=a b; reboot"},
		"x $HOME `id` {size}":               {"x", "$HOME", "`id`", "7"},
		"awk {a+1} {} {A} '{ print }'":      {"awk", "{a+1}", "{}", "{A}", "{ print }"},
		"x ''":                              {"x", ""},
	} {
		c, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, c.arguments(hostile())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestShell: a shell is told of a file by its environment only.
func TestShell(t *testing.T) {
	c, err := Shell(`cat "$FLUTE_PATH"`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.arguments(hostile()), []string{"/bin/sh", "-c", `cat "$FLUTE_PATH"`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if env := hostile().environment(); !slices.Contains(env, "FLUTE_PATH=/data/a b; reboot") ||
		!slices.Contains(env, "FLUTE_NAME=a b; reboot") || len(env) != len(fields) {
		t.Errorf("environment %q", env)
	}
}

// TestNoCommand: what cannot be meant is refused, and why is said.
func TestNoCommand(t *testing.T) {
	for text, want := range map[string]string{
		"":                "empty",
		"  ":              "empty",
		"a 'b":            "quote",
		"a | b":           "a shell's",
		"a; b":            "a shell's",
		"a > b":           "a shell's",
		"{path} a":        "sender's choice",
		"a {pth}":         "{pth} is not known",
		"a b{x}c {path}":  "{x} is not known",
		"a {path} {namee": "",
	} {
		_, err := Parse(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{" ": "empty", "cat {path}": `write "$FLUTE_PATH"`} {
		if _, err := Shell(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestNeedsPath: a command that names the path is told from one that does not.
func TestNeedsPath(t *testing.T) {
	for text, want := range map[string]bool{"cat {path}": true, "cat --x={path}": true, "cat {name}": false} {
		if c, err := Parse(text); err != nil || c.NeedsPath() != want {
			t.Errorf("%s: %v, %v", text, c.NeedsPath(), err)
		}
	}
	for text, want := range map[string]bool{"cat $FLUTE_PATH": true, "cat $FLUTE_NAME": false} {
		if c, err := Shell(text); err != nil || c.NeedsPath() != want {
			t.Errorf("%s: %v, %v", text, c.NeedsPath(), err)
		}
	}
}

// TestLines: what a program prints is shown line by line, also what has no end, of which little is kept.
func TestLines(t *testing.T) {
	var got []string
	l := &lines{show: func(s string) { got = append(got, s) }}
	for _, s := range []string{"a", "b\nc\n\n", "d"} {
		if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	l.end()
	l.end()
	if diff := cmp.Diff([]string{"ab", "c", "", "d"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	got = nil
	long := strings.Repeat("x", 3*maxLine+5)
	_, _ = l.Write([]byte(long))
	if len(l.rest) > maxLine || len(got) != 3 {
		t.Errorf("%d bytes are kept after %d lines", len(l.rest), len(got))
	}
	l.end()
	if strings.Join(got, "") != long {
		t.Error("bytes are lost")
	}
}
