package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"
)

// model is the command line, as run has it.
func model(t *testing.T) *kong.Application {
	t.Helper()
	k, err := kong.New(&commands{}, kong.Name("flute-node"), kong.Description("A\n\n.B"), helpVars(),
		kong.NamedMapper(typePositive, numbers(1)), kong.NamedMapper(typeNatural, numbers(0)))
	if err != nil {
		t.Fatal(err)
	}
	return k.Model
}

// TestManPage: each command and each flag that is not hidden is in it, and no text of them is taken for a request.
func TestManPage(t *testing.T) {
	app := model(t)
	page := manPage(app)
	requests := []string{".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".RI"}
	for line := range strings.Lines(page) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, ".") && !slices.Contains(requests, word) || strings.HasPrefix(line, "'") {
			t.Errorf("a request: %q", line)
		}
	}
	if strings.ContainsFunc(page, func(r rune) bool { return r > unicode.MaxASCII }) {
		t.Error("not every roff knows UTF-8")
	}
	if !strings.Contains(page, "A\n.PP\n\\&.B\n") {
		t.Error("the description is not as it was")
	}
	for _, n := range app.Leaves(true) {
		if !strings.Contains(page, "\n.SS "+roff(n.FullPath())) {
			t.Errorf("%s is missing", n.FullPath())
		}
		for _, f := range n.Flags {
			if !f.Hidden && !strings.Contains(page, roff("--"+f.Name)) {
				t.Errorf("%s --%s is missing", n.FullPath(), f.Name)
			}
		}
	}
	if strings.Contains(page, ".SS "+roff("flute-node complete")) {
		t.Error("a hidden command is there")
	}
}

// TestCompletions: commands, flags and values, at any place of a line.
func TestCompletions(t *testing.T) {
	app := model(t)
	for _, c := range []struct {
		line string // the last word is unfinished
		want string // all of them; *: this one is among others
	}{
		{"rec", "receive"},
		{"utp ", "send receive *"},
		{"ctl st", "state"},
		{"ctl --api unix:/x st", "state"},
		{"ctl --api=unix:/x st", "state"},
		{"ctl sessions --un", "--unit"},
		{"ctl sessions --ap", "--api"},
		{"--prog", "--progress"},
		{"send --progress ", "auto bar json none"},
		{"send --progress b", "bar"},
		{"send --progress=j", "--progress=json"},
		{"send --progress = j", "json"}, // as bash cuts it
		{"send --progress =", "auto bar json none"},
		{"send --progress = bar --fdt-mod", "--fdt-mode"},
		{"send --fec rap", "raptor raptorq"},
		{"send --fec=no", "--fec=no-code"},
		{"receive --until ti", "timeout"},
		{"-q rec", "receive"},
		{"send fi", ""}, // a file
		{"send --to ", ""},
		{"receive --none=x", ""},
		{"comp", ""}, // hidden
		{"", "send receive run ctl top *"},
	} {
		var got []string
		for _, w := range completions(app, strings.Split(c.line, " ")) {
			got = append(got, w.text)
		}
		want := strings.Fields(c.want)
		if n := len(want); n > 0 && want[n-1] == "*" {
			for _, w := range want[:n-1] {
				if !slices.Contains(got, w) {
					t.Errorf("%q: %v has no %s", c.line, got, w)
				}
			}
		} else if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", c.line, got, want)
		}
	}
	if list := completions(app, nil); len(list) == 0 || list[0].help == "" {
		t.Errorf("of nothing: %v", list)
	}
}

// TestBashCompletion: the script gives bash what the program prints, words with spaces included.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	dir := t.TempDir()
	echo := "#!/bin/sh\nprintf '%s\\thelp\\n' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "flute-node"), []byte(echo), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(bash, "-c", bashScript+`
COMP_WORDS=(flute-node receive "a b" --un) COMP_CWORD=3
_flute_node
printf '%s|' "${COMPREPLY[@]}"`)
	c.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	out, err := c.CombinedOutput()
	if got := string(out); err != nil || got != "complete|--|receive|a b|--un|" {
		t.Errorf("%q, %v", got, err)
	}
}
